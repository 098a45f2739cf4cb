"""Who may do what, role by role: the table of access-model.md 4a, held against the policies and against AWS's service reference."""

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

import pytest

from components.documents import INLINE_POLICY, TRUST_POLICY, Document, dumps, guards, render
from components.documents.roles import ROLES, people
from components.environment import Environment
from components.identity import account_roles
from components.names import DEVELOPMENT_ROLES, TARGET_ROLES, Bucket, Role
from perimeter.facts import access_level, resource_types
from tests.components.documents.reference import as_list, expand, problems
from tests.components.documents.requests import allows, denies
from tests.components.stacks import DEVELOPMENT, PRODUCTION, STAGING, endpoint_ids, environment, many

ENVIRONMENT = environment(studio={"experimentTracking": "true"}, projects={"fronts": ["serviceCatalog", "s3"]})
EVERYWHERE = [(role, account) for account in (DEVELOPMENT, STAGING) for role in account_roles(ENVIRONMENT, account)]
STUDIO = {Role.DATA_SCIENTIST_STUDIO, Role.ML_ENGINEER_STUDIO}
LAUNCH = {Role.PRODUCTS_LAUNCH, Role.S3_FRONT_LAUNCH}

Case = tuple[Role, str]


def name_of(case: object) -> str:
    return case.value if isinstance(case, Role) else str(case)


def policy(role: Role, account: str = DEVELOPMENT, of: Environment = ENVIRONMENT) -> Document:
    return ROLES[role].policy(of, account)


def grants(document: Document, action: str) -> list[dict[str, Any]]:
    """The Allow statements for an action."""
    return [
        statement
        for statement in document["Statement"]
        if statement["Effect"] == "Allow"
        and any(fnmatchcase(action, pattern) for pattern in as_list(statement["Action"]))
    ]


def who_may(action: str) -> set[Role]:
    return {role for role, account in EVERYWHERE if grants(policy(role, account), action)}


def test_every_role_of_the_model_has_a_specification() -> None:
    assert {*DEVELOPMENT_ROLES, *TARGET_ROLES} <= set(ROLES)
    assert set(account_roles(ENVIRONMENT, STAGING)) == set(TARGET_ROLES)
    assert len(EVERYWHERE) == len(set(EVERYWHERE))


# Read it as: nobody else, in any account.
WHO_MAY: Mapping[str, set[Role]] = {
    "cloudformation:CreateStack": {Role.ML_ENGINEER_STUDIO, Role.PRODUCTS_LAUNCH, Role.STACK_SET_EXECUTION},
    "cloudformation:CreateStackInstances": {Role.DEPLOY_PIPELINE},
    "cloudformation:CreateStackSet": {Role.DEPLOY_PIPELINE},
    "cloudformation:DeleteStackInstances": {Role.PLATFORM_ADMINISTRATOR},
    "codeartifact:PublishPackageVersion": {Role.PLATFORM_ADMINISTRATOR},
    "codebuild:CreateProject": LAUNCH,
    "codebuild:StartBuild": {Role.BUILD_PIPELINE, Role.DEPLOY_PIPELINE},
    "codecommit:AssociateApprovalRuleTemplateWithRepository": {Role.PROJECT_FUNCTION},
    "codecommit:CreateCommit": {*STUDIO, *LAUNCH, Role.PROJECT_FUNCTION},
    "codecommit:GitPush": STUDIO,
    "codecommit:MergePullRequestBySquash": {Role.ML_ENGINEER_STUDIO},
    "codecommit:OverridePullRequestApprovalRules": set(),
    "codecommit:UpdatePullRequestApprovalState": {Role.ML_ENGINEER_STUDIO},
    "codepipeline:PutApprovalResult": {Role.MODEL_APPROVER},
    "codepipeline:StartPipelineExecution": {Role.EVENTS},
    "events:PutEvents": {Role.EVENTS},
    "events:PutTargets": LAUNCH,
    "iam:AttachRolePolicy": set(),
    "iam:CreateRole": set(),
    "iam:CreateServiceLinkedRole": {Role.STACK_SET_EXECUTION},
    "iam:PutRolePolicy": set(),
    "iam:UpdateAssumeRolePolicy": set(),
    "kms:PutKeyPolicy": set(),
    "lambda:CreateFunction": set(),
    "lambda:InvokeFunction": {*LAUNCH, Role.HOOK_EXECUTION},
    "s3:DeleteObject": set(),
    "s3:DeleteObjectVersion": set(),
    "s3:PutBucketPolicy": LAUNCH,
    "s3:PutObjectAcl": {Role.FEATURE_STORE},
    "s3:DeleteObjectTagging": {Role.RELEASE},
    "s3:PutObjectTagging": {Role.RELEASE},
    "sagemaker:AddTags": {
        *STUDIO,
        Role.PIPELINE,
        Role.INGESTION_PIPELINE,
        Role.PLATFORM_ADMINISTRATOR,
        Role.STACK_SET_EXECUTION,
        Role.BUILD,
        *LAUNCH,
    },
    "sagemaker:CreateDomain": set(),
    "sagemaker:CreateEndpoint": {Role.STACK_SET_EXECUTION},
    "sagemaker:CreateModel": {Role.STACK_SET_EXECUTION},
    "sagemaker:CreateModelPackage": {Role.PIPELINE},
    "sagemaker:CreateNotebookInstance": set(),
    "sagemaker:CreateModelPackageGroup": LAUNCH,
    "sagemaker:CreatePipeline": {*STUDIO, Role.BUILD},
    "sagemaker:CreatePresignedDomainUrl": set(),  # `people.open_studio`, of who may open Studio
    "sagemaker:CreateProcessingJob": {Role.PIPELINE, Role.INGESTION_PIPELINE},
    "sagemaker:CreateTrainingJob": {Role.PIPELINE},
    "sagemaker:CreateUserProfile": {Role.PLATFORM_ADMINISTRATOR},
    "sagemaker:InvokeEndpoint": {Role.ENDPOINT_TEST},
    "sagemaker:PutModelPackageGroupPolicy": LAUNCH,
    "sagemaker:PutRecord": {Role.INGESTION},
    "sagemaker:StartPipelineExecution": {*STUDIO, Role.EVENTS, Role.BUILD},
    "sagemaker:UpdateModelPackage": {Role.MODEL_APPROVER, Role.RELEASE},
    "sagemaker:UpdateUserProfile": {Role.PLATFORM_ADMINISTRATOR},
    "servicecatalog:ProvisionProduct": STUDIO,
    "sns:Publish": {Role.DEPLOY_PIPELINE},
    "sts:AssumeRole": {Role.STACK_SET_ADMINISTRATION, Role.RELEASE, Role.TEST},
}


@pytest.mark.parametrize("action", WHO_MAY)
def test_exactly_these_roles_may(action: str) -> None:
    assert who_may(action) == WHO_MAY[action]


# Role -> service -> the roles that it hands on to it.
PASSES: Mapping[Role, Mapping[str, set[Role]]] = {
    Role.DATA_SCIENTIST_STUDIO: {"sagemaker": {Role.PIPELINE}},
    Role.ML_ENGINEER_STUDIO: {"sagemaker": {Role.PIPELINE}, "cloudformation": {Role.S3_FRONT_LAUNCH}},
    Role.PLATFORM_ADMINISTRATOR: {"sagemaker": STUDIO},
    Role.PIPELINE: {"sagemaker": {Role.JOB}},
    Role.INGESTION_PIPELINE: {"sagemaker": {Role.INGESTION}},
    Role.STACK_SET_EXECUTION: {"sagemaker": {Role.MODEL_EXECUTION, Role.MONITORING}},
    Role.PRODUCTS_LAUNCH: {
        "codebuild": {Role.BUILD, Role.RELEASE, Role.TEST},
        "codepipeline": {Role.BUILD_PIPELINE, Role.DEPLOY_PIPELINE},
        "events": {Role.EVENTS},
        "sagemaker": {Role.FEATURE_STORE},
    },
    Role.S3_FRONT_LAUNCH: {
        "codebuild": {Role.BUILD},
        "codepipeline": {Role.BUILD_PIPELINE},
        "events": {Role.EVENTS},
        "sagemaker": {Role.FEATURE_STORE},
    },
    Role.BUILD: {"sagemaker": {Role.PIPELINE, Role.INGESTION_PIPELINE}},
    Role.DEPLOY_PIPELINE: {"cloudformation": {Role.STACK_SET_ADMINISTRATION}},
}


@pytest.mark.parametrize(("role", "account"), EVERYWHERE, ids=name_of)
def test_a_role_passes_exactly_its_roles_each_to_its_service(role: Role, account: str) -> None:
    found: dict[str, set[str]] = {}
    for statement in grants(policy(role, account), "iam:PassRole"):
        assert list(statement["Condition"]) == ["StringEquals"]
        assert list(statement["Condition"]["StringEquals"]) == ["iam:PassedToService"]
        service = statement["Condition"]["StringEquals"]["iam:PassedToService"].removesuffix(".amazonaws.com")
        found.setdefault(service, set()).update(as_list(statement["Resource"]))
    assert found == {
        service: {ENVIRONMENT.names.role_arn(other, account) for other in passed}
        for service, passed in PASSES.get(role, {}).items()
    }


# Role -> bucket -> what it reads and what it writes there, in the development account.
DATA_ACCESS: Mapping[Role, Mapping[Bucket, tuple[set[str], set[str]]]] = {
    Role.AUDITOR: {Bucket.LOGS: ({"*"}, set())},
    Role.DATA_SCIENTIST_STUDIO: {Bucket.DATA: ({"*/input/*", "results/*"}, {"*/input/*"})},
    Role.ML_ENGINEER_STUDIO: {
        Bucket.DATA: ({"*/input/*", "results/*"}, {"*/input/*"}),
        Bucket.TEMPLATES: ({"*"}, set()),
    },
    Role.PIPELINE: {Bucket.DATA: ({"results/*"}, set()), Bucket.MODELS: ({"*"}, set())},
    Role.JOB: {
        Bucket.DATA: ({"*"}, {"results/*"}),
        Bucket.MODELS: ({"*"}, {"*"}),
        Bucket.ARTIFACTS: ({"code/*"}, set()),
    },
    Role.INGESTION: {Bucket.DATA: ({"*/input/*", "results/*"}, {"ingested/*"}), Bucket.ARTIFACTS: ({"code/*"}, set())},
    Role.FEATURE_STORE: {Bucket.DATA: ({"offline/*"}, {"offline/*"})},
    Role.TRACKING: {Bucket.DATA: ({"tracking/*"}, {"tracking/*"})},
    Role.MONITORING: {
        Bucket.CAPTURE: ({"data-capture/*", "reports/*", "ground-truth/*"}, {"reports/*"}),
        Bucket.MODELS: ({"*/baseline/*"}, set()),
    },
    Role.PRODUCTS_LAUNCH: {Bucket.ARTIFACTS: ({"seed/*"}, set())},
    Role.S3_FRONT_LAUNCH: {Bucket.ARTIFACTS: ({"seed/*"}, set()), Bucket.TEMPLATES: ({"*"}, set())},
    Role.BUILD: {Bucket.ARTIFACTS: (set(), {"code/*"})},
    Role.RELEASE: {
        Bucket.MODELS: ({"*/models/*", "*/baseline/*"}, set()),
        Bucket.ARTIFACTS: ({"rules/*"}, set()),
    },
    Role.MODEL_EXECUTION: {Bucket.MODELS: ({"*"}, set()), Bucket.CAPTURE: (set(), {"data-capture/*"})},
}


@pytest.mark.parametrize("role", account_roles(ENVIRONMENT, DEVELOPMENT), ids=name_of)
def test_a_role_reaches_exactly_its_objects(role: Role) -> None:
    expected = {
        (bucket, kind, prefix)
        for bucket, kinds in DATA_ACCESS.get(role, {}).items()
        for kind, prefixes in zip(("s3:GetObject", "s3:PutObject"), kinds, strict=True)
        for prefix in prefixes
    }
    assert set(_objects(policy(role))) == expected


def _objects(document: Document) -> Iterator[tuple[Bucket, str, str]]:
    """What a policy reaches in the environment's own buckets of development."""
    for kind in ("s3:GetObject", "s3:PutObject"):
        for statement in grants(document, kind):
            for resource in as_list(statement["Resource"]):
                for bucket in Bucket:
                    arn, slash, prefix = resource.partition("/")
                    if slash and arn == ENVIRONMENT.names.bucket_arn(bucket, DEVELOPMENT):
                        yield bucket, kind, prefix


@pytest.mark.parametrize("role", [Role.MODEL_EXECUTION, Role.MONITORING], ids=name_of)
@pytest.mark.parametrize("account", [DEVELOPMENT, PRODUCTION])
def test_what_serves_reads_approved_models_only(role: Role, account: str) -> None:
    models = ENVIRONMENT.names.bucket_arn(Bucket.MODELS, DEVELOPMENT)
    found = [
        statement
        for statement in grants(policy(role, account), "s3:GetObject")
        if any(resource.startswith(models) for resource in as_list(statement["Resource"]))
    ]
    assert found
    for statement in found:
        assert statement["Condition"] == {
            "StringEquals": {"s3:ExistingObjectTag/sm-mlops-dev-eu-west-1:approved": "true"}
        }


@pytest.mark.parametrize("role", [Role.MODEL_EXECUTION, Role.MONITORING], ids=name_of)
def test_a_target_uses_the_development_key_through_s3_only(role: Role) -> None:
    foreign = [
        statement
        for statement in policy(role, STAGING)["Statement"]
        if any(
            resource.startswith(f"arn:aws:kms:eu-west-1:{DEVELOPMENT}") for resource in as_list(statement["Resource"])
        )
    ]
    assert [statement["Sid"] for statement in foreign] == ["ReadModelsKey"]
    assert foreign[0]["Action"] == ["kms:Decrypt", "kms:DescribeKey"]
    assert foreign[0]["Condition"] == {
        "ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/sm-mlops-dev-eu-west-1-data"},
        "StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"},
    }


@pytest.mark.parametrize(("role", "account"), EVERYWHERE, ids=name_of)
def test_keys_are_used_by_alias_or_arn_and_grants_are_for_aws_services(role: Role, account: str) -> None:
    for statement in policy(role, account)["Statement"]:
        actions = as_list(statement["Action"])
        if role is Role.AUDITOR or not any(action.startswith("kms:") for action in actions):
            continue
        assert "kms:ResourceAliases" in str(statement["Condition"])
        if "kms:CreateGrant" in actions:
            assert statement["Condition"]["Bool"] == {"kms:GrantIsForAWSResource": "true"}


def test_an_existing_key_is_named_by_its_arn() -> None:
    arn = f"arn:aws:kms:eu-west-1:{DEVELOPMENT}:key/11111111-2222-3333-4444-555555555555"
    with_key = environment(keys={"existing": {DEVELOPMENT: {"data": arn}}})
    used = grants(policy(Role.JOB, of=with_key), "kms:Decrypt")
    assert [(statement["Resource"], "Condition" in statement) for statement in used] == [(arn, False)]


def test_interfaces_are_made_in_our_network_only() -> None:
    made = grants(policy(Role.JOB), "ec2:CreateNetworkInterface")
    bounded = [statement for statement in made if "subnet" in str(statement["Resource"])]
    assert [statement["Condition"] for statement in bounded] == [
        {"StringEquals": {"aws:ResourceTag/mlops:environment": "sm-mlops-dev-eu-west-1"}}
    ]


def test_interfaces_are_made_in_the_listed_parts_of_an_existing_network() -> None:
    existing = {
        "vpc": "vpc-12345678",
        "subnets": ["subnet-11111111", "subnet-22222222"],
        "workloadSecurityGroup": "sg-11111111",
        "endpointSecurityGroup": "sg-22222222",
        "s3Endpoint": "vpce-11111111",
    }
    given = environment(network={"existing": {DEVELOPMENT: existing}})
    made = grants(policy(Role.JOB, of=given), "ec2:CreateNetworkInterface")
    parts = {
        resource.partition(f"{DEVELOPMENT}:")[2] for statement in made for resource in as_list(statement["Resource"])
    }
    assert parts == {
        "subnet/subnet-11111111",
        "subnet/subnet-22222222",
        "security-group/sg-11111111",
        "network-interface/*",
    }


def test_versions_are_registered_as_pending_and_decided_by_the_approver() -> None:
    key = "sagemaker:ModelApprovalStatus"
    (register,) = grants(policy(Role.PIPELINE), "sagemaker:CreateModelPackage")
    assert register["Condition"] == {"StringEquals": {key: "PendingManualApproval"}}
    (decide,) = grants(policy(Role.MODEL_APPROVER), "sagemaker:UpdateModelPackage")
    assert decide["Condition"] == {"StringEquals": {key: ["Approved", "Rejected"]}}


def test_the_administration_role_takes_execution_roles_of_listed_accounts_only() -> None:
    (statement,) = policy(Role.STACK_SET_ADMINISTRATION)["Statement"]
    assert statement["Action"] == "sts:AssumeRole"
    assert statement["Resource"] == "arn:aws:iam::*:role/sm-mlops-dev-eu-west-1-StackSetExecutionRole"
    assert statement["Condition"] == {"StringEquals": {"aws:ResourceAccount": [DEVELOPMENT, STAGING, PRODUCTION]}}


def test_a_person_opens_the_own_profile_through_our_endpoint() -> None:
    (statement,) = people.open_studio(ENVIRONMENT, endpoint_ids(1))["Statement"]
    assert statement["Resource"].endswith(":user-profile/*/${aws:SourceIdentity}")
    assert statement["Condition"] == {"StringEquals": {"aws:SourceVpce": endpoint_ids(1)[0]}}
    by_address = people.open_studio(environment(studio={"access": ["203.0.113.0/24"]}), ())["Statement"][0]
    assert by_address["Condition"] == {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}


@pytest.mark.parametrize("role", sorted(STUDIO), ids=name_of)
def test_spaces_are_ones_own_and_private(role: Role) -> None:
    (statement,) = grants(policy(role), "sagemaker:CreateSpace")
    owner = statement["Condition"]["ArnLike"]["sagemaker:OwnerUserProfileArn"]
    assert owner.endswith(":user-profile/${sagemaker:DomainId}/${sagemaker:UserProfileName}")
    assert statement["Condition"]["StringEquals"] == {"sagemaker:SpaceSharingType": "Private"}


def test_guards_are_on_whoever_makes_what_they_guard() -> None:
    guarded = {*guards.NETWORK_ACTIONS, *guards.VOLUME_ACTIONS, *guards.OUTPUT_ACTIONS, *guards.SCHEDULE_ACTIONS}
    makers = {role for action in guarded for role in who_may(action)}
    assert makers <= {role for role, spec in ROLES.items() if spec.guarded}


@pytest.mark.parametrize(("role", "account"), EVERYWHERE, ids=name_of)
def test_statements_are_right_against_the_service_reference(role: Role, account: str) -> None:
    statements = policy(role, account)["Statement"]
    assert [problem for statement in statements for problem in problems(statement)] == []
    assert [problem for statement in statements for problem in unreached(statement)] == []
    sids = [statement["Sid"] for statement in statements]
    assert len(set(sids)) == len(sids)
    assert all(sid.isalnum() for sid in sids)


@pytest.mark.parametrize(("role", "account"), EVERYWHERE, ids=name_of)
def test_nothing_is_allowed_wholesale(role: Role, account: str) -> None:
    for statement in policy(role, account)["Statement"]:
        assert not {"NotAction", "NotResource", "Principal"} & set(statement)
        for action in as_list(statement["Action"]):
            assert not re.fullmatch(r"\*|[a-z0-9-]+:\*", action)


# Actions that name a resource type and yet stand over `*`: the calls are made for lists, or for every resource by their very purpose.
OVER_ALL: Mapping[str, str] = {
    "cloudformation:GetTemplateSummary": "asked about a template that is no stack yet",
    "cloudwatch:DescribeAlarms": "asked for a list of names",
    "cloudwatch:PutMetricData": "bound by its name space",
    "logs:DescribeLogGroups": "asked for a prefix",
    "sagemaker:BatchGetMetrics": "metrics of any experiment",
}
READS_CONFIGURATION = {Role.AUDITOR}


@pytest.mark.parametrize(("role", "account"), EVERYWHERE, ids=name_of)
def test_a_star_stands_only_where_the_action_takes_no_resource(role: Role, account: str) -> None:
    for statement in policy(role, account)["Statement"]:
        if statement["Resource"] != "*" or role in READS_CONFIGURATION:
            continue
        for pattern in as_list(statement["Action"]):
            for action in expand(pattern):
                name = action.partition(":")[2]
                reads = pattern.endswith("*") and name.startswith(("Describe", "List"))
                assert reads or action in OVER_ALL or not resource_types(action), f"{statement['Sid']}: {action}"


def test_the_auditor_reads_and_nothing_else() -> None:
    levels = {
        (action, access_level(action))
        for statement in policy(Role.AUDITOR)["Statement"]
        for pattern in as_list(statement["Action"])
        for action in expand(pattern)
    }
    # AWS itself calls these writes: they start a query and make a credential report.
    assert {action for action, level in levels if level not in ("Read", "List")} <= {"logs:StartQuery"}


def test_a_target_has_no_way_to_read_data() -> None:
    data = ENVIRONMENT.names.bucket_arn(Bucket.DATA, DEVELOPMENT)
    assert not [role for role in TARGET_ROLES if data in dumps(policy(role, STAGING))]


@pytest.mark.parametrize(("targets", "by"), [(20, "endpoints"), (200, "endpoints"), (500, "organization")])
def test_every_document_fits(targets: int, by: str) -> None:
    large = many(targets, by=by)
    for account in (large.development, large.targets[-1]):
        for role in account_roles(large, account):
            spec = ROLES[role]
            assert render(spec.policy(large, account), INLINE_POLICY, role.value)
            if spec.trust:
                assert render(spec.trust(large, account), TRUST_POLICY, role.value)


# What the reference calls another resource than the one that the service documents for sharing a registry.
DOCUMENTED = {"sagemaker:CreateModel"}


def unreached(statement: Mapping[str, Any]) -> Iterator[str]:
    """Actions that no resource of their statement fits: they would never be allowed."""
    resources = as_list(statement["Resource"])
    if resources == ["*"]:
        return
    for pattern in as_list(statement["Action"]):
        for action in expand(pattern):
            fits = any(_overlap(form, resource) for form in resource_types(action) for resource in resources)
            if not fits and "*" not in pattern and action not in DOCUMENTED:
                yield f"{statement['Sid']}: {action} takes none of its resources"


def _overlap(form: str, resource: str) -> bool:
    """Whether an ARN of a form (`...:job/${Name}`) can match a pattern: service and the fixed start of the resource part agree."""
    wanted, given = form.split(":", 5), resource.split(":", 5)
    start, fixed = given[5].partition("*")[0], wanted[5].partition("${")[0]
    return wanted[2] == given[2] and (start.startswith(fixed) or fixed.startswith(start))


@pytest.mark.parametrize("role", sorted(STUDIO), ids=name_of)
def test_studio_cannot_redefine_a_pipeline_that_runs_without_isolation(role: Role) -> None:
    """Its role is not passed again when a definition is replaced: the name has to hold."""
    ours = f"arn:aws:sagemaker:eu-west-1:{DEVELOPMENT}:pipeline/"
    tagged = {"aws:ResourceTag/sagemaker:project-id": "p-1", "aws:RequestTag/sagemaker:project-id": "p-1"}
    for action in ("sagemaker:CreatePipeline", "sagemaker:UpdatePipeline", "sagemaker:DeletePipeline"):
        assert denies(policy(role), action, tagged, f"{ours}churn-ingestion") == {"KeepIngestionPipelines"}
        assert denies(policy(role), action, tagged, f"{ours}churn-train") == set()
        assert allows(policy(role), action, tagged, f"{ours}churn-train")
    assert denies(policy(role), "sagemaker:StartPipelineExecution", tagged, f"{ours}churn-ingestion") == set()
