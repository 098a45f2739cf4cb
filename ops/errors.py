"""Mistakes that a user can mend."""


class UserError(Exception):
    """A mistake that the user can mend; the text is the whole message."""
