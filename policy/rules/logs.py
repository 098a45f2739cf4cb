"""Rules for logs."""

from policy.rule import Rule

RULES: tuple[Rule, ...] = ()
