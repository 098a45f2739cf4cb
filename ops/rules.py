"""`./mlops rules`, and the rules' part of a rehearsal: the same functions as the policy pack's, over what the program registered."""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from rich.console import Console
from rich.table import Table

from ops import stackfile
from ops.errors import UserError
from policy.adapters.deployment import stack as stack_of
from policy.check import Verdict
from policy.check import run as judge_all
from policy.configuration import PolicyConfiguration, PolicyConfigurationError, read
from policy.context import Context
from policy.rule import Level
from policy.rules import RULES

ROOT = Path(__file__).resolve().parent.parent
_SHOWN = 200
_LOG_WIDTH = 240


def run(arguments: argparse.Namespace) -> int:
    """Print every rule: its level in each stack file, its ids in frameworks, and what it found in the stack's last rehearsal.

    Raises:
        UserError: A stack file's policy configuration, or the state of the last rehearsal, is wrong.
    """
    del arguments
    # A log has no width: nothing is cut there.
    console = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else _LOG_WIDTH)
    stacks = sorted(path.name.split(".")[1] for path in ROOT.glob("Pulumi.*.yaml"))
    settings = [_configuration(name) for name in stacks]
    found = {name: _last_rehearsal(name) for name in stacks}
    table = Table(box=None, pad_edge=False)
    for heading in ("rule", *(f"{name}: level" for name in stacks), "severity", *(f"{name}: found" for name in stacks)):
        table.add_column(heading)
    table.add_column("what it asks for")
    table.add_column("frameworks")
    for rule in RULES:
        ids = "; ".join(f"{framework} {', '.join(controls)}" for framework, controls in rule.frameworks.items())
        levels = [configuration.level(rule, context.stack_type).value for context, configuration in settings]
        counts = [_count(verdicts, rule.id) for verdicts in found.values()]
        table.add_row(rule.id, *levels, rule.severity.value, *counts, rule.title, ids)
    console.print(table)
    missing = [name for name, verdicts in found.items() if verdicts is None]
    if missing:
        console.print(f"Not rehearsed yet: {', '.join(missing)}. Run ./mlops rehearse --stack {missing[0]}")
    return 0


def configuration_of(config: Mapping[str, str]) -> PolicyConfiguration:
    """Levels and exceptions of a stack.

    Raises:
        UserError: They are wrong.
    """
    try:
        return read(config)
    except PolicyConfigurationError as error:
        raise UserError(str(error)) from None


def check(states: Iterable[Mapping[str, Any]], config: Mapping[str, str]) -> list[Verdict]:
    """The verdicts of all rules on a deployment's resources.

    Args:
        states: The deployment's resources, inputs and outputs as they are stored.
        config: The stack's configuration.

    Raises:
        UserError: The stack's policy configuration is wrong.
    """
    configuration = configuration_of(config)
    stack = stack_of(states)
    accounts = [account for resource in stack.resources if resource.provider for account in resource.provider.accounts]
    return judge_all(RULES, stack, Context.of(config, tuple(dict.fromkeys(accounts))), configuration)


def check_file(path: Path, config: Mapping[str, str]) -> list[Verdict]:
    """The same for an exported stack.

    Raises:
        UserError: The file holds no deployment.
    """
    try:
        document = cast("dict[str, Any]", json.loads(path.read_text(encoding="utf-8")))
        states = cast("Sequence[Mapping[str, Any]]", document["deployment"]["resources"])
    except (ValueError, KeyError, TypeError):
        raise UserError(f"{path.name}: is no Pulumi deployment. Remove {path} and rehearse again") from None
    return check(states, config)


def print_verdicts(console: Console, verdicts: Sequence[Verdict], *, partial: bool = False) -> bool:
    """What the rules say: each violation on standard error, and one line for all; whether one of them stops.

    Args:
        console: Where the line is printed.
        verdicts: What the rules found.
        partial: Whether a refusal kept part of the stack away, so that violations may only be for what is missing: the line alone.
    """
    said = [verdict for verdict in verdicts if not verdict.undecided]
    if partial:
        console.print(
            f"Rules: saw only the part of the stack that was made ({len(said)} violations in it). Mend what was refused, and rehearse again"
        )
        return any(verdict.stops for verdict in said)
    console.file.flush()
    for verdict in said[:_SHOWN]:
        text = f"{verdict.level.value}: {verdict.rule.id} {verdict.resource.name}: {verdict.message}"
        sys.stderr.write(f"{text}. {verdict.rule.remediation}\n" if verdict.stops else f"{text}\n")
    if len(said) > _SHOWN:
        sys.stderr.write(f"... and {len(said) - _SHOWN} more\n")
    undecided = sum(verdict.undecided for verdict in verdicts)
    counts = Counter(verdict.level for verdict in said)
    broken = ", ".join(f"{counts[level]} {level.value}" for level in Level if counts[level]) or "none"
    console.print(f"Rules: {len(RULES)} checked; violations: {broken}; {undecided} cannot be decided yet.")
    return any(verdict.stops for verdict in said)


def _configuration(name: str) -> tuple[Context, PolicyConfiguration]:
    config = stackfile.load(ROOT, name)
    return Context.of(config), configuration_of(config)


def _last_rehearsal(name: str) -> list[Verdict] | None:
    path = ROOT / ".sandbox" / name / "stack.json"
    return check_file(path, stackfile.load(ROOT, name)) if path.is_file() else None


def _count(verdicts: Sequence[Verdict] | None, rule_id: str) -> str:
    if verdicts is None:
        return "-"
    return str(sum(verdict.rule.id == rule_id and not verdict.undecided for verdict in verdicts))
