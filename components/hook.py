"""What checks project and endpoint stacks while CloudFormation deploys them: a Lambda hook, in every account of an environment."""

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

import pulumi
import pulumi_aws_native as aws_native
from pulumi import ResourceOptions
from pulumi_aws import cloudwatch, lambda_
from pulumi_aws_native import cloudformation

from components.documents import templates
from components.names import Names

STACKS = ("SC-*", "SP-*", "StackSet-sagemaker-*")
"""Names of the stacks that are checked: of projects, which Service Catalog makes or SageMaker from a template in S3, and stack sets' of endpoints."""


@dataclass(frozen=True, kw_only=True)
class HookCode:
    """The function's code.

    Attributes:
        files: Name in the archive -> path from the program's folder: a stack's state holds paths, not the code of every account.
        texts: Name in the archive -> text: what is no file, such as the rules' configuration.
        handler: The function's entry (`module.function`).
        sha256: Of all of it, in base64.
    """

    files: Mapping[str, str]
    texts: Mapping[str, str]
    handler: str
    sha256: str

    @classmethod
    def of(cls, files: Mapping[str, Path], texts: Mapping[str, str], *, folder: Path, handler: str) -> Self:
        """The code that files and texts make.

        Args:
            files: Name in the archive -> file.
            texts: Name in the archive -> text.
            folder: The program's folder.
            handler: The function's entry.
        """
        contents = {name: path.read_bytes() for name, path in files.items()}
        digest = templates.digest(contents | {name: text.encode() for name, text in texts.items()})
        return cls(
            files={name: os.path.relpath(path, folder) for name, path in files.items()},
            texts=texts,
            handler=handler,
            sha256=base64.b64encode(bytes.fromhex(digest)).decode(),
        )


@dataclass(frozen=True, kw_only=True)
class HookArgs:
    """What a hook needs.

    Attributes:
        names: The environment's names.
        code: The function's code.
        mode: `FAIL` stops a stack that breaks a rule, `WARN` tells of it.
        logs_key_arn: Key of the function's log group.
        retention_days: Days that the function's log is kept.
        role_arn: The function's role.
        execution_role_arn: The role in which CloudFormation calls the function.
        native: The account's native provider.
    """

    names: Names
    code: HookCode
    mode: Literal["FAIL", "WARN"]
    logs_key_arn: pulumi.Input[str]
    retention_days: int
    role_arn: pulumi.Input[str]
    execution_role_arn: pulumi.Input[str]
    native: aws_native.Provider


class Hook(pulumi.ComponentResource):
    """Log group, function and Lambda hook of one account.

    The function is not in the VPC: it fetches a template from where CloudFormation tells it to, answers, and its role lets it do nothing else.
    """

    def __init__(self, name: str, args: HookArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlops:hook:Hook", name, None, opts)
        function_name = args.names.hook_function
        logs = cloudwatch.LogGroup(
            name,
            name=f"/aws/lambda/{function_name}",
            kms_key_id=args.logs_key_arn,
            retention_in_days=args.retention_days,
            opts=ResourceOptions(parent=self),
        )
        function = lambda_.Function(
            name,
            name=function_name,
            description="Checks templates of projects and endpoints before CloudFormation deploys them",
            runtime="python3.13",
            handler=args.code.handler,
            timeout=_TIMEOUT,
            memory_size=512,
            role=args.role_arn,
            code=_archive(args.code),
            source_code_hash=args.code.sha256,
            opts=ResourceOptions(parent=self, depends_on=[logs]),
        )
        # The classic provider has no CloudFormation hooks.
        cloudformation.LambdaHook(
            name,
            alias=alias(args.names),
            lambda_function=function.arn,
            execution_role=args.execution_role_arn,
            failure_mode=cloudformation.LambdaHookFailureMode(args.mode),
            hook_status=cloudformation.LambdaHookHookStatus.ENABLED,
            target_operations=[cloudformation.LambdaHookTargetOperation.STACK],
            stack_filters=cloudformation.StackFiltersPropertiesArgs(
                filtering_criteria=cloudformation.LambdaHookStackFiltersPropertiesFilteringCriteria.ALL,
                stack_names=cloudformation.StackFiltersPropertiesStackNamesPropertiesArgs(include=list(STACKS)),
            ),
            # Deleting a stack breaks no rule.
            target_filters=cloudformation.TargetFilters0PropertiesArgs(
                actions=[cloudformation.LambdaHookAction.CREATE, cloudformation.LambdaHookAction.UPDATE]
            ),
            opts=ResourceOptions(parent=self, provider=args.native),
        )
        self.register_outputs({"functionArn": function.arn})


_TIMEOUT = 30
"""Seconds that CloudFormation waits for a hook's function (CloudFormation Hooks user guide, "Developing a Lambda Hook")."""


def alias(names: Names) -> str:
    """A hook's name in its account and region: letters and digits, 2 to 64 in each of three parts, and no start with `aws`."""
    environment = "".join(part.capitalize() for part in names.prefix.split("-"))
    return f"MLOps::{environment}::Templates"


def _archive(code: HookCode) -> pulumi.AssetArchive:
    assets: dict[str, pulumi.Asset | pulumi.Archive] = {
        name: pulumi.FileAsset(path) for name, path in code.files.items()
    }
    return pulumi.AssetArchive(assets | {name: pulumi.StringAsset(text) for name, text in code.texts.items()})
