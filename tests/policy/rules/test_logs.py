import dataclasses

import pytest

from policy.model import UNKNOWN, Provider, Resource
from policy.rules.logs import DOMAIN, ENDPOINT, FUNCTION, LOG_GROUP, NOTEBOOK, PROJECT
from tests.policy.cases import CONTEXT, REGION, STAGING, Case, resource, verify

DEV = dataclasses.replace(CONTEXT, stack_type="dev", retention_days=30)
TARGET = Provider(name="target", properties={"region": REGION, "allowedAccountIds": [STAGING]})


def group(name: str) -> Resource:
    """A log group of the development account."""
    return resource(LOG_GROUP, {"name": name}, name=name)


STUDIO = tuple(
    group(f"/aws/sagemaker/{kind}") for kind in ("ProcessingJobs", "TrainingJobs", "TransformJobs", "studio")
)

CASES: dict[tuple[str, str], Case] = {
    ("LOG-01", "violating"): Case(
        resources=(resource(LOG_GROUP, {"retentionInDays": 90}),), violated=("thing",), says="less than 365 days"
    ),
    ("LOG-01", "violating: for ever"): Case(
        resources=(
            resource(LOG_GROUP, {}, name="not-set"),
            resource(LOG_GROUP, {"retentionInDays": 0}, name="zero"),
        ),
        violated=("not-set", "zero"),
        says="for ever",
    ),
    ("LOG-01", "violating: as configured, but not in dev"): Case(
        resources=(resource(LOG_GROUP, {"retentionInDays": 30}),),
        violated=("thing",),
        context=dataclasses.replace(CONTEXT, retention_days=30),
    ),
    ("LOG-01", "violating: less than configured"): Case(
        resources=(resource(LOG_GROUP, {"retentionInDays": 365}),),
        violated=("thing",),
        says="less than 731 days",
        context=dataclasses.replace(CONTEXT, retention_days=731),
    ),
    ("LOG-01", "violating: in dev less than configured"): Case(
        resources=(resource(LOG_GROUP, {"retentionInDays": 14}),),
        violated=("thing",),
        says="less than 30 days",
        context=DEV,
    ),
    ("LOG-01", "violating: no number"): Case(
        resources=(resource(LOG_GROUP, {"retentionInDays": "a year"}),), violated=("thing",)
    ),
    ("LOG-01", "passing"): Case(resources=(resource(LOG_GROUP, {"retentionInDays": 365}),)),
    ("LOG-01", "passing: as configured in dev"): Case(
        resources=(resource(LOG_GROUP, {"retentionInDays": 30}),), context=DEV
    ),
    ("LOG-01", "not applicable"): Case(resources=(resource(PROJECT, {"retentionInDays": 1}),)),
    ("LOG-01", "unknown"): Case(
        resources=(resource(LOG_GROUP, {"retentionInDays": UNKNOWN}),), undecided=("retentionInDays",)
    ),
    ("LOG-02", "violating"): Case(resources=(resource(LOG_GROUP, {}),), violated=("thing",), says="key of AWS's"),
    ("LOG-02", "violating: empty"): Case(resources=(resource(LOG_GROUP, {"kmsKeyId": ""}),), violated=("thing",)),
    ("LOG-02", "passing"): Case(
        resources=(resource(LOG_GROUP, {"kmsKeyId": "arn:aws:kms:eu-west-1:111111111111:key/1"}),)
    ),
    ("LOG-02", "not applicable"): Case(resources=(resource(PROJECT, {}),)),
    ("LOG-02", "unknown"): Case(resources=(resource(LOG_GROUP, {"kmsKeyId": UNKNOWN}),)),
    ("LOG-03", "violating"): Case(
        resources=(resource(DOMAIN, {}), *STUDIO[1:]), violated=("thing",), says="/aws/sagemaker/ProcessingJobs"
    ),
    ("LOG-03", "violating: builds, functions, endpoints and notebooks"): Case(
        resources=(
            resource(PROJECT, {"name": "build"}, name="project"),
            resource(FUNCTION, {"name": "hook"}, name="function"),
            resource(ENDPOINT, {"name": "churn"}, name="endpoint"),
            resource(NOTEBOOK, {"name": "notes"}, name="notebook"),
        ),
        violated=("project", "function", "endpoint", "notebook"),
    ),
    ("LOG-03", "violating: another account's group"): Case(
        resources=(resource(FUNCTION, {"name": "hook"}, provider=TARGET), group("/aws/lambda/hook")),
        violated=("thing",),
        says="/aws/lambda/hook",
    ),
    ("LOG-03", "passing"): Case(
        resources=(
            resource(DOMAIN, {}),
            *STUDIO,
            resource(FUNCTION, {"name": "hook"}, name="function"),
            group("/aws/lambda/hook"),
            resource(FUNCTION, {"loggingConfig": {"logGroup": "/own/hook"}}, name="other"),
            group("/own/hook"),
            resource(PROJECT, {"name": "build"}, name="project"),
            group("/aws/codebuild/build"),
            resource(PROJECT, {"logsConfig": {"cloudwatchLogs": {"groupName": "/own/build"}}}, name="other-project"),
            group("/own/build"),
            resource(ENDPOINT, {"name": "churn"}, name="endpoint"),
            group("/aws/sagemaker/Endpoints/churn"),
        )
    ),
    ("LOG-03", "passing: another environment owns them"): Case(
        resources=(resource(DOMAIN, {}),), context=dataclasses.replace(CONTEXT, owns_log_groups=False)
    ),
    ("LOG-03", "not applicable"): Case(resources=(group("/aws/lambda/hook"),)),
    ("LOG-03", "unknown"): Case(
        resources=(
            resource(FUNCTION, {"name": UNKNOWN}),
            resource(FUNCTION, {}),
            resource(PROJECT, {"name": "build"}, name="project"),
        ),
        undecided=("name",),
        violated=("project",),
    ),
}


@pytest.mark.parametrize(("rule_id", "case"), CASES)
def test_a_case(rule_id: str, case: str) -> None:
    verify(rule_id, CASES[rule_id, case])
