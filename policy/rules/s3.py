"""Rules for s3."""

from policy.rule import Rule

RULES: tuple[Rule, ...] = ()
