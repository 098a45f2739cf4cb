"""Rules for iam."""

from policy.rule import Rule

RULES: tuple[Rule, ...] = ()
