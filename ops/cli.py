"""Pulumi's command line: which one is used, and its installation on request."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from ops.errors import UserError

MINIMUM = (3, 229, 0)
"""The oldest supported: the first with `pulumi policy analyze`, which the policy pack's tests in a pipeline use."""

ENGINES = ("auto", "pulumi", "inprocess")
_MINIMUM_TEXT = ".".join(map(str, MINIMUM))


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Which engine runs a rehearsal.

    Attributes:
        cli: Pulumi's CLI; None for in-process.
        version: Its version, for people.
        line: Says which it is, and how to get the other.
    """

    cli: Path | None
    version: str = ""
    line: str


def choose(engine: str, *, install: bool, folder: Path) -> Choice:
    """The engine for a rehearsal.

    Args:
        engine: One of `ENGINES`.
        install: Whether the CLI may be installed.
        folder: `.sandbox`, in which it is installed.

    Raises:
        UserError: The engine is wanted, and there is no supported CLI.
    """
    if engine not in ENGINES:
        raise UserError(f"engine {engine!r} is not one of {', '.join(ENGINES)}. Mend --engine or MLOPS_ENGINE")
    if install and engine == "inprocess":
        raise UserError("--install is for the real engine. Leave it out, or give --engine pulumi")
    if engine == "inprocess":
        return Choice(cli=None, line="in-process. The real engine: --engine pulumi")
    cli = _find(folder)
    found = _version(cli) if cli else None
    if cli and found and found >= MINIMUM:
        return _chosen(cli, found)
    if engine == "pulumi" or install:
        if cli and not install:
            raise UserError(f"{cli} is {_text(found)}. Install {_MINIMUM_TEXT} or newer, or add --install")
        cli = _install(folder, agreed=install)
        return _chosen(cli, _version(cli))
    why = f"{cli} is {_text(found)}, too old" if cli else "no Pulumi CLI on PATH"
    return Choice(
        cli=None,
        line=f"in-process ({why}). The real engine: {_MINIMUM_TEXT} or newer on PATH, or --engine pulumi --install",
    )


def _chosen(cli: Path, found: tuple[int, ...] | None) -> Choice:
    return Choice(
        cli=cli,
        version=_text(found),
        line=f"with Pulumi's engine {_text(found)}, in accounts of its own. In-process: --engine inprocess",
    )


def _find(folder: Path) -> Path | None:
    """The CLI on PATH, else the one that was installed before."""
    on_path = shutil.which("pulumi")
    installed = _root(folder) / "bin" / "pulumi"
    return Path(on_path) if on_path else installed if installed.is_file() else None


def _root(folder: Path) -> Path:
    return folder / f"cli-{version('pulumi')}"


def _version(cli: Path) -> tuple[int, ...] | None:
    """The version of a CLI; None if it does not say."""
    environment = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        answer = subprocess.run(  # noqa: S603 - the user's own CLI
            [cli, "version"], capture_output=True, text=True, check=True, timeout=30, env=environment
        )
        return tuple(int(part) for part in answer.stdout.strip().removeprefix("v").split("-")[0].split("."))
    except (OSError, subprocess.SubprocessError, ValueError):
        return None


def _text(found: tuple[int, ...] | None) -> str:
    return ".".join(map(str, found)) if found else "no CLI that tells its version"


def _install(folder: Path, *, agreed: bool) -> Path:
    """Install the CLI of the SDK's version, if the user agrees."""
    pinned = version("pulumi")
    if not agreed:
        if not sys.stdin.isatty():
            raise UserError(
                f"there is no Pulumi CLI on PATH. Install {_MINIMUM_TEXT} or newer, or add --install to download {pinned} into {folder.name}/"
            )
        answer = input(f"There is no Pulumi CLI on PATH. Download {pinned} into {folder.name}/? [y/N] ")
        if answer.strip().lower() not in ("y", "yes"):
            raise UserError("nothing was installed. Put the Pulumi CLI on PATH, or rehearse with --engine inprocess")
    from pulumi.automation import PulumiCommand  # noqa: PLC0415 - only here, and it takes a while

    root = _root(folder)
    existed = root.exists()
    sys.stderr.write(f"installing the Pulumi CLI {pinned} into {root} ...\n")
    try:
        PulumiCommand.install(root=str(root))
    except Exception as error:  # noqa: BLE001 - what a download and a foreign script may raise
        if not existed:
            shutil.rmtree(root, ignore_errors=True)
        reason = " ".join(str(getattr(error, "output", None) or error).split())
        raise UserError(
            f"the Pulumi CLI {pinned} could not be installed ({reason}). Install it another way and put it on PATH, or rehearse with --engine inprocess"
        ) from None
    return root / "bin" / "pulumi"
