"""What holds for every rule."""

import importlib
import pkgutil
import re

import pytest

import policy.rules
import tests.policy.rules
from policy.rule import ResourceRule, Rule
from policy.rules import RULES
from tests.policy.cases import Case

KINDS = ("violating", "passing", "not applicable", "unknown")


def _cases() -> dict[tuple[str, str], Case]:
    found: dict[tuple[str, str], Case] = {}
    for module in pkgutil.iter_modules(tests.policy.rules.__path__):
        found |= getattr(importlib.import_module(f"tests.policy.rules.{module.name}"), "CASES", {})
    return found


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_has_its_four_cases(rule: Rule) -> None:
    kinds = {kind.partition(":")[0] for rule_id, kind in _cases() if rule_id == rule.id}
    assert kinds >= set(KINDS)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_says_what_it_is(rule: Rule) -> None:
    assert re.fullmatch(r"(SM|CB|CP|SC|SSM|S3|KMS|IAM|NET|LOG|PUL)-\d\d", rule.id)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule.name)
    assert rule.title.endswith(".")
    assert rule.remediation.endswith(".")
    if isinstance(rule, ResourceRule):
        assert all(":" in token for token in rule.types)


def test_ids_and_names_are_unique() -> None:
    assert len({rule.id for rule in RULES}) == len({rule.policy_name for rule in RULES}) == len(RULES)


def test_every_module_of_rules_is_in_the_pack() -> None:
    for module in pkgutil.iter_modules(policy.rules.__path__):
        own: tuple[Rule, ...] = importlib.import_module(f"policy.rules.{module.name}").RULES
        assert set(map(id, own)) <= set(map(id, RULES)), module.name
