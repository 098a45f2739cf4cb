"""Tiny Pulumi programs run by Pulumi's real engine: the same programs as `programs.py` runs in-process."""

import json
import shutil
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from ops.engine import PulumiEngine
from sandbox.engine import Result, Step
from sandbox.faults import Faults
from sandbox.world import World
from tests.sandbox.programs import ACCOUNT, OTHER, PROJECT, REGION, STACK, seed, source


class EngineStack:
    """One stack of the real engine whose program may change from run to run.

    Args:
        directory: Where program, world and state are.
        policy_pack: A policy pack that the engine enforces.
        faults: What goes wrong.
    """

    def __init__(self, directory: Path, *, policy_pack: Path | None = None, faults: Faults | None = None) -> None:
        self.directory = directory
        self._program = directory / "program" / "__main__.py"
        self._program.parent.mkdir(parents=True, exist_ok=True)
        self.on_step: Callable[[Step], None] = lambda _: None
        self.engine = PulumiEngine(
            cli=Path(shutil.which("pulumi") or "pulumi"),
            program=self._program,
            project=PROJECT,
            stack=STACK,
            config={"pulumi:disable-default-providers": '["*"]'},
            directory=directory / "state",
            prepare=seed,
            policy_pack=policy_pack,
            faults=faults,
            on_step=self._report,
        )

    def _report(self, step: Step) -> None:
        self.on_step(step)

    @property
    def home(self) -> Path:
        """The engine's folder."""
        return self.directory / "state" / "pulumi"

    def run(self, body: str, *command: str) -> Result:
        """Write a program, and run one of the CLI's commands."""
        self._program.write_text(source(body), encoding="utf-8")
        return self.engine.run(*command)

    def up(self, body: str) -> Result:
        """Run a program and apply it."""
        return self.run(body, "up", "--yes", "--skip-preview")

    def preview(self, body: str) -> Result:
        """Run a program and change nothing."""
        return self.run(body, "preview")

    @contextmanager
    def world(self) -> Generator[World]:
        """The simulated accounts."""
        world = World(self.home / "state" / "world.db")
        try:
            yield world
        finally:
            world.close()

    def things(self) -> set[tuple[str, str]]:
        """(token, id) of what was made in the accounts."""
        with self.world() as world:
            return {
                (token, thing.id)
                for account in (ACCOUNT, OTHER)
                for token in {token for owner, token, _ in world.counts() if owner == account}
                for thing in world.things(account, REGION, token)
                if not thing.seeded
            }

    def resources(self) -> Sequence[Mapping[str, Any]]:
        """The resources of the exported stack."""
        document = json.loads(self.engine.state_file.read_text(encoding="utf-8"))
        return cast("Sequence[Mapping[str, Any]]", document["deployment"].get("resources") or ())

    def custom(self) -> set[tuple[str, str]]:
        """(token, id) of the custom resources in the state."""
        return {
            (str(state["type"]), str(state["id"]))
            for state in self.resources()
            if state.get("custom") and not str(state["type"]).startswith("pulumi:")
        }
