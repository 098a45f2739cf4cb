"""The rules over a CloudFormation template, from the command line: `python -m policy.template FILE --config FILE`.

It is the program of the archive that deploy builds run (`policy.archive`), so it needs nothing but the standard library.

The configuration is JSON: `config` is the stack's configuration as Pulumi has it (`mlops:accounts` -> JSON text, `policy:levels` ...), of which
the rules read names, accounts, levels and exceptions.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

from policy.adapters.cloudformation import stack
from policy.check import Verdict, run
from policy.configuration import read
from policy.context import Context
from policy.rules import RULES

SKIPPED = ("PUL-",)
"""Rules for Pulumi programs, which a template is none of."""


def check(template: Mapping[str, object], config: Mapping[str, str]) -> list[Verdict]:
    """Every verdict on a template.

    Args:
        template: The template, functions in their long form.
        config: The stack's configuration.
    """
    rules = [rule for rule in RULES if not rule.id.startswith(SKIPPED)]
    return run(rules, stack(template), Context.of(config), read(config))


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what the rules find.

    Returns:
        1 when a mandatory rule is violated, 2 when a file cannot be read, else 0.
    """
    parser = argparse.ArgumentParser(prog="rules", description="The platform's rules over a CloudFormation template.")
    parser.add_argument("template", type=Path, help="a template, as JSON")
    parser.add_argument("--config", type=Path, required=True, help="the platform's configuration of the rules, as JSON")
    given = parser.parse_args(arguments)
    try:
        template, config = (json.loads(path.read_text(encoding="utf-8")) for path in (given.template, given.config))
    except (OSError, ValueError) as error:
        sys.stderr.write(f"error: {error}. Give a template and a configuration that are JSON\n")
        return 2
    try:
        found = check(template, cast("Mapping[str, str]", config["config"]))
    except ModuleNotFoundError as missing:
        sys.stderr.write(
            f"error: {missing}: keys and bucket policies are checked in the platform's own environment only\n"
        )
        return 2
    for verdict in found:
        sys.stdout.write(f"{verdict.level.value}: {verdict.rule.id} {verdict.resource.name}: {verdict.message}\n")
        if verdict.stops:
            sys.stdout.write(f"  {verdict.rule.remediation}\n")
    return int(any(verdict.stops for verdict in found))


if __name__ == "__main__":
    sys.exit(main())
