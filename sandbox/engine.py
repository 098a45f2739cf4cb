"""The in-process front: runs the program against the world with Pulumi's own mocks; the real engine is the other front.

Every registration reaches `sandbox.monitor`; `sandbox.stepper` compares it with the state of the last run and creates, updates or replaces,
and deletes, when the program has ended, what is gone.
"""

import asyncio
import gc
import logging
import runpy
import sys
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

import pulumi
from google.protobuf import empty_pb2
from pulumi.runtime import mocks, rpc_manager, settings
from pulumi.runtime.config import set_all_config
from pulumi.runtime.stack import run_in_stack

from sandbox.deployment import write
from sandbox.faults import Faults, Trouble
from sandbox.monitor import Monitor
from sandbox.steps import Failure, Registration, Result, Run, Step, StepOp
from sandbox.world import World

__all__ = ["Engine", "Failure", "Registration", "Result", "Step", "StepOp"]


class Engine:
    """Previews and updates of one stack in the sandbox.

    Args:
        program: The program's `__main__.py`.
        project: Name of the Pulumi project.
        stack: Name of the stack.
        config: Its whole configuration, `namespace:key` -> text.
        directory: Where `world.db` and `stack.json` are kept.
        on_step: Called for every step.
        faults: What goes wrong in an update; nothing unless asked for.
    """

    def __init__(
        self,
        *,
        program: Path,
        project: str,
        stack: str,
        config: Mapping[str, str],
        directory: Path,
        on_step: Callable[[Step], None] | None = None,
        faults: Faults | None = None,
    ) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._program = program
        self._project = project
        self._stack = stack
        self._config = dict(config)
        self._directory = directory
        self._on_step = on_step
        self.faults = faults or Faults()
        self._last: Run | None = None
        self.world = World(directory / "world.db")

    @property
    def state_file(self) -> Path:
        """The stack in Pulumi's deployment format."""
        return self._directory / "stack.json"

    @property
    def has_state(self) -> bool:
        """Whether an earlier run left resources."""
        return bool(self.world.states())

    def registrations(self) -> Sequence[Registration]:
        """What the program registered in the last run, in its order."""
        return tuple(self._last.registered.values()) if self._last else ()

    def counts(self) -> Sequence[tuple[str, str, int]]:
        """(account, token, number) of what was made."""
        return list(self.world.counts())

    def preview(self) -> Result:
        """Run the program against the state of the last run; nothing changes.

        Raises:
            Exception: What the program itself raised, such as a configuration error.
        """
        return self._execute(preview=True)

    def up(self) -> Result:
        """Run the program, apply every step, delete what is gone, and write the state, whatever happens.

        Raises:
            CrashError: The faults asked for it.
            Exception: What the program itself raised; what was applied before it is in the state.
        """
        try:
            return self._execute(preview=False)
        finally:
            write(self.state_file, self.world.states(), f"v{version('pulumi')}")

    def _execute(self, *, preview: bool) -> Result:
        started = time.perf_counter()
        run = Run(preview=preview, rows=self.world.rows())
        self._last = run
        monitor = Monitor(self.world, run, self._report, Trouble(self.faults))
        try:
            with _no_collector():
                self._run_program(monitor, preview=preview)
        except Exception:
            # A program that goes on with unknown outputs may stumble over them; the failure itself says it once.
            if not run.halted:
                raise
        if run.broken:
            raise run.broken
        if not run.failures:
            monitor.delete_gone()
        return Result(
            steps=tuple(run.steps),
            outputs=run.outputs,
            failures=tuple(run.failures),
            seconds=time.perf_counter() - started,
        )

    def _run_program(self, monitor: Monitor, *, preview: bool) -> None:
        set_all_config(self._config)
        quiet = logging.getLogger("sandbox.program")
        quiet.addHandler(logging.NullHandler())
        quiet.propagate = False
        settings.configure(
            mocks.MockSettings(
                monitor=monitor,
                monitor_features=set(cast("Any", monitor).GetDeploymentInfo(empty_pb2.Empty()).supportedFeatures),
                engine=mocks.MockEngine(quiet),
                project=self._project,
                stack=self._stack,
                dry_run=preview,
                organization="organization",
                callbacks=None,
            )
        )
        settings.set_root_resource(cast("pulumi.Resource", None))
        root = str(self._program.parent)
        sys.path.insert(0, root)
        try:
            _run(lambda: cast("None", runpy.run_path(str(self._program), run_name="__main__")))
        finally:
            sys.path.remove(root)
            settings.set_root_resource(cast("pulumi.Resource", None))
            cast("Any", settings.SETTINGS).rpc_manager = rpc_manager.RPCManager()
            # What a failed program left unfinished belongs to the loop that is closed now.
            cast("Any", settings.SETTINGS).outputs.clear()

    def _report(self, step: Step) -> None:
        if self._on_step:
            self._on_step(step)


def _run(program: Callable[[], None]) -> None:
    """Run a program in a loop of its own, and leave nothing of it.

    An interruption cancels the program where it waits: raised wherever the loop is, it could take a task's turn, and that task would never end.
    """
    # One worker: steps are taken in the order in which they become possible, the same in every run.
    with asyncio.Runner() as runner, ThreadPoolExecutor(max_workers=1) as executor:
        loop = runner.get_loop()
        loop.set_default_executor(executor)
        try:
            runner.run(run_in_stack(program))
        finally:
            _cancel_all(loop)
            executor.shutdown(cancel_futures=True)


_ROUND = 0.1
"""Seconds after which tasks that still wait are cancelled once more."""


@contextmanager
def _no_collector() -> Generator[None]:
    """Without Python's cyclic collector: what a program registers stays to its end, and full collections walk it again and again."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _cancel_all(loop: asyncio.AbstractEventLoop) -> None:
    """End what a failed program left waiting, so that nothing of it reaches the next run.

    Again and again: the SDK's tasks may take a cancellation for a failure, and then wait for what another of them would have told.
    """
    while waiting := asyncio.all_tasks(loop):
        for task in waiting:
            task.cancel()
        loop.run_until_complete(asyncio.wait(waiting, timeout=_ROUND))
        for task in waiting:
            if task.done() and not task.cancelled():
                task.exception()  # looked at: asyncio would log it
