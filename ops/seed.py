"""The seed code's own environment, `.venv-seed`: made from `seed/requirements.txt` on first need, apart from the platform's.

The SageMaker SDK is large and its pins clash with the platform's, and who only deploys the platform never needs it.
"""

import filecmp
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from ops.errors import UserError

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "seed" / "requirements.txt"
ENVIRONMENT = ROOT / ".venv-seed"
PYTHON = ENVIRONMENT / "bin" / "python"
_STAMP = ENVIRONMENT / ".lock"


def ensure() -> Path:
    """Make the environment, or make it anew when the lock has changed; about a minute, then nothing.

    Returns:
        Its Python.

    Raises:
        UserError: It could not be made; what was made is completed by the next call.
    """
    if _STAMP.is_file() and filecmp.cmp(LOCK, _STAMP, shallow=False):
        return PYTHON
    print("Setting up .venv-seed (once a lock; about a minute) ...", file=sys.stderr, flush=True)
    _STAMP.unlink(missing_ok=True)
    for command in _commands():
        done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - our own commands
        if done.returncode:
            last = (done.stderr.strip() or done.stdout.strip() or "no output").splitlines()[-1]
            raise UserError(
                f"seed/requirements.txt: the seed code's environment could not be made: {last}. Check the package index (PIP_INDEX_URL), then run it again"
            )
    # Last, so that a set-up that was cut off is done again.
    shutil.copyfile(LOCK, _STAMP)
    return PYTHON


def run(
    arguments: Sequence[str | Path], *, folder: Path = ROOT, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run Python of the environment to its end, without the caller's AWS settings.

    Args:
        arguments: Arguments of Python.
        folder: Where it runs.
        environment: More environment variables.
    """
    python = ensure()
    return subprocess.run(  # noqa: S603 - our own environment
        [python, *arguments], cwd=folder, env=isolated(environment), check=False, capture_output=True, text=True
    )


def tool(name: str, options: Mapping[str, str], *arguments: Path) -> int:
    """Run a program of `seed/tools` in the environment, for the caller: with the caller's AWS settings and terminal.

    Args:
        name: The program.
        options: Its options, without the dashes.
        arguments: Its arguments.

    Returns:
        Its exit status; it has said why.
    """
    given = [f"--{option}={value}" for option, value in options.items()]
    command = [ensure(), "-m", f"tools.{name}", *given, *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "seed"), "PYTHONWARNINGS": "ignore"}
    return subprocess.run(command, env=environment, check=False).returncode  # noqa: S603 - our own program


def isolated(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The caller's environment variables without AWS's and Python's, and `more`."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "PYTHON"))}
    no_files = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    return {**kept, **no_files, "PATH": f"{PYTHON.parent}{os.pathsep}{kept.get('PATH', '')}", **(more or {})}


def _commands() -> list[list[str | Path]]:
    """The lock is complete, so nothing is resolved: what it leaves out of the SDK's dependencies stays out."""
    flags = ["--quiet", "--no-deps", "--require-hashes"]
    uv = shutil.which("uv")
    if uv:
        return [
            [uv, "venv", "--quiet", "--seed", "--allow-existing", "--python", sys.executable, ENVIRONMENT],
            [uv, "pip", "install", *flags, "--python", PYTHON, "-r", LOCK],
        ]
    return [
        [sys.executable, "-m", "venv", ENVIRONMENT],
        [PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "--no-compile", *flags, "-r", LOCK],
    ]
