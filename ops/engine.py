"""Rehearsals with Pulumi's real engine: its CLI, the sandbox's plugins, and a state of their own.

Everything is in one folder, apart from the in-process rehearsal's, so that neither takes the other's accounts for its own:
`state/` holds the simulated accounts and the engine's backend, `project/` the generated project, `bin/` the plugins, `home/` what
the CLI keeps. Only the exported stack is where both write it: it is that of the last rehearsal.
"""

import fcntl
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import yaml

from ops.errors import UserError, other_version
from ops.events import Events, Violation
from sandbox.compatible import StateError, refuse_foreign
from sandbox.deployment import SECRETS_PROVIDER
from sandbox.engine import Result, Step
from sandbox.faults import CrashError, Faults
from sandbox.world import CHANGES, World, WorldError

ROOT = Path(__file__).resolve().parent.parent
PLUGINS = ("aws", "aws-native")
"""Packages whose plugins the program uses; `sandbox.plugin` stands in for each."""

PASSPHRASE = "rehearsal"  # noqa: S105 - nothing in the sandbox is secret
_SALT = cast("dict[str, dict[str, str]]", SECRETS_PROVIDER)["state"]["salt"]
_LOCK_WAIT = 5.0
_END_WAIT = 60.0
_NOT_STATE = shutil.ignore_patterns("history", "backups", "locks")


class PulumiEngine:
    """Previews and updates of one stack by Pulumi's engine; made to be used like `sandbox.engine.Engine`.

    Args:
        cli: Pulumi's CLI.
        program: The program's `__main__.py`.
        project: Name of the Pulumi project.
        stack: Name of the stack.
        config: Its whole configuration, `namespace:key` -> text.
        directory: Where `stack.json` is written, and `pulumi/` is kept.
        prepare: Called with the world before a run: what exists before the first `up`.
        on_step: Called for every step.
        policy_pack: Folder of a policy pack that the engine enforces.
        times: Where the plugins note how long each call took.
        faults: What goes wrong in an update; nothing unless asked for.

    Raises:
        UserError: The folder cannot be written.
    """

    def __init__(
        self,
        *,
        cli: Path,
        program: Path,
        project: str,
        stack: str,
        config: Mapping[str, str],
        directory: Path,
        prepare: Callable[[World], None],
        on_step: Callable[[Step], None] | None = None,
        policy_pack: Path | None = None,
        times: Path | None = None,
        faults: Faults | None = None,
    ) -> None:
        self._cli = cli
        self._program = program
        self._project = project
        self._stack = stack
        self._config = dict(config)
        self._directory = directory
        self._home = directory / "pulumi"
        self._prepare = prepare
        self._on_step = on_step
        self._policy_pack = policy_pack
        self._times = times
        self._faults = faults
        self.violations: Sequence[Violation] = ()
        try:
            self._write_project()
        except OSError as error:
            raise UserError(f"{self._home}: cannot be written ({error}). Remove it or mend its permissions") from None

    @property
    def state_file(self) -> Path:
        """The stack in Pulumi's deployment format, as the last rehearsal left it."""
        return self._directory / "stack.json"

    @property
    def has_state(self) -> bool:
        """Whether an earlier run left resources.

        Raises:
            UserError: The state was cut off, or another version of the program made it.
        """
        with self._locked():
            return bool(self._resources())

    def counts(self) -> Sequence[tuple[str, str, int]]:
        """(account, token, number) of what was made."""
        with self._world() as world:
            return list(world.counts())

    def preview(self) -> Result:
        """Preview the program; nothing changes.

        Raises:
            UserError: The program or the engine cannot run.
        """
        return self.run("preview")

    def up(self) -> Result:
        """Update, and export the stack, whatever was refused.

        Raises:
            CrashError: The faults asked for it; the state is that of what was done.
            UserError: The program or the engine cannot run.
        """
        return self.run("up", "--yes", "--skip-preview")

    def run(self, *command: str) -> Result:
        """Run one of the CLI's commands that tell events: `preview`, `up`, `refresh`, `destroy`, with their options.

        Raises:
            UserError: The program or the engine cannot run; if it was the engine, the state is as it was.
        """
        with self._locked() as lock:
            self._resources()
            with self._world() as world, world.transaction():
                self._prepare(world)
                world.restart(CHANGES)
            self._initialize(lock)
            if command[0] == "preview":
                return self._events(command, lock)
            self._keep()
            try:
                result = self._exported(command, lock)
            except _EngineError:
                self._restore()
                raise
            finally:
                _discard(self._before)
            return result

    def _exported(self, command: Sequence[str], lock: int) -> Result:
        """Run a command that changes the stack, and export it, whatever the program or the user did meanwhile."""
        try:
            result = self._events(command, lock)
        except _EngineError:
            raise
        except BaseException:
            self._export(lock)
            raise
        self._export(lock)
        return result

    def _events(self, command: Sequence[str], lock: int) -> Result:
        """Run a command, and read its events as they come."""
        started = time.perf_counter()
        events = Events(on_step=self._on_step or _ignore)
        pack = (
            ["--policy-pack", str(self._policy_pack)] if self._policy_pack and command[0] in ("preview", "up") else []
        )
        with tempfile.TemporaryFile("w+", encoding="utf-8") as errors:
            process = self._start([*command, "--json", *pack], lock, stdout=subprocess.PIPE, stderr=errors)
            assert process.stdout is not None  # noqa: S101 - a pipe
            try:
                for line in process.stdout:
                    events.add(line)
                process.wait()
            except KeyboardInterrupt:
                # The engine ends what it is doing and writes its state.
                process.send_signal(signal.SIGINT)
                process.stdout.read()
                process.wait(_END_WAIT)
                raise
            finally:
                process.stdout.close()
            errors.seek(0)
            self._check(events, process.returncode, errors.read())
        self.violations = events.violations
        return Result(
            steps=events.steps(),
            outputs=events.outputs,
            failures=events.failures(),
            seconds=time.perf_counter() - started,
        )

    def _check(self, events: Events, status: int, errors: str) -> None:
        """Tell what stopped the run when it was not a refusal."""
        if status == 0:
            return
        if events.broken_off():
            raise CrashError(events.broken_off())
        gone = events.plugin_failure()
        if gone:
            raise _EngineError(f"a provider plugin ended by itself: {_short(gone)}. The state is as it was; run again")
        mistake, failed = events.mistake(), events.program_failure()
        if mistake:
            raise UserError(mistake)
        if failed:
            raise UserError(f"the program failed:\n{failed}")
        if not events.failures():
            said = events.other_error() or errors or f"it ended with {status}"
            raise _EngineError(
                f"Pulumi's engine cannot run the program: {_short(said)}. The state is as it was; remove {self._home} to start anew"
            )

    def _export(self, lock: int) -> None:
        answer = self._call(["stack", "export", "--show-secrets"], lock)
        if not answer.startswith("{"):
            raise _EngineError("`pulumi stack export` printed no deployment")
        partial = self.state_file.with_suffix(".partial")
        partial.write_text(answer, encoding="utf-8")
        partial.replace(self.state_file)

    @property
    def _state(self) -> Path:
        return self._home / "state"

    @property
    def _before(self) -> Path:
        """The state before a run that has not ended."""
        return self._home / "before"

    @property
    def _checkpoint(self) -> Path:
        return self._state / ".pulumi" / "stacks" / self._project / f"{self._stack}.json"

    def _keep(self) -> None:
        """Keep the state, to go back to it when engine or plugin die: they leave accounts and state apart."""
        shutil.rmtree(self._state / ".pulumi" / "history", ignore_errors=True)
        partial = self._home / "before.partial"
        shutil.rmtree(partial, ignore_errors=True)
        shutil.copytree(self._state, partial, ignore=_NOT_STATE)
        partial.rename(self._before)

    def _restore(self) -> None:
        """Go back to the state before a run."""
        _discard(self._state)
        self._before.rename(self._state)

    @contextmanager
    def _locked(self) -> Generator[int]:
        """Keep other rehearsals of the stack out; the engine holds the lock too, in case it outlives us."""
        with (self._home / "lock").open("w") as file:
            deadline = time.monotonic() + _LOCK_WAIT
            while not _lock(file.fileno()):
                if time.monotonic() > deadline:
                    raise UserError(f"another rehearsal of stack {self._stack} is running. Wait for it, or end it")
                time.sleep(0.1)
            if self._before.exists():
                sys.stderr.write("the last rehearsal was cut off: going back to the state before it\n")
                self._restore()
            yield file.fileno()

    @contextmanager
    def _world(self) -> Generator[World]:
        self._state.mkdir(parents=True, exist_ok=True)
        path = self._state / "world.db"
        try:
            world = World(path)
        except WorldError as error:
            raise other_version(path, error, self._home) from None
        try:
            yield world
        finally:
            world.close()

    def _resources(self) -> Sequence[Mapping[str, Any]]:
        """The resources in the engine's state."""
        if not self._checkpoint.exists():
            return ()
        try:
            file = cast("dict[str, Any]", json.loads(self._checkpoint.read_bytes()))
            latest = cast("dict[str, Any]", file["checkpoint"].get("latest") or {})
            resources = cast("Sequence[Mapping[str, Any]]", latest.get("resources") or ())
            refuse_foreign(resources, layout=file["version"])
        except StateError as error:
            raise other_version(self._checkpoint, error, self._home) from None
        except (ValueError, KeyError, TypeError, AttributeError):
            raise UserError(
                f"{self._checkpoint}: was cut off and is no state. Restore it, or remove {self._home} to start anew"
            ) from None
        return resources

    def _write_project(self) -> None:
        """The project as the engine runs it: this program in this environment, with this configuration; the stack file stays as it is."""
        for folder in (self._state, self._home / "project", self._home / "bin"):
            folder.mkdir(parents=True, exist_ok=True)
        options = {"toolchain": "pip", "virtualenv": sys.prefix}
        document = {
            "name": self._project,
            "main": str(self._program.parent),
            "runtime": {"name": "python", "options": options},
        }
        (self._home / "project" / "Pulumi.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
        stack = {"encryptionsalt": _SALT, "config": self._config}
        (self._home / "project" / f"Pulumi.{self._stack}.yaml").write_text(yaml.safe_dump(stack), encoding="utf-8")
        for package in PLUGINS:
            path = self._home / "bin" / f"pulumi-resource-{package}"
            times = ["--times", str(self._times)] if self._times else []
            faults = ["--faults", self._faults.to_json()] if self._faults else []
            plugin = [sys.executable, "-m", "sandbox.plugin", "--package", package]
            command = [*plugin, "--world", str(self._state / "world.db"), *times, *faults]
            path.write_text(
                f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(ROOT))} exec {shlex.join(command)} "$@"\n', encoding="utf-8"
            )
            path.chmod(0o755)

    def _initialize(self, lock: int) -> None:
        if not self._checkpoint.exists():
            self._call(["stack", "init", "--no-select"], lock)

    def _call(self, arguments: Sequence[str], lock: int) -> str:
        """Run a command that tells no events; what it prints."""
        process = self._start(arguments, lock, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        output, errors = process.communicate()
        if process.returncode:
            raise _EngineError(f"`pulumi {arguments[0]} {arguments[1]}` failed: {_short(errors or output)}")
        return output

    def _start(self, arguments: Sequence[str], lock: int, *, stdout: int, stderr: Any) -> subprocess.Popen[str]:  # noqa: ANN401 - as Popen has it
        return subprocess.Popen(  # noqa: S603 - the user's own CLI
            [self._cli, *arguments, "--stack", self._stack, "--non-interactive", "--color", "never"],
            cwd=self._home / "project",
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            text=True,
            pass_fds=[lock],
            # A Ctrl-C is ours to hand on, once: a second one ends the engine without writing its state.
            process_group=0,
        )

    def _environment(self) -> Mapping[str, str]:
        """The engine's environment: nothing of the user's own Pulumi or AWS."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("PULUMI_", "AWS_"))}
        return {
            **kept,
            "PATH": os.pathsep.join([str(self._home / "bin"), str(self._cli.parent), kept.get("PATH", "")]),
            "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), kept.get("PYTHONPATH")])),
            "PULUMI_BACKEND_URL": f"file://{self._state}",
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "PULUMI_HOME": str(self._home / "home"),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS": "true",
            "PULUMI_ENABLE_STREAMING_JSON_PREVIEW": "true",
            # The state is written once, at the end: a run that dies is taken back anyway.
            "PULUMI_EXPERIMENTAL": "true",
            "PULUMI_SKIP_CHECKPOINTS": "true",
        }


class _EngineError(UserError):
    """The engine or a plugin broke: accounts and state may not agree any more."""


def _ignore(_: Step) -> None:
    pass


def _lock(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _discard(folder: Path) -> None:
    """Remove a folder so that half of it is never taken for the whole."""
    if folder.exists():
        gone = folder.with_name("discarded")
        shutil.rmtree(gone, ignore_errors=True)
        folder.rename(gone)
        shutil.rmtree(gone)


def _short(text: str) -> str:
    """The first lines of what a tool said, as one."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return " ".join(lines[:3]).removeprefix("error: ").rstrip(".")
