"""The switches of `./mlops rehearse` that let something go wrong."""

import argparse
import re
from difflib import get_close_matches

from ops.errors import UserError
from sandbox.faults import Faults
from sandbox.kinds import KINDS

_MOST_SECONDS = 600
_THROTTLE = re.compile(r"([1-9]\d{0,8})(?::([1-9]\d{0,8}))?")
_NUMBER = re.compile(r"\d{1,9}")
_SECONDS = re.compile(r"\d{1,3}(?:\.\d{1,3})?")


def asked_for(arguments: argparse.Namespace) -> Faults | None:
    """What goes wrong; None if nothing was asked for.

    Raises:
        UserError: A switch is malformed, or there is no deploy in which it could happen.
    """
    asked = [arguments.throttle, arguments.crash_after, *arguments.latency]
    if all(value is None for value in asked):
        return None
    if arguments.preview:
        raise UserError("faults happen in the deploy only. Leave --preview or the faults out")
    every, times = _throttle(arguments.throttle)
    return Faults(
        throttle_every=every,
        throttle_times=times,
        crash_after=_crash(arguments.crash_after),
        latency=dict(_latency(text) for text in arguments.latency),
    )


def kind(token: str) -> str:
    """A type as people read it: `aws:ec2/vpc:Vpc` -> `ec2.Vpc`."""
    package, _, name = token.rpartition(":")
    return f"{package.split(':')[-1].split('/')[0]}.{name}"


def _throttle(text: str | None) -> tuple[int, int]:
    if text is None:
        return 0, 1
    found = _THROTTLE.fullmatch(text)
    if found is None:
        raise UserError(f"--throttle {text!r} is not N or N:TIMES, such as 10 or 10:26. Give positive whole numbers")
    return int(found[1]), int(found[2] or 1)


def _crash(text: str | None) -> int | None:
    if text is not None and not _NUMBER.fullmatch(text):
        raise UserError(f"--crash-after {text!r} is no number of changes. Give a whole number, such as 100")
    return None if text is None else int(text)


def _latency(text: str) -> tuple[str, int]:
    """A type and its milliseconds."""
    name, _, seconds = text.partition("=")
    tokens = {known: token for token in KINDS for known in (token, kind(token))}
    if not _SECONDS.fullmatch(seconds) or float(seconds) > _MOST_SECONDS:
        raise UserError(
            f"--latency {text!r} is not KIND=SECONDS, such as ec2.Vpc=0.5. Give at most {_MOST_SECONDS} seconds"
        )
    if name not in tokens:
        near = get_close_matches(name, tokens, n=1)
        hint = f"Did you mean {near[0]}?" if near else "Take one from the plan, such as ec2.Vpc"
        raise UserError(f"--latency {text!r}: {name!r} is no kind that the sandbox simulates. {hint}")
    return tokens[name], round(float(seconds) * 1000)
