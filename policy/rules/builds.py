"""Rules for builds and pipelines: in our network, under our keys, without privileges, and a person before production."""

from collections.abc import Iterator

from policy import nist
from policy.context import Context
from policy.model import UNKNOWN, Resource, items, mapping
from policy.rule import Finding, Outcome, ResourceRule, Rule, Severity, Undecided
from policy.rules.serving import own_key, required

BUILD = "aws:codebuild/project:Project"
PIPELINE = "aws:codepipeline/pipeline:Pipeline"

_PRODUCTION = "prod"
"""How names of stages and stack sets of production are told."""


def _network(build: Resource, _: Context) -> Iterator[Outcome]:
    yield from required(build, "vpcConfig.vpcId", "vpcConfig.subnets", "vpcConfig.securityGroupIds")


def _key(build: Resource, _: Context) -> Iterator[Outcome]:
    yield from own_key(build, "encryptionKey")
    for path in ("artifacts.encryptionDisabled", "logsConfig.s3Logs.encryptionDisabled"):
        if build.get(path) is True:
            yield Finding(message=f"{path} is true", resource=build)


def _privileges(build: Resource, _: Context) -> Iterator[Outcome]:
    if build.get("environment.privilegedMode") is True:
        yield Finding(message="its containers rule the machine that they run on", resource=build)


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
    approved = False
    for stage in items(pipeline.get("stages")):
        for action in items(mapping(stage).get("actions")):
            if UNKNOWN in (stage, action):
                yield Undecided(path="stages", resource=pipeline)
                continue
            kind = mapping(mapping(action).get("actionTypeId")) or mapping(action)
            if kind.get("owner") not in ("AWS", UNKNOWN):
                yield Finding(message=f"{mapping(action).get('name')} is an action of a third party", resource=pipeline)
            approved = approved or kind.get("category") == "Approval"
            name = str(mapping(stage).get("name", "")).lower()
            if kind.get("category") == "Deploy" and _PRODUCTION in name and not approved:
                yield Finding(
                    message=f"{mapping(stage).get('name')} deploys and nobody has approved", resource=pipeline
                )


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
