"""Rules for builds and pipelines: in our network, under our keys, without privileges, and a person before production."""

import math
import re
from collections.abc import Iterator, Mapping

from policy import nist
from policy.context import Context
from policy.model import UNKNOWN, Resource, items, leaves, mapping
from policy.names import is_secret_name, words
from policy.rule import Finding, Outcome, ResourceRule, Rule, Severity, Undecided
from policy.rules.serving import own_key, required

BUILD = "aws:codebuild/project:Project"
PIPELINE = "aws:codepipeline/pipeline:Pipeline"

_PRODUCTION = re.compile(r"(^|[^a-z])(prod|prd|production|live)($|[^a-z])")
_BEFORE_PRODUCTION = re.compile(r"(^|[^a-z])(dev|development|test|qa|int|stage|staging|preprod|uat)($|[^a-z])")
"""How names of stages, stack sets and endpoints are told apart."""


def _network(build: Resource, _: Context) -> Iterator[Outcome]:
    yield from required(build, "vpcConfig.vpcId", "vpcConfig.subnets", "vpcConfig.securityGroupIds")


def _key(build: Resource, _: Context) -> Iterator[Outcome]:
    yield from own_key(build, "encryptionKey")
    for path in ("artifacts", "secondaryArtifacts", "logsConfig.s3Logs"):
        for place in items(build.get(path)):
            disabled = place if place is UNKNOWN else mapping(place).get("encryptionDisabled")
            if disabled is UNKNOWN:
                yield Undecided(path=path, resource=build)
            elif disabled:
                yield Finding(message=f"{path}.encryptionDisabled is true", resource=build)


def _privileges(build: Resource, _: Context) -> Iterator[Outcome]:
    if build.get("environment.privilegedMode") is True:
        yield Finding(message="its containers rule the machine that they run on", resource=build)


_AWS_CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


def _variables(build: Resource, _: Context) -> Iterator[Outcome]:
    """Names only are looked at, and only names are said: a value may be the secret."""
    for variable in items(build.get("environment.environmentVariables")):
        given = mapping(variable)
        name, kind = given.get("name"), given.get("type", "PLAINTEXT")
        if UNKNOWN in (variable, name, kind):
            yield Undecided(path="environment.environmentVariables", resource=build)
        elif str(name) in _AWS_CREDENTIALS:
            yield Finding(message=f"{name} is a credential of its own: a build has a role", resource=build)
        elif kind == "PLAINTEXT" and is_secret_name(str(name)):
            yield Finding(message=f"{name} is there for everybody to read", resource=build)


def _artifact_key(pipeline: Resource, _: Context) -> Iterator[Outcome]:
    stores = [*items(pipeline.get("artifactStores")), *items(pipeline.get("artifactStore"))]
    if not stores:
        yield Finding(message="its artifacts are in no store that is named", resource=pipeline)
    for store in stores:
        key = mapping(store).get("encryptionKey")
        if UNKNOWN in (store, key):
            yield Undecided(path="artifactStore", resource=pipeline)
        elif not mapping(key).get("id"):
            yield Finding(message="its artifacts are under a key of AWS's", resource=pipeline)


def _approval(pipeline: Resource, _: Context) -> Iterator[Outcome]:
    """Whatever deploys to production comes after a person's approval, and only AWS's own actions run."""
    stages = [mapping(stage) for stage in items(pipeline.get("stages")) if stage is not UNKNOWN]
    deploying = [stage for stage in stages if any(_kind(action) == "Deploy" for action in _actions(stage))]
    last = deploying[-1] if deploying else None
    approved = False
    for stage in stages:
        for action in _actions(stage):
            given = mapping(action)
            owner = given.get("owner")
            if UNKNOWN in (action, owner, _kind(action)):
                yield Undecided(path="stages", resource=pipeline)
            if owner not in ("AWS", UNKNOWN) and action is not UNKNOWN:
                yield Finding(message=f"{given.get('name')} is an action of a third party", resource=pipeline)
            releases = _kind(action) == "Deploy" and _is_production(stage, action, is_last=stage is last)
            if releases and not (approved or _waits(stage, action)):
                yield Finding(message=f"{stage.get('name')} deploys and nobody has approved", resource=pipeline)
        approved = approved or any(_kind(action) == "Approval" for action in _actions(stage))
    if len(stages) < len(items(pipeline.get("stages"))):
        yield Undecided(path="stages", resource=pipeline)


def _waits(stage: Mapping[str, object], action: object) -> bool:
    """Whether an action runs after an approval of its own stage: actions run by their numbers, equal ones at the same time."""
    return any(_order(other) < _order(action) for other in _actions(stage) if _kind(other) == "Approval")


def _order(action: object) -> float:
    order = mapping(action).get("runOrder", 1)
    return float(order) if isinstance(order, int | float | str) and str(order).isdigit() else math.nan


def _actions(stage: Mapping[str, object]) -> list[object]:
    return items(stage.get("actions"))


def _kind(action: object) -> object:
    return mapping(action).get("category")


def _is_production(stage: Mapping[str, object], action: object, *, is_last: bool) -> bool:
    """Whether an action works for production: something of it says so, or it is in the last stage that deploys, and nothing says otherwise."""
    names = [
        words(str(stage.get("name", ""))),
        *(words(value) for _, value in leaves(action) if isinstance(value, str)),
    ]
    if any(_PRODUCTION.search(name) for name in names):
        return True
    return is_last and not any(_BEFORE_PRODUCTION.search(name) for name in names[:1])


RULES: tuple[Rule, ...] = (
    ResourceRule(
        id="CB-01",
        name="build-vpc",
        title="A build runs in subnets and security groups that are named.",
        severity=Severity.HIGH,
        frameworks={"NIST 800-53r5": nist.NETWORK},
        remediation="Give the project's vpc_config the VPC, private subnets and the security group of builds.",
        types=(BUILD,),
        check=_network,
    ),
    ResourceRule(
        id="CB-02",
        name="build-key",
        title="What a build makes is under a key of ours.",
        severity=Severity.HIGH,
        frameworks={"Security Hub": ("CodeBuild.3",), "NIST 800-53r5": nist.ENCRYPTION},
        remediation="Set encryption_key, and leave encryption_disabled out.",
        types=(BUILD,),
        check=_key,
    ),
    ResourceRule(
        id="CB-03",
        name="build-no-privileges",
        title="A build's containers have no privileges.",
        severity=Severity.HIGH,
        frameworks={"Security Hub": ("CodeBuild.5",), "NIST 800-53r5": nist.ACCESS},
        remediation="Set privileged_mode to false; builds of images need an exception.",
        types=(BUILD,),
        check=_privileges,
    ),
    ResourceRule(
        id="CB-04",
        name="build-no-secrets",
        title="No secret stands in a build's environment.",
        severity=Severity.CRITICAL,
        frameworks={"Security Hub": ("CodeBuild.2",), "NIST 800-53r5": nist.ACCESS},
        remediation="Take the variable out; let the build's role read a secret (type SECRETS_MANAGER or PARAMETER_STORE).",
        types=(BUILD,),
        check=_variables,
    ),
    ResourceRule(
        id="CP-01",
        name="pipeline-key",
        title="A pipeline's artifacts are under a key of ours.",
        severity=Severity.HIGH,
        frameworks={"NIST 800-53r5": nist.ENCRYPTION},
        remediation="Give every artifact store an encryption_key.",
        types=(PIPELINE,),
        check=_artifact_key,
    ),
    ResourceRule(
        id="CP-02",
        name="pipeline-approval",
        title="A person approves before a pipeline deploys to production.",
        severity=Severity.HIGH,
        frameworks={"NIST 800-53r5": nist.ACCESS},
        remediation="Put a stage with a manual approval before the stage of production, and use AWS's own actions only.",
        types=(PIPELINE,),
        check=_approval,
    ),
)
