"""Loads the AWS SDK's modules once: each warns about old names of its own when it is first used, and a warning is an error in tests."""

import warnings
from importlib import import_module

_USED = {
    "cloudwatch": "LogGroup",
    "codeartifact": "Domain",
    "codecommit": "ApprovalRuleTemplate",
    "ec2": "Vpc",
    "iam": "Role",
    "kms": "Key",
    "lambda_": "Function",
    "organizations": "Account",
    "route53": "ResolverConfig",
    "s3": "Bucket",
    "sagemaker": "Domain",
    "servicecatalog": "Portfolio",
    "sns": "Topic",
    "ssm": "Parameter",
    "vpc": "SecurityGroupIngressRule",
}


def load() -> None:
    """Use a name of each module, with the warnings off."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        for module, name in _USED.items():
            getattr(import_module(f"pulumi_aws.{module}"), name)
