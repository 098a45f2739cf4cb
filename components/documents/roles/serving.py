"""Policies of the roles that serve and monitor models, in every account, and of the chain that deploys them."""

from components.documents import Conditions, Document, allow, document
from components.documents.buckets import BASELINE_PREFIX, READ
from components.documents.registry import READ as READ_REGISTRY
from components.documents.roles import parts
from components.documents.roles.work import PROCESSING_LOGS
from components.environment import Environment
from components.names import PROJECT_BUCKET_PREFIX, Bucket, Key, Role

ENDPOINT_LOGS = "/aws/sagemaker/Endpoints/*"
CAPTURED = "data-capture/*"
REPORTS = "reports/*"
GROUND_TRUTH = "ground-truth/*"
"""Parts of a capture bucket: what endpoints saw, what monitoring found, what producers know to be true."""

_WRITE = ("s3:AbortMultipartUpload", "s3:PutObject")
_MONITORED = (CAPTURED, REPORTS, GROUND_TRUTH)
_AUTOSCALING = "sagemaker.application-autoscaling.amazonaws.com"


def monitoring(environment: Environment, account: str) -> Document:
    """Read captured data and the registered baseline, write reports."""
    return document(
        *parts.container_base(environment, account, [PROCESSING_LOGS]),
        parts.objects("ReadCapture", environment, account, Bucket.CAPTURE, READ, _MONITORED),
        parts.listing("ListCapture", environment, account, Bucket.CAPTURE, _MONITORED),
        parts.objects("WriteReports", environment, account, Bucket.CAPTURE, _WRITE, [REPORTS]),
        parts.approved_models(environment, [BASELINE_PREFIX]),
        parts.listing("ListBaseline", environment, environment.development, Bucket.MODELS, [BASELINE_PREFIX]),
        parts.use_data_key(environment, account),
        *([parts.use_development_data_key(environment)] if account != environment.development else []),
        *parts.use_storage_key(environment, account),
    )


def model_execution(environment: Environment, account: str) -> Document:
    """Serve approved models: image, model, capture, own logs, the alarms that roll a deployment back."""
    return document(
        *parts.container_base(environment, account, [ENDPOINT_LOGS]),
        parts.approved_models(environment, ["*"]),
        parts.objects("WriteCapture", environment, account, Bucket.CAPTURE, _WRITE, [CAPTURED]),
        allow("ReadAlarms", "cloudwatch:DescribeAlarms", "*"),  # asked for a list of names, which takes no resource
        parts.use_data_key(environment, account),
        *([parts.use_development_data_key(environment)] if account != environment.development else []),
        *parts.use_storage_key(environment, account),
    )


def endpoint_test(environment: Environment, account: str) -> Document:
    """Describe and invoke the projects' endpoints; the text lets the model's own role do this."""
    names = environment.names
    endpoint, config = (
        names.arn("sagemaker", f"{what}/*", account=account) for what in ("endpoint", "endpoint-config")
    )
    project = parts.of_a_project()
    return document(
        allow("TestEndpoints", ["sagemaker:DescribeEndpoint", "sagemaker:InvokeEndpoint"], endpoint, when=project),
        allow("DescribeConfigurations", "sagemaker:DescribeEndpointConfig", config, when=project),
    )


def deployment_check(environment: Environment, account: str) -> Document:
    """Read the account's parameters, which list the roles made."""
    return document(parts.parameters(environment, account))


def events(environment: Environment, account: str) -> Document:
    """Send alarm changes to development's bus; in development also start pipelines."""
    names, development = environment.names, environment.development
    statements = [
        allow(
            "SendAlarms", "events:PutEvents", names.arn("events", f"event-bus/{names.event_bus}", account=development)
        )
    ]
    if account == development:
        statements += [
            allow(
                "StartPipelines",
                "sagemaker:StartPipelineExecution",
                names.arn("sagemaker", "pipeline/*", account=account),
                when=parts.of_a_project(),
            ),
            allow(
                "StartDeployments",
                "codepipeline:StartPipelineExecution",
                names.arn("codepipeline", parts.PROJECT, account=account),
            ),
        ]
    return document(*statements)


def flow_logs(environment: Environment, account: str) -> Document:
    """Write the flow log group.

    Source: VPC user guide, "IAM role for publishing flow logs to CloudWatch Logs".
    """
    names = environment.names
    group = names.arn("logs", f"log-group:{names.log_group('flow-logs')}", account=account)
    return document(
        allow(
            "WriteFlowLogs",
            ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            [group, f"{group}:*"],
        ),
        allow("FindLogGroups", "logs:DescribeLogGroups", "*"),  # the service asks for all groups
    )


def stack_set_administration(environment: Environment, account: str) -> Document:
    """Take the execution role of the environment's accounts, and nothing else."""
    del account
    return document(
        allow(
            "TakeExecutionRoles",
            "sts:AssumeRole",
            environment.names.role_arn(Role.STACK_SET_EXECUTION, "*"),
            when={"StringEquals": {"aws:ResourceAccount": list(environment.accounts)}},
        )
    )


def stack_set_execution(environment: Environment, account: str) -> Document:
    """Stacks `StackSet-sagemaker-*` with exactly the endpoint template's types."""
    names, development = environment.names, environment.development

    def sagemaker(*whats: str) -> list[str]:
        return [names.arn("sagemaker", f"{what}/*", account=account) for what in whats]

    logs_key, by_alias = parts.key(environment, account, Key.LOGS)
    endpoint_logs = names.arn("logs", f"log-group:{ENDPOINT_LOGS}", account=account)
    targets = names.arn("application-autoscaling", "scalable-target/*", account=account)
    linked = f"arn:{names.partition}:iam::{account}:role/aws-service-role/{_AUTOSCALING}/AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
    only_autoscaling: Conditions = {"StringEquals": {"iam:AWSServiceName": _AUTOSCALING}}
    scalable: Conditions = {"StringEquals": {"application-autoscaling:service-namespace": "sagemaker"}}
    return document(
        allow(
            "Stacks",
            [
                "cloudformation:CancelUpdateStack",
                "cloudformation:ContinueUpdateRollback",
                "cloudformation:CreateStack",
                "cloudformation:DeleteStack",
                "cloudformation:DescribeStackEvents",
                "cloudformation:DescribeStackResources",
                "cloudformation:DescribeStacks",
                "cloudformation:GetTemplate",
                "cloudformation:GetTemplateSummary",
                "cloudformation:TagResource",
                "cloudformation:UntagResource",
                "cloudformation:UpdateStack",
            ],
            names.arn("cloudformation", "stack/StackSet-sagemaker-*", account=account),
        ),
        # A stack set's template lies in the project's bucket, in development; nobody else's bucket of such a name counts.
        allow(
            "ReadTemplate",
            "s3:GetObject",
            f"arn:{names.partition}:s3:::{PROJECT_BUCKET_PREFIX}*/*",
            when={"StringEquals": {"aws:ResourceAccount": development}},
        ),
        # Where CloudFormation itself keeps templates is not documented beyond this name; the bucket is not ours.
        allow("ReadKeptTemplate", "s3:GetObject", f"arn:{names.partition}:s3:::cf-templates-*-{names.region}/*"),
        parts.parameters(environment, account),
        allow(
            "Endpoints",
            [
                f"sagemaker:{verb}{what}"
                for what in ("DataQualityJobDefinition", "EndpointConfig", "Model", "ModelQualityJobDefinition")
                for verb in ("Create", "Delete", "Describe")
            ]
            + [
                f"sagemaker:{verb}{what}"
                for what in ("Endpoint", "MonitoringSchedule")
                for verb in ("Create", "Delete", "Describe", "Update")
            ]
            + [
                "sagemaker:AddTags",
                "sagemaker:DeleteTags",
                "sagemaker:ListTags",
                "sagemaker:StartMonitoringSchedule",
                "sagemaker:StopMonitoringSchedule",
            ],
            sagemaker(
                "data-quality-job-definition",
                "endpoint",
                "endpoint-config",
                "model",
                "model-quality-job-definition",
                "monitoring-schedule",
            ),
        ),
        allow(
            "DevelopmentModels",
            READ_REGISTRY,
            [
                names.arn("sagemaker", f"{what}/*", account=development)
                for what in ("model-package", "model-package-group")
            ],
        ),
        parts.pass_roles(environment, account, [Role.MODEL_EXECUTION, Role.MONITORING]),
        allow(
            "Alarms",
            [
                "cloudwatch:DeleteAlarms",
                "cloudwatch:ListTagsForResource",
                "cloudwatch:PutMetricAlarm",
                "cloudwatch:TagResource",
            ],
            # Ours, and those that a target tracking policy makes for itself.
            [
                names.arn("cloudwatch", f"alarm:{start}*", account=account)
                for start in (f"{names.prefix}-", "TargetTracking-endpoint/")
            ],
        ),
        allow(
            "Scaling",
            [
                "application-autoscaling:DeleteScalingPolicy",
                "application-autoscaling:DeregisterScalableTarget",
                "application-autoscaling:PutScalingPolicy",
                "application-autoscaling:RegisterScalableTarget",
            ],
            targets,
            when=scalable,
        ),
        allow(
            "ScalingTags",
            ["application-autoscaling:ListTagsForResource", "application-autoscaling:TagResource"],
            targets,
        ),
        allow(
            "Lists",
            [
                "application-autoscaling:DescribeScalableTargets",
                "application-autoscaling:DescribeScalingPolicies",
                "application-autoscaling:DescribeScheduledActions",
                "cloudwatch:DescribeAlarms",
                "logs:DescribeIndexPolicies",
                "logs:DescribeLogGroups",
            ],
            "*",  # what lists takes no narrower resource
        ),
        allow("ScalingRole", "iam:CreateServiceLinkedRole", linked, when=only_autoscaling),
        allow(
            "LogGroups",
            [
                "logs:AssociateKmsKey",
                "logs:CreateLogGroup",
                "logs:DeleteLogGroup",
                "logs:GetDataProtectionPolicy",
                "logs:ListTagsForResource",
                "logs:PutRetentionPolicy",
                "logs:TagResource",
            ],
            [endpoint_logs, f"{endpoint_logs}:*"],
        ),
        allow("DescribeLogsKey", "kms:DescribeKey", logs_key, when=by_alias),
        parts.describe_data_key(environment, account),
        *parts.use_storage_key(environment, account),
    )
