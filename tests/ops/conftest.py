"""A copy of the project to rehearse in: its `.sandbox` is a temporary one."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from ops import __main__ as command_line
from ops import rehearse
from tests.components import sdk

ROOT = Path(__file__).resolve().parent.parent.parent
sdk.load()
Run = Callable[..., "Ran"]


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What a command did: its exit status and what it wrote."""

    status: int
    out: str
    err: str


def copy_project(directory: Path) -> Path:
    """The project's files that a rehearsal needs, in a folder of their own."""
    return Path(
        shutil.copytree(
            ROOT, directory / "project", ignore=shutil.ignore_patterns(".*", "__pycache__", "tests", "docs")
        )
    )


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the stack files and what the hook's code is, in which commands of this process work."""
    for name in ("Pulumi.yaml", "Pulumi.dev.yaml", "Pulumi.prod.yaml", "__main__.py"):
        shutil.copy(ROOT / name, tmp_path)
    for name in ("perimeter", "policy", ".venv"):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.setattr(rehearse, "ROOT", tmp_path)
    return tmp_path


@pytest.fixture
def run(project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `./mlops <arguments>` in this process."""
    del project

    def command(*arguments: str) -> Ran:
        given: Sequence[str] = ["./mlops", *arguments]
        monkeypatch.setattr("sys.argv", given)
        capsys.readouterr()
        status = command_line.main()
        written = capsys.readouterr()
        return Ran(status=status, out=written.out, err=written.err)

    return command
