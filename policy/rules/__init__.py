"""Every rule, by service. A new module's rules are in the pack when they are listed here."""

from policy.rule import Rule
from policy.rules import iam, kms, logs, network, pulumi_program, s3, sagemaker

RULES: tuple[Rule, ...] = (
    *sagemaker.RULES,
    *s3.RULES,
    *kms.RULES,
    *iam.RULES,
    *network.RULES,
    *logs.RULES,
    *pulumi_program.RULES,
)
