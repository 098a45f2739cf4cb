"""Log groups that exist with key and retention before a service would make them by itself, and the network's logs."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi import ResourceOptions
from pulumi_aws import cloudwatch, ec2, route53

from components.documents import LOG_RESOURCE_POLICY, logs, render
from components.environment import Environment

DEVELOPMENT_LOG_GROUPS: tuple[str, ...] = (
    "/aws/sagemaker/ProcessingJobs",
    "/aws/sagemaker/TrainingJobs",
    "/aws/sagemaker/TransformJobs",
    "/aws/sagemaker/studio",
)
"""Account-wide groups of SageMaker that a development account's work writes to ("Log groups and streams that SageMaker sends")."""

TARGET_LOG_GROUPS: tuple[str, ...] = ("/aws/sagemaker/ProcessingJobs",)
"""The same of a target account: monitoring runs as processing jobs. Groups of builds, functions and endpoints come with them, by name."""


@dataclass(frozen=True, kw_only=True)
class LogsArgs:
    """What the logs of an account need.

    Attributes:
        environment: The environment.
        account: The account.
        vpc_id: The VPC whose traffic and DNS queries are logged; None for an existing VPC, whose owner logs it.
        key_arn: The logs key.
        flow_logs_role_arn: The role that flow logs write with.
        retention_days: Days that logs are kept.
        account_wide: The account-wide groups to own; none when another environment of the account owns them.
    """

    environment: Environment
    account: str
    vpc_id: pulumi.Input[str] | None
    key_arn: pulumi.Input[str]
    flow_logs_role_arn: pulumi.Input[str]
    retention_days: int
    account_wide: Sequence[str]


class Logs(pulumi.ComponentResource):
    """The log groups of one account, encrypted and with retention; flow logs of all traffic and DNS query logs of its VPC.

    Creates a log group for each account-wide name, and for a VPC of ours a flow log, a query log configuration with its association, and
    the resource policy that lets log delivery write.

    Attributes:
        group_names: Names of the log groups.
    """

    group_names: list[str]

    def __init__(self, name: str, args: LogsArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlops:logs:Logs", name, None, opts)
        self._name = name
        self._args = args
        self._child = ResourceOptions(parent=self)
        self.group_names = []
        for group in args.account_wide:
            self._group(group.removeprefix("/aws/").replace("/", "-").lower(), group)
        if args.vpc_id is not None:
            self._flow_log(args.vpc_id)
            self._query_log(args.vpc_id)
        self.register_outputs({"groupNames": self.group_names})

    def _flow_log(self, vpc_id: pulumi.Input[str]) -> None:
        group = self._group("flow-logs", self._args.environment.names.log_group("flow-logs"))
        ec2.FlowLog(
            f"{self._name}-flow-logs",
            vpc_id=vpc_id,
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_destination=group.arn,
            iam_role_arn=self._args.flow_logs_role_arn,
            max_aggregation_interval=60,
            opts=self._child,
        )

    def _query_log(self, vpc_id: pulumi.Input[str]) -> None:
        args = self._args
        names = args.environment.names
        group_name = names.log_group("dns-queries")
        group = self._group("dns-queries", group_name)
        policy = cloudwatch.LogResourcePolicy(
            f"{self._name}-dns-queries",
            policy_name=f"{names.prefix}-dns-queries",
            policy_document=render(
                logs.query_log_delivery(args.environment, args.account, group_name), LOG_RESOURCE_POLICY, group_name
            ),
            opts=self._child,
        )
        config = route53.ResolverQueryLogConfig(
            f"{self._name}-dns-queries",
            name=names.prefix,
            destination_arn=group.arn,
            opts=ResourceOptions(parent=self, depends_on=[policy]),
        )
        route53.ResolverQueryLogConfigAssociation(
            f"{self._name}-dns-queries", resolver_query_log_config_id=config.id, resource_id=vpc_id, opts=self._child
        )

    def _group(self, label: str, group_name: str) -> cloudwatch.LogGroup:
        self.group_names.append(group_name)
        return cloudwatch.LogGroup(
            f"{self._name}-{label}",
            name=group_name,
            kms_key_id=self._args.key_arn,
            retention_in_days=self._args.retention_days,
            opts=self._child,
        )
