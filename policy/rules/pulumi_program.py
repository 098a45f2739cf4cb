"""Rules for pulumi_program."""

from policy.rule import Rule

RULES: tuple[Rule, ...] = ()
