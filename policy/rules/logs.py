"""Rules for log groups: how long logs are kept, under which key, and that a group is there before a service makes one by itself."""

from collections.abc import Iterator

from policy import nist
from policy.context import Context
from policy.model import Resource, Stack, UndecidedError
from policy.rule import Finding, Level, Outcome, ResourceRule, Rule, Severity, StackRule, Undecided

LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
DOMAIN = "aws:sagemaker/domain:Domain"
ENDPOINT = "aws:sagemaker/endpoint:Endpoint"
NOTEBOOK = "aws:sagemaker/notebookInstance:NotebookInstance"
PROJECT = "aws:codebuild/project:Project"
FUNCTION = "aws:lambda/function:Function"

YEAR = 365
_WEAKER = "dev"
"""The type of stack whose logs may be kept shorter than a year when its configuration says so: nothing there serves anybody."""


def _retention(group: Resource, context: Context) -> Iterator[Finding]:
    wanted = context.retention_days if context.stack_type == _WEAKER else max(YEAR, context.retention_days)
    days = group.get("retentionInDays")
    if not days:
        yield Finding(message="keeps its events for ever", resource=group)
    elif not isinstance(days, int | float) or days < wanted:
        yield Finding(message=f"keeps its events for less than {wanted} days", resource=group)


def _key(group: Resource, _: Context) -> Iterator[Finding]:
    # A key that is not known yet is a key.
    if not group.is_set("kmsKeyId"):
        yield Finding(message="is encrypted with a key of AWS's", resource=group)


def _name(resource: Resource) -> object:
    name = resource.get("name")
    if name is None:
        raise UndecidedError("name")  # Pulumi makes one up
    return name


def _names(resource: Resource) -> tuple[str, ...]:
    """The log groups that a service writes to for a resource, and would make by itself, without key and end."""
    match resource.token:
        case token if token == DOMAIN:
            kinds = ("ProcessingJobs", "TrainingJobs", "TransformJobs", "studio")
            return tuple(f"/aws/sagemaker/{kind}" for kind in kinds)
        case token if token == NOTEBOOK:
            return ("/aws/sagemaker/NotebookInstances",)
        case token if token == ENDPOINT:
            return (f"/aws/sagemaker/Endpoints/{_name(resource)}",)
        case token if token == PROJECT:
            return (str(resource.get("logsConfig.cloudwatchLogs.groupName") or f"/aws/codebuild/{_name(resource)}"),)
        case _:
            return (str(resource.get("loggingConfig.logGroup") or f"/aws/lambda/{_name(resource)}"),)


def _account(resource: Resource) -> tuple[str, ...]:
    return resource.provider.accounts if resource.provider else ()


def _made_before(stack: Stack, context: Context) -> Iterator[Outcome]:
    made = {(_account(group), str(group.properties.get("name"))) for group in stack.of(LOG_GROUP)}
    kinds = (ENDPOINT, PROJECT, FUNCTION)
    # The account-wide groups belong to one environment of an account.
    for resource in stack.of(*((DOMAIN, NOTEBOOK, *kinds) if context.owns_log_groups else kinds)):
        try:
            names = _names(resource)
        except UndecidedError as unknown:
            yield Undecided(path=unknown.path, resource=resource)
            continue
        missing = [name for name in names if (_account(resource), name) not in made]
        if missing:
            yield Finding(message=f"its log group is not in the stack: {', '.join(missing)}", resource=resource)


RULES: tuple[Rule, ...] = (
    ResourceRule(
        id="LOG-01",
        name="retention",
        title="Logs are kept as long as the configuration says, outside dev for a year or more.",
        severity=Severity.MEDIUM,
        frameworks={
            "Security Hub": ("CloudWatch.16",),
            "checkov": ("CKV_AWS_66", "CKV_AWS_338"),
            "NIST 800-53r5": nist.RETENTION,
        },
        remediation="Set retention_in_days to mlops:logs.retentionDays, 365 by default.",
        types=(LOG_GROUP,),
        check=_retention,
    ),
    ResourceRule(
        id="LOG-02",
        name="customer-key",
        title="Logs are encrypted with a key of ours.",
        severity=Severity.MEDIUM,
        frameworks={
            "checkov": ("CKV_AWS_158",),
            "AVD": ("AVD-0017",),
            "NIST 800-53r5": nist.ENCRYPTION,
        },
        remediation="Set kms_key_id to the ARN of the account's logs key.",
        types=(LOG_GROUP,),
        check=_key,
    ),
    StackRule(
        id="LOG-03",
        name="made-before",
        title="A service's log group is there before the service makes one without key and retention.",
        severity=Severity.LOW,
        frameworks={},
        remediation="Add a cloudwatch.LogGroup of the name that the message gives, with kms_key_id and retention_in_days.",
        level=Level.ADVISORY,
        check=_made_before,
    ),
)
