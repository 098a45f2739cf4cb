"""The rules over a CloudFormation template, from the command line: `python -m policy.template FILE --config FILE`.

It is the program of the archive that deploy builds run (`policy.archive`), so it needs nothing but the standard library and what the archive
brings. The configuration's format is that of `policy.context.published`.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from policy.adapters.cloudformation import stacks
from policy.adapters.template_text import TemplateError, parse
from policy.check import Verdict, run
from policy.configuration import PolicyConfigurationError, read
from policy.context import Context, published
from policy.rule import Rule
from policy.rules import RULES

OF_TEMPLATES: tuple[Rule, ...] = tuple(rule for rule in RULES if not rule.id.startswith("PUL-") or rule.id == "PUL-08")
"""Rules that a template can violate: it has no providers, and its tags are the project's."""


def context_of(config: Mapping[str, str]) -> Context:
    """The environment, as a template sees it: networks, which no template makes, are those of others."""
    context = Context.of(config)
    return replace(context, own_networks=context.accounts)


def check(
    template: Mapping[str, object],
    config: Mapping[str, str],
    *,
    parameters: Mapping[str, object] | None = None,
    account: str = "",
) -> list[Verdict]:
    """Every verdict on a template, whichever way its conditions come out.

    Args:
        template: The template, functions in their long form.
        config: The stack's configuration.
        parameters: Values of parameters that are known.
        account: The account that it is for; by default any of the environment.
    """
    context, configuration = context_of(config), read(config)
    known = {**context.pseudo_parameters, **(parameters or {})}
    if account:
        known["AWS::AccountId"] = account
    # Each thing once, however many ways the conditions come out.
    found = {
        (verdict.rule.id, verdict.resource.urn, verdict.message): verdict
        for stack in stacks(template, known, account)
        for verdict in run(OF_TEMPLATES, stack, context, configuration)
    }
    return list(found.values())


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what the rules find.

    Returns:
        1 when a mandatory rule is violated, 2 when a file cannot be used, else 0.
    """
    parser = argparse.ArgumentParser(prog="rules", description="The platform's rules over a CloudFormation template.")
    parser.add_argument("template", type=Path, help="a template, JSON or YAML")
    parser.add_argument("--config", type=Path, required=True, help="the platform's configuration of the rules")
    parser.add_argument("--json", action="store_true", help="print the findings as a JSON list")
    given = parser.parse_args(arguments)
    path: Path = given.template
    try:
        template = parse(path.read_text(encoding="utf-8"))
        path = given.config
        found = check(template, published(path.read_text(encoding="utf-8")))
    except (OSError, TemplateError, PolicyConfigurationError, ValueError) as error:
        sys.stderr.write(f"error: {path}: {error}\n")
        return 2
    except ModuleNotFoundError as missing:
        sys.stderr.write(
            f"error: {path}: {missing}: give a template as JSON; keys are checked with the platform's lock\n"
        )
        return 2
    if given.json:
        sys.stdout.write(json.dumps([as_json(verdict) for verdict in found], indent=2) + "\n")
    else:
        sys.stdout.writelines(map(as_text, found))
    return int(any(verdict.stops for verdict in found))


def as_text(verdict: Verdict) -> str:
    """A finding as lines: what is wrong, and for what stops how to mend it."""
    said = f"{verdict.level.value}: {verdict.rule.id} {verdict.resource.name}: {verdict.message}\n"
    return f"{said}  {verdict.rule.remediation}\n" if verdict.stops else said


def as_json(verdict: Verdict) -> Mapping[str, object]:
    """A finding as plain values."""
    return {
        "rule": verdict.rule.id,
        "level": verdict.level.value,
        "severity": verdict.rule.severity.value,
        "resource": verdict.resource.name,
        "message": verdict.message,
        "undecided": verdict.undecided,
        "remediation": verdict.rule.remediation,
    }


if __name__ == "__main__":
    sys.exit(main())
