"""Yes, no, or undecided: a part that is not known yet makes an answer undecided only where the answer hangs on it."""

from collections.abc import Iterable
from enum import Enum
from typing import Final

Verdict = bool | None
"""True, False, or None: it hangs on a part that is not known."""


class Unknown(Enum):
    """The type of `UNKNOWN`."""

    VALUE = "unknown"

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown.VALUE
"""Stands for a part of a document or request that is not known yet: an id that AWS has still to invent."""

Text = str | Unknown


def every(verdicts: Iterable[Verdict]) -> Verdict:
    """Whether all hold: one no settles it, whatever is undecided."""
    undecided = False
    for verdict in verdicts:
        if verdict is False:
            return False
        undecided = undecided or verdict is None
    return None if undecided else True


def some(verdicts: Iterable[Verdict]) -> Verdict:
    """Whether any holds: one yes settles it, whatever is undecided."""
    return negate(every(negate(verdict) for verdict in verdicts))


def negate(verdict: Verdict) -> Verdict:
    """The opposite; undecided stays undecided."""
    return None if verdict is None else not verdict
