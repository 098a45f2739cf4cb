"""Rules for sagemaker."""

from policy.rule import Rule

RULES: tuple[Rule, ...] = ()
