"""`./mlops rehearse`: the real program and the real stack file, in simulated accounts."""

import argparse
import sys
from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.table import Table

from components.config import load
from ops import cli, rules, stackfile
from ops.engine import PulumiEngine
from ops.errors import UserError, other_version
from ops.faults import asked_for, kind
from ops.progress import Progress
from ops.world import seed
from sandbox.compatible import StateError, refuse_foreign
from sandbox.engine import Engine, Result, Step, StepOp
from sandbox.faults import CrashError, Faults
from sandbox.world import WorldError

ROOT = Path(__file__).resolve().parent.parent
REHEARSAL = "This was a rehearsal in simulated accounts, not AWS."
POLICY_PACK = Path(__file__).resolve().parent.parent / "policy"
_LOG_WIDTH = 240
PLANNED = (StepOp.CREATE, StepOp.UPDATE, StepOp.REPLACE, StepOp.DELETE)


def run(arguments: argparse.Namespace) -> int:
    """Rehearse a stack: the plan against the last run's state if there is one, then the deploy, a summary, and what the rules say.

    Returns:
        0 when everything was created and no mandatory rule is violated, else 1.

    Raises:
        UserError: The stack, a switch or an earlier state is wrong; nothing was made.
    """
    # A log has no width: names are not cut there.
    console = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else _LOG_WIDTH)
    config = stackfile.rehearsed(ROOT, arguments.stack)
    rules.configuration_of(config)  # a mistake in it stops before anything is made
    faults = asked_for(arguments)
    directory = ROOT / ".sandbox" / arguments.stack
    progress = Progress()
    choice = cli.choose(arguments.engine, install=arguments.install, folder=ROOT / ".sandbox")
    engine = (
        pulumi_engine_for(choice.cli, directory, arguments.stack, config, progress, faults=faults)
        if choice.cli
        else engine_for(directory, arguments.stack, config, progress, faults=faults)
    )
    console.print(f"Rehearsing stack {arguments.stack} {choice.line}.")
    if engine.has_state or arguments.preview:
        with progress.phase("planning"):
            plan = engine.preview()
        print_plan(console, plan)
        print_left(console, plan)
        if isinstance(engine, PulumiEngine):
            print_advice(console, engine)
        if plan.failures or arguments.preview:
            print_failures(console, plan)
            console.print(REHEARSAL)
            return 1 if plan.failures else 0
    try:
        with progress.phase("deploying"):
            result = engine.up()
    except CrashError as crash:
        sys.stderr.write(f"{crash}: what was done is kept; the next run continues\n")
        return 1
    print_failures(console, result)
    print_summary(console, engine, result)
    verdicts = rules.check_file(engine.state_file, config)
    stopped = rules.print_verdicts(console, verdicts, partial=bool(result.failures))
    console.print(REHEARSAL)
    return 1 if result.failures or stopped else 0


def engine_for(
    directory: Path,
    stack: str,
    config: dict[str, str],
    progress: Progress | None = None,
    *,
    program: Path | None = None,
    faults: Faults | None = None,
) -> Engine:
    """The sandbox's engine on a world in which `bootstrap/` was applied.

    Args:
        directory: Where world and state are kept.
        stack: Name of the stack.
        config: Its configuration.
        progress: Told of every step.
        program: Another program than this repository's.
        faults: What goes wrong in the deploy.

    Raises:
        ConfigurationError: The configuration is wrong; nothing was made.
        UserError: The folder holds what is no sandbox, or one of another version of the program.
    """
    try:
        engine = Engine(
            program=program or ROOT / "__main__.py",
            project=stackfile.project_name(ROOT),
            stack=stack,
            config=config,
            directory=directory,
            on_step=progress.step if progress else None,
            faults=faults,
        )
        refuse_foreign(engine.world.states())
    except OSError as error:
        raise UserError(f"{directory}: cannot be written ({error}). Remove it or mend its permissions") from None
    except (WorldError, StateError) as error:
        raise other_version(directory / "world.db", error, directory) from None
    seed(engine.world, config)
    return engine


def pulumi_engine_for(
    pulumi: Path,
    directory: Path,
    stack: str,
    config: dict[str, str],
    progress: Progress | None = None,
    *,
    times: Path | None = None,
    faults: Faults | None = None,
) -> PulumiEngine:
    """Pulumi's engine on simulated accounts of its own, in which `bootstrap/` was applied, with the policy pack.

    Args:
        pulumi: Its CLI.
        directory: Where world and state are kept.
        stack: Name of the stack.
        config: Its configuration.
        progress: Told of every step.
        times: Where the plugins note how long each call took.
        faults: What goes wrong in the deploy.

    Raises:
        ConfigurationError: The configuration is wrong; nothing was made.
        UserError: The folder cannot be written.
    """
    load(config)
    return PulumiEngine(
        cli=pulumi,
        program=ROOT / "__main__.py",
        project=stackfile.project_name(ROOT),
        stack=stack,
        config=config,
        directory=directory,
        prepare=lambda world: seed(world, config),
        on_step=progress.step if progress else None,
        policy_pack=POLICY_PACK,
        times=times,
        faults=faults,
    )


def print_plan(console: Console, plan: Result) -> None:
    """What would change: each resource with its account, and what differs."""
    steps = [step for step in plan.steps if step.op in PLANNED and not is_component(step)]
    counts = Counter(step.op for step in plan.steps if not is_component(step))
    if steps:
        table = Table(box=None, pad_edge=False)
        for heading in ("plan", "account", "kind", "name", "what differs"):
            table.add_column(heading, overflow="fold")
        for step in steps:
            table.add_row(step.op.value, step.account or "", kind(step.token), step.name, ", ".join(step.changed))
        console.print(table)
    total = ", ".join(f"{counts[op]} to {op.value}" for op in PLANNED if counts[op]) or "no changes"
    console.print(f"Plan: {total}; {counts[StepOp.SAME]} unchanged.")


def print_advice(console: Console, engine: PulumiEngine) -> None:
    """How often the policy pack advised in the engine's last run; what it refused is among the failures."""
    advised = sum(not violation.mandatory for violation in engine.violations)
    console.print(f"Policy pack: {len(engine.violations) - advised} mandatory violations, {advised} advisory.")


def print_left(console: Console, plan: Result) -> None:
    """A line for each account in which things would stay behind, on standard error."""
    console.file.flush()
    moves: dict[tuple[str, str], list[Step]] = {}
    for step in plan.steps:
        if step.left and step.account:
            moves.setdefault((step.left, step.account), []).append(step)
    for (before, after), steps in moves.items():
        more = f" and {len(steps) - 1} more" if len(steps) > 1 else ""
        sys.stderr.write(
            f"warning: {kind(steps[0].token)} {steps[0].name}{more}: Pulumi looks in account {after} now, and what it made in {before} stays there unmanaged. Destroy it before it moves, or delete it there yourself\n"
        )


def print_failures(console: Console, result: Result) -> None:
    """Each refusal once, on standard error."""
    console.file.flush()
    for failure in result.failures:
        name = failure.urn.rpartition("::")[2]
        token = failure.urn.split("::")[2].rpartition("$")[2]
        where = f" in account {failure.account}" if failure.account else ""
        sys.stderr.write(f"refused: {kind(token)} {name}{where}: {failure.message}\n")


def print_summary(console: Console, engine: Engine | PulumiEngine, result: Result) -> None:
    """Resources per account and kind, and the time."""
    accounts: dict[str, Counter[str]] = {}
    for account, token, number in engine.counts():
        accounts.setdefault(account, Counter())[service(token)] += number
    services = sorted({name for counts in accounts.values() for name in counts})
    table = Table(box=None, pad_edge=False)
    table.add_column("kind")
    for account in accounts:
        table.add_column(account, justify="right")
    for name in services:
        table.add_row(name, *(str(counts[name] or "") for counts in accounts.values()))
    table.add_section()
    table.add_row("all", *(str(counts.total()) for counts in accounts.values()))
    console.print(table)
    total = sum(counts.total() for counts in accounts.values())
    outcome = f"{len(result.failures)} refused" if result.failures else "nothing refused"
    console.print(
        f"{total} resources in {len(accounts)} accounts, {outcome}, {result.seconds:.1f} s. State: {shown(engine.state_file)}"
    )


def shown(path: Path) -> str:
    """A path as short as it can be said."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def is_component(step: Step) -> bool:
    """Whether a step is about a component or the stack, which are nothing in AWS."""
    return step.token.startswith(("mlops:", "pulumi:"))


def service(token: str) -> str:
    """`aws:ec2/vpc:Vpc` -> `ec2`."""
    return token.split(":")[1].split("/", maxsplit=1)[0]
