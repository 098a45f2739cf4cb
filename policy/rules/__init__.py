"""Every rule, by service. A new module's rules are in the pack when they are listed here."""

from policy.rule import Rule
from policy.rules import builds, catalog, iam, kms, logs, network, parameters, pulumi_program, s3, sagemaker, serving

RULES: tuple[Rule, ...] = (
    *sagemaker.RULES,
    *serving.RULES,
    *builds.RULES,
    *catalog.RULES,
    *parameters.RULES,
    *s3.RULES,
    *kms.RULES,
    *iam.RULES,
    *network.RULES,
    *logs.RULES,
    *pulumi_program.RULES,
)
