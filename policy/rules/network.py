"""Rules for network."""

from policy.rule import Rule

RULES: tuple[Rule, ...] = ()
