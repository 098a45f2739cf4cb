"""The launcher `mlops`, with stand-ins for Python and uv that write down how they are called."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
TOOLS = ("sh", "dirname", "readlink", "cmp", "cp", "rm", "mkdir", "cat")

# A Python that can make environments: `-m venv DIR` puts itself there. FAIL_ON names a call that fails, as an interrupted one does.
PYTHON = """#!/bin/sh
echo "python $*" >> "$LOG"
case "$*" in *"${FAIL_ON:-nothing fails}"*) exit 130 ;; esac
case "$1" in
    -c) exit "${OLD_PYTHON:-0}" ;;
    --version) echo "Python 3.9.1" ;;
esac
if [ "$2" = venv ]; then mkdir -p "$3/bin"; cp "$0" "$3/bin/python"; fi
if [ "$2" = ops ]; then echo "path $PYTHONPATH" >> "$LOG"; exit "${OPS_STATUS:-0}"; fi
"""
UV = """#!/bin/sh
echo "uv $*" >> "$LOG"
case "$*" in *"${FAIL_ON:-nothing fails}"*) exit 130 ;; esac
if [ "$1" = venv ]; then
    for directory in "$@"; do :; done
    mkdir -p "$directory/bin"
    cp "$BIN/python3" "$directory/bin/python"
fi
"""


@dataclass(frozen=True)
class Machine:
    """A folder with the launcher and a PATH of its own."""

    directory: Path

    @property
    def project(self) -> Path:
        """Where the launcher is; a blank in a path is a user's right."""
        return self.directory / "my project"

    @property
    def log(self) -> list[str]:
        """The calls since the last time this was read."""
        path = self.directory / "log"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        path.unlink(missing_ok=True)
        return lines

    def install(self, name: str, text: str) -> None:
        """Put a program on PATH."""
        path = self.directory / "bin" / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)

    def run(
        self,
        *arguments: str,
        launcher: Path | None = None,
        cwd: Path | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run the launcher."""
        return subprocess.run(  # noqa: S603 - our own program
            [str(launcher or self.project / "mlops"), *arguments],
            cwd=cwd or self.project,
            env={
                "PATH": str(self.directory / "bin"),
                "BIN": str(self.directory / "bin"),
                "LOG": str(self.directory / "log"),
                **(variables or {}),
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=20,
        )


@pytest.fixture(params=["pip", "uv"])
def installer(request: pytest.FixtureRequest) -> str:
    """What installs: pip, or uv where it is there."""
    return str(request.param)


@pytest.fixture
def machine(tmp_path: Path, installer: str) -> Machine:
    """A machine on which nothing is set up."""
    made = Machine(tmp_path)
    made.project.mkdir()
    (tmp_path / "bin").mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found
        (tmp_path / "bin" / tool).symlink_to(found)
    shutil.copy(ROOT / "mlops", made.project)
    (made.project / "requirements.txt").write_text("a==1 --hash=sha256:0\n", encoding="utf-8")
    made.install("python3", PYTHON)
    if installer == "uv":
        made.install("uv", UV)
    return made


def _set_up(log: list[str]) -> bool:
    return any("install" in line for line in log)


def test_it_sets_up_once_and_passes_everything_on(machine: Machine, installer: str) -> None:
    ran = machine.run("rehearse", "--stack", "a b")
    assert (ran.returncode, ran.stderr.count("\n")) == (0, 1)
    log = machine.log
    lock, python = machine.project / "requirements.txt", machine.project / ".venv/bin/python"
    (install,) = [line for line in log if "install" in line]
    if installer == "uv":
        assert install == f"uv pip install --quiet --require-hashes --compile-bytecode --python {python} -r {lock}"
        assert any(line.startswith("uv venv ") and "--seed" in line for line in log)  # pip inside
    else:
        assert install.startswith("python -m pip install ")
        assert install.endswith(f"--require-hashes --compile -r {lock}")
    assert log[-2:] == ["python -m ops rehearse --stack a b", f"path {machine.project}"]

    ran = machine.run("test")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert machine.log == ["python -m ops test", f"path {machine.project}"]


def test_another_lock_sets_up_again(machine: Machine) -> None:
    machine.run("test")
    assert _set_up(machine.log)
    (machine.project / "requirements.txt").write_text("a==2 --hash=sha256:1\n", encoding="utf-8")
    machine.run("test")
    assert _set_up(machine.log)
    machine.run("test")
    assert not _set_up(machine.log)


@pytest.mark.parametrize("when", ["first", "another lock"])
def test_an_interrupted_set_up_is_done_again(machine: Machine, when: str) -> None:
    if when == "another lock":
        machine.run("test")
        (machine.project / "requirements.txt").write_text("a==2 --hash=sha256:1\n", encoding="utf-8")
        _ = machine.log
    ran = machine.run("test", variables={"FAIL_ON": "pip install"})
    assert ran.returncode == 130
    assert "python -m ops test" not in machine.log
    machine.run("test")
    log = machine.log
    assert _set_up(log)
    assert log[-2] == "python -m ops test"


def test_the_lock_that_was_left_may_be_put_back(machine: Machine) -> None:
    lock = machine.project / "requirements.txt"
    before = lock.read_text(encoding="utf-8")
    machine.run("test")
    lock.write_text("a==2 --hash=sha256:1\n", encoding="utf-8")
    machine.run("test", variables={"FAIL_ON": "pip install"})
    lock.write_text(before, encoding="utf-8")
    _ = machine.log
    machine.run("test")
    # Half of the other lock may be installed.
    assert _set_up(machine.log)


@pytest.mark.parametrize("way", ["another folder", "a link", "a relative link", "a link to a link", "a name on PATH"])
def test_it_finds_itself(machine: Machine, tmp_path: Path, way: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    launcher = machine.project / "mlops"
    if way != "another folder":
        link = elsewhere / "mlops-link"
        link.symlink_to(os.path.relpath(launcher, elsewhere) if way == "a relative link" else launcher)
        launcher = link
    if way == "a link to a link":
        (tmp_path / "second").symlink_to(os.path.relpath(launcher, tmp_path))
        launcher = tmp_path / "second"
    if way == "a name on PATH":
        (tmp_path / "bin" / "mlops").symlink_to(machine.project / "mlops")
        launcher = Path("mlops")
    ran = machine.run("test", launcher=launcher, cwd=elsewhere)
    assert ran.returncode == 0, ran.stderr
    assert machine.log[-1] == f"path {machine.project}"


def test_the_commands_exit_status_is_the_launchers(machine: Machine) -> None:
    assert machine.run("test", variables={"OPS_STATUS": "7"}).returncode == 7


def test_ones_own_python_path_stays(machine: Machine) -> None:
    machine.run("test", variables={"PYTHONPATH": "/mine"})
    assert machine.log[-1] == f"path {machine.project}:/mine"


def test_another_python_may_be_named(machine: Machine, tmp_path: Path) -> None:
    (tmp_path / "bin" / "python3").rename(tmp_path / "bin" / "python3.13")
    machine.install("python3", "#!/bin/sh\nexit 99\n")
    ran = machine.run("test", variables={"PYTHON": "python3.13", "BIN": str(_with_python(tmp_path))})
    assert ran.returncode == 0, ran.stderr


def _with_python(directory: Path) -> Path:
    """Where the stand-in for uv finds the stand-in for Python."""
    place = directory / "uv-python"
    place.mkdir()
    shutil.copy(directory / "bin" / "python3.13", place / "python3")
    return place


@pytest.mark.parametrize(
    ("trouble", "message"),
    [
        ("no lock", "error: requirements.txt is missing beside {project}/mlops. Restore it"),
        ("no python", "error: python3 is not on PATH. Install Python 3.11 or newer"),
        ("old python", "error: Python 3.9.1 is too old. Install Python 3.11 or newer, or name it: PYTHON=python3.11"),
    ],
)
def test_what_is_missing_is_one_message(machine: Machine, trouble: str, message: str) -> None:
    variables: dict[str, str] = {}
    if trouble == "no lock":
        (machine.project / "requirements.txt").unlink()
    elif trouble == "no python":
        (machine.directory / "bin" / "python3").unlink()
    else:
        variables["OLD_PYTHON"] = "1"
    ran = machine.run("test", variables=variables)
    assert (ran.returncode, ran.stderr.count("\n")) == (2, 1)
    assert ran.stderr.startswith(message.format(project=machine.project))
    assert not (machine.project / ".venv").exists()


@pytest.mark.parametrize("shell", ["sh", "dash", "bash --posix"])
def test_it_is_posix_shell(shell: str) -> None:
    program, *options = shell.split()
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"{program} is not installed")
    checked = subprocess.run([found, *options, "-n", str(ROOT / "mlops")], capture_output=True, text=True, check=False)  # noqa: S603
    assert (checked.returncode, checked.stderr) == (0, "")
