"""Mistakes that a user can mend."""

from pathlib import Path


class UserError(Exception):
    """A mistake that the user can mend; the text is the whole message."""


def other_version(file: Path, reason: Exception, folder: Path) -> UserError:
    """The mistake of going on from what another version of the program, or none, wrote; both files stay as they are."""
    return UserError(f"{file}: {reason}. Rehearse with the version that wrote it, or remove {folder} to start anew")
