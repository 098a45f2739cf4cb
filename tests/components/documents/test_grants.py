"""What targets are granted beside models and keys: the registry and the bus; and who writes query logs, who approves pull requests."""

import pytest

from components.documents import events, logs, registry, repository
from components.environment import Environment
from components.names import Role
from tests.components.documents.requests import Context, allows
from tests.components.stacks import DEVELOPMENT, PRODUCTION, STAGING, environment, many

ENVIRONMENT = environment()
NAMES = ENVIRONMENT.names
GROUP = registry.model_package_group(ENVIRONMENT, "churn")
ARN = f"arn:aws:sagemaker:eu-west-1:{DEVELOPMENT}:"


@pytest.mark.parametrize("of", [ENVIRONMENT, many(20, by="organization")], ids=["endpoints", "organization"])
def test_the_registry_names_accounts_since_its_conditions_may_not_count(of: Environment) -> None:
    (statement,) = registry.model_package_group(of, "churn")["Statement"]
    assert statement["Principal"] == {"AWS": list(of.accounts)}


@pytest.mark.parametrize("which", [*Role])
@pytest.mark.parametrize("account", [DEVELOPMENT, PRODUCTION])
def test_targets_read_versions_and_make_models_of_them(which: Role, account: str) -> None:
    request: Context = {"aws:PrincipalArn": NAMES.role_arn(which, account)}
    reader = which in (Role.STACK_SET_EXECUTION, Role.MODEL_EXECUTION)
    for action in ("DescribeModelPackageGroup", "DescribeModelPackage", "ListModelPackages", "CreateModel"):
        for resource in ("model-package-group/churn", "model-package/churn/3"):
            assert bool(allows(GROUP, f"sagemaker:{action}", request, ARN + resource)) is reader
        assert allows(GROUP, f"sagemaker:{action}", request, f"{ARN}model-package/churn-other/3") == set()
    # Nobody flips an approval from a target.
    for action in ("UpdateModelPackage", "CreateModelPackage", "DeleteModelPackage", "PutModelPackageGroupPolicy"):
        assert allows(GROUP, f"sagemaker:{action}", request, f"{ARN}model-package/churn/3") == set()


ALARM: Context = {
    "aws:PrincipalArn": NAMES.role_arn(Role.EVENTS, PRODUCTION),
    "events:source": "aws.cloudwatch",
    "events:detail-type": "CloudWatch Alarm State Change",
}


def test_the_bus_takes_alarm_changes_from_events_roles_of_listed_accounts() -> None:
    bus = events.bus(ENVIRONMENT)
    (statement,) = bus["Statement"]
    assert statement["Principal"] == {"AWS": [DEVELOPMENT, STAGING, PRODUCTION]}
    assert allows(bus, "events:PutEvents", ALARM) == {"AllowAlarms"}
    for change in (
        {"events:source": "forged"},
        {"events:detail-type": "SageMaker Model Package State Change"},
        {"aws:PrincipalArn": NAMES.role_arn(Role.MODEL_EXECUTION, PRODUCTION)},
    ):
        assert allows(bus, "events:PutEvents", {**ALARM, **change}) == set()
    for action in ("events:PutRule", "events:PutTargets", "events:DeleteEventBus"):
        assert allows(bus, action, ALARM) == set()


def test_query_logs_are_written_by_log_delivery_for_this_account() -> None:
    document = logs.query_log_delivery(ENVIRONMENT, STAGING, "/p/dns-queries")
    stream = f"arn:aws:logs:eu-west-1:{STAGING}:log-group:/p/dns-queries:log-stream:x"
    source: Context = {
        "aws:SourceAccount": STAGING,
        "aws:SourceArn": f"arn:aws:logs:eu-west-1:{STAGING}:delivery-source:x",
    }
    assert allows(document, "logs:PutLogEvents", source, stream) == {"AllowQueryLogs"}
    assert allows(document, "logs:PutLogEvents", {**source, "aws:SourceAccount": PRODUCTION}, stream) == set()
    other = {**source, "aws:SourceArn": f"arn:aws:ec2:eu-west-1:{STAGING}:vpc-flow-log/x"}
    assert allows(document, "logs:PutLogEvents", other, stream) == set()
    assert allows(document, "logs:DeleteLogStream", source, stream) == set()


def test_a_pull_request_to_main_needs_an_engineer() -> None:
    rule = repository.approval_rule(ENVIRONMENT)
    assert rule["DestinationReferences"] == ["refs/heads/main"]
    start = f"arn:aws:sts::{DEVELOPMENT}:assumed-role/sm-mlops-dev-eu-west-1-"
    assert rule["Statements"] == [
        {
            "Type": "Approvers",
            "NumberOfApprovalsNeeded": 1,
            "ApprovalPoolMembers": [f"{start}MLEngineerStudioRole/*", f"{start}MLEngineer/*"],
        }
    ]
