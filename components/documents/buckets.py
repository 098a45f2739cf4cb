"""Bucket policies (access-model.md 2 and 9). Pure: only endpoint ids and key ARNs, which AWS invents, come from outside the names."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from components.documents import Document, Statement, allow, aws, deny, document, service
from components.documents.perimeter import (
    DATA_ACTIONS,
    LIST_ACTIONS,
    NO_SERVICE,
    hold,
    outside,
    spared_roles,
)
from components.environment import Environment
from components.names import Bucket, Role

READ = ("s3:GetObject", "s3:GetObjectVersion")

DEPLOYER_OBJECTS: tuple[str, ...] = (
    "s3:AbortMultipartUpload",
    "s3:DeleteObject",
    "s3:DeleteObjectTagging",
    "s3:DeleteObjectVersion",
    "s3:DeleteObjectVersionTagging",
    "s3:GetObject",
    "s3:GetObjectAttributes",
    "s3:GetObjectTagging",
    "s3:GetObjectVersion",
    "s3:GetObjectVersionTagging",
    "s3:ListMultipartUploadParts",
    "s3:PutObject",
    "s3:PutObjectTagging",
    "s3:PutObjectVersionTagging",
)
"""What the deployer does with artifacts: get, put, delete, versions, tags; no ACLs and no restores."""

_CALLERS_KEY = "s3:x-amz-server-side-encryption-customer-algorithm"

# Every object action there is: the stars only widen a Deny, and room is scarce.
_OBJECT_PATTERNS = (
    "s3:AbortMultipartUpload",
    "s3:DeleteObject*",
    "s3:GetObject*",
    "s3:ListBucketMultipartUploads",
    "s3:ListMultipartUploadParts",
    "s3:PutObject*",
    "s3:RestoreObject",
)

TAG_WRITES = (
    "s3:PutObjectTagging",
    "s3:PutObjectVersionTagging",
    "s3:DeleteObjectTagging",
    "s3:DeleteObjectVersionTagging",
)

_PIPELINES: Mapping[str, Role] = {"HoldBuild": Role.BUILD_PIPELINE, "HoldDeploy": Role.DEPLOY_PIPELINE}
"""Statement id -> pipeline role: CodePipeline puts and gets artifacts from AWS's network."""

_BUILDS: Mapping[str, Role] = {"HoldBuilds": Role.BUILD, "HoldReleases": Role.RELEASE, "HoldTests": Role.TEST}

_RESERVED: Mapping[str, Role] = {"offline": Role.FEATURE_STORE, "results": Role.JOB, "tracking": Role.TRACKING}
"""Parts of the data bucket that one role writes.

Others are allowed by patterns such as `*/input/*`, which `offline/x/input/y` matches too, and producers may write wherever it is free.
"""

BASELINE_PREFIX = "*/baseline/*"
"""Where a project keeps the baselines of its models in the models bucket: `<project>/baseline/`."""


def data(environment: Environment, endpoints: Sequence[str], key_arn: str) -> Document:
    """The data bucket's policy."""
    names, account = environment.names, environment.development
    arn = names.bucket_arn(Bucket.DATA, account)
    pipeline = names.role_arn(Role.PIPELINE, account)
    feature_store = names.role_arn(Role.FEATURE_STORE, account)
    tracking = (Role.TRACKING,) if environment.experiment_tracking else ()
    statements = [
        *_base(environment, Bucket.DATA, account, key_arn),
        *(_written_by(environment, arn, prefix, role) for prefix, role in _RESERVED.items()),
        _outside(environment, arn, endpoints, account, Role.DEPLOYER, Role.PIPELINE, Role.FEATURE_STORE, *tracking),
        *_hold_deployer(environment, arn, account),
        # A pipeline's JsonGet reads its results from SageMaker's own network.
        *hold("HoldPipeline", arn, pipeline, to={"results/*": ["s3:GetObject"]}),
        # Feature Store writes and reads its offline store from its own network.
        *hold(
            "HoldFeatureStore",
            arn,
            feature_store,
            to={"offline/*": ["s3:PutObject", "s3:PutObjectAcl", "s3:GetObject"]},
            within_bucket=["s3:GetBucketAcl"],
        ),
    ]
    if environment.experiment_tracking:
        # Experiment tracking shows its artifacts from SageMaker's own network.
        statements += hold(
            "HoldTracking",
            arn,
            names.role_arn(Role.TRACKING, account),
            to={"tracking/*": [*READ, "s3:PutObject"]},
            within_bucket=["s3:ListBucket"],
        )
    if environment.data_producers:
        statements.append(_producers("AllowProducers", environment.data_producers, f"{arn}/*"))
    return document(*statements)


def models(environment: Environment, endpoints: Sequence[str], key_arn: str) -> Document:
    """The models bucket's policy: AllowCrossAccount and DenyNoVPC of the text, in the design's shape."""
    names, account = environment.names, environment.development
    arn = names.bucket_arn(Bucket.MODELS, account)
    readers = [names.role_arn(role, "*") for role in (Role.MODEL_EXECUTION, Role.MONITORING)]
    approved = {f"s3:ExistingObjectTag/{names.approved_tag}": "true"}
    # Not even an emergency marks a model as approved.
    release = names.role_arn(Role.RELEASE, account)
    # CreateModel looks at the archive, from where is not documented; AllowCrossAccount says whose models these are.
    also = [readers[0]] if "modelData" in environment.also_open else []
    return document(
        *_base(environment, Bucket.MODELS, account, key_arn),
        _outside(environment, arn, endpoints, account, Role.DEPLOYER, also=also),
        *_hold_deployer(environment, arn, account),
        *(statement for role in also for statement in hold("HoldModels", arn, role, to={"*": READ})),
        # Accounts as ids and roles by name: AWS refuses a role that does not exist yet, and a role ARN breaks when the role is made anew.
        allow(
            "AllowCrossAccount",
            READ,
            f"{arn}/*",
            principal=aws(environment.accounts),
            when={"ArnLike": {"aws:PrincipalArn": readers}, "StringEquals": approved},
        ),
        _list_baselines(environment, arn, readers[1]),
        # Whatever a model role's own policy says: an object without the tag is not for it.
        deny(
            "DenyUnapproved",
            READ,
            f"{arn}/*",
            principal="*",
            when={"ArnLike": {"aws:PrincipalArn": readers}, "StringNotEquals": approved},
        ),
        deny("DenyTagging", TAG_WRITES, f"{arn}/*", principal="*", when={"ArnNotLike": {"aws:PrincipalArn": release}}),
        deny(
            "DenyTaggedPut",
            "s3:PutObject",
            f"{arn}/*",
            principal="*",
            when={
                "ArnNotLike": {"aws:PrincipalArn": release},
                "Null": {f"s3:RequestObjectTag/{names.approved_tag}": "false"},
            },
        ),
    )


def artifacts(environment: Environment, endpoints: Sequence[str], key_arn: str) -> Document:
    """The artifacts bucket's policy: seed code, packages, rules; pipelines and the launch role act from AWS's network."""
    names, account = environment.names, environment.development
    arn = names.bucket_arn(Bucket.ARTIFACTS, account)
    launch = {
        "HoldLaunch": Role.PRODUCTS_LAUNCH,
        **({"HoldFront": Role.S3_FRONT_LAUNCH} if environment.s3_front else {}),
    }
    spared = (Role.DEPLOYER, *launch.values(), *_PIPELINES.values())
    return document(
        *_base(environment, Bucket.ARTIFACTS, account, key_arn),
        _outside(environment, arn, endpoints, account, *spared),
        *hold(
            "HoldDeployer",
            arn,
            names.role_arn(Role.DEPLOYER, account),
            to={"*": DEPLOYER_OBJECTS},
            within_bucket=[*LIST_ACTIONS, "s3:ListBucketMultipartUploads"],
        ),
        *(
            statement
            for sid, role in launch.items()
            for statement in hold(sid, arn, names.role_arn(role, account), to={"seed/*": READ})
        ),
        *_hold_pipelines(environment, arn, _PIPELINES),
    )


def project(environment: Environment, name: str, endpoints: Sequence[str], key_arn: str) -> Document:
    """The policy of a project's own bucket in the development account: what its pipelines and builds hand to each other.

    Builds come through the development account's endpoint, the only one that counts here. Who launches a project sees that the bucket is
    there, and nothing of its objects.

    Args:
        environment: The environment.
        name: The bucket's name.
        endpoints: Id of the development account's S3 endpoint.
        key_arn: The data key.
    """
    names, account = environment.names, environment.development
    arn = f"arn:{names.partition}:s3:::{name}"
    launch = (Role.PRODUCTS_LAUNCH, *((Role.S3_FRONT_LAUNCH,) if environment.s3_front else ()))
    # From where a build in a VPC fetches its source is not documented.
    builds = {sid: role for sid, role in _BUILDS.items() if "buildSource" in environment.also_open}
    own = replace(environment, organization=None)
    return document(
        *_encryption(arn, key_arn),
        _outside(own, arn, endpoints, account, *launch, *_PIPELINES.values(), *builds.values()),
        deny(
            "HoldLaunch",
            _OBJECT_PATTERNS,
            [arn, f"{arn}/*"],
            principal="*",
            when={
                "ArnLike": {"aws:PrincipalArn": [names.role_arn(role, account) for role in launch]},
                "BoolIfExists": NO_SERVICE,
            },
        ),
        *_hold_pipelines(environment, arn, {**_PIPELINES, **builds}, within_bucket=["s3:GetBucketAcl"]),
    )


def _hold_pipelines(
    environment: Environment, arn: str, roles: Mapping[str, Role], *, within_bucket: Sequence[str] = ()
) -> list[Statement]:
    """Hold roles of pipelines to getting and putting objects of a bucket."""
    account = environment.development
    return [
        statement
        for sid, role in roles.items()
        for statement in hold(
            sid,
            arn,
            environment.names.role_arn(role, account),
            to={"*": [*READ, "s3:PutObject"]},
            within_bucket=within_bucket,
        )
    ]


def templates(environment: Environment) -> Document:
    """The templates bucket's policy: TLS only, a named exception from the perimeter (a user's browser reads it)."""
    return document(*transport(environment.names.bucket_arn(Bucket.TEMPLATES, environment.development)))


def capture(environment: Environment, account: str, endpoints: Sequence[str], key_arn: str) -> Document:
    """The policy of an account's capture bucket: data capture, monitoring reports, ground truth."""
    arn = environment.names.bucket_arn(Bucket.CAPTURE, account)
    # From where an endpoint writes what it captures is not documented.
    models = (Role.MODEL_EXECUTION,) if "capture" in environment.also_open else ()
    statements = [
        *_base(environment, Bucket.CAPTURE, account, key_arn),
        _outside(environment, arn, endpoints, account, Role.DEPLOYER, *models),
        *_hold_deployer(environment, arn, account),
        *(
            statement
            for role in models
            for statement in hold(
                "HoldCapture",
                arn,
                environment.names.role_arn(role, account),
                to={"data-capture/*": ["s3:PutObject"]},
                within_bucket=["s3:GetBucketAcl"],
            )
        ),
    ]
    if environment.ground_truth_producers:
        statements.append(_producers("AllowGroundTruth", environment.ground_truth_producers, f"{arn}/ground-truth/*"))
    return document(*statements)


def logs(environment: Environment, account: str) -> Document:
    """The policy of an account's access log bucket: only S3's log delivery, only for this account's buckets, may write."""
    names = environment.names
    arn = names.bucket_arn(Bucket.LOGS, account)
    return document(
        *transport(arn),
        allow(
            "AllowLogDelivery",
            "s3:PutObject",
            f"{arn}/*",
            principal=service("logging.s3"),
            when={
                "StringEquals": {"aws:SourceAccount": account},
                "ArnLike": {"aws:SourceArn": f"arn:{names.partition}:s3:::*"},
            },
        ),
        # Access logs are evidence: nobody changes them but the service and an emergency.
        deny(
            "DenyLogWrites",
            ["s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion"],
            f"{arn}/*",
            principal="*",
            when={
                "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
                **(
                    {"ArnNotLike": {"aws:PrincipalArn": list(environment.break_glass)}}
                    if environment.break_glass
                    else {}
                ),
            },
        ),
    )


def transport(arn: str) -> list[Statement]:
    """Denies of a bucket's policy: `s3:*`, because no request without TLS 1.2 is wanted, whatever it does.

    Args:
        arn: The bucket's ARN.
    """
    return [
        deny(
            "DenyInsecureTransport",
            "s3:*",
            [arn, f"{arn}/*"],
            principal="*",
            when={"Bool": {"aws:SecureTransport": "false"}},
        ),
        deny(
            "DenyOldTls", "s3:*", [arn, f"{arn}/*"], principal="*", when={"NumericLessThan": {"s3:TlsVersion": "1.2"}}
        ),
    ]


def _base(environment: Environment, bucket: Bucket, account: str, key_arn: str) -> list[Statement]:
    return _encryption(environment.names.bucket_arn(bucket, account), key_arn)


def _encryption(arn: str, key_arn: str) -> list[Statement]:
    """TLS, and no other key than the data key: objects are encrypted with it by default, a header may not say otherwise."""
    header = "s3:x-amz-server-side-encryption"
    return [
        *transport(arn),
        # Null first: the header's absence means the bucket's default, which is right (security-rules.md part 3, item 20).
        deny(
            "DenyOtherEncryption",
            "s3:PutObject",
            f"{arn}/*",
            principal="*",
            when={"Null": {header: "false"}, "StringNotEquals": {header: "aws:kms"}},
        ),
        deny(
            "DenyOtherKey",
            "s3:PutObject",
            f"{arn}/*",
            principal="*",
            when={
                "Null": {f"{header}-aws-kms-key-id": "false"},
                "StringNotEquals": {f"{header}-aws-kms-key-id": key_arn},
            },
        ),
        # A key that the caller brings is neither header above, and whoever has it alone can read the object.
        deny("DenyCallersKey", "s3:PutObject", f"{arn}/*", principal="*", when={"Null": {_CALLERS_KEY: "false"}}),
    ]


def _outside(
    environment: Environment,
    arn: str,
    endpoints: Sequence[str],
    account: str,
    *spared: Role,
    also: Sequence[str] = (),
) -> Statement:
    return deny(
        "DenyNoVPC",
        DATA_ACTIONS,
        [arn, f"{arn}/*"],
        principal="*",
        when=outside(environment, endpoints, [*spared_roles(environment, account, *spared), *also]),
    )


def _hold_deployer(environment: Environment, arn: str, account: str) -> list[Statement]:
    """The deployer sees that the bucket is there; it never reads or writes its objects."""
    return [
        deny(
            "HoldDeployer",
            _OBJECT_PATTERNS,
            [arn, f"{arn}/*"],
            principal="*",
            when={
                "ArnLike": {"aws:PrincipalArn": environment.names.role_arn(Role.DEPLOYER, account)},
                "BoolIfExists": NO_SERVICE,
            },
        )
    ]


def _written_by(environment: Environment, arn: str, prefix: str, role: Role) -> Statement:
    """Only this role, and an emergency, changes what is below a prefix."""
    writers = spared_roles(environment, environment.development, role)
    return deny(
        f"Deny{prefix.title()}Writes",
        ["s3:DeleteObject", "s3:DeleteObjectVersion", "s3:PutObject", "s3:PutObjectAcl"],
        f"{arn}/{prefix}/*",
        principal="*",
        when={"ArnNotLike": {"aws:PrincipalArn": writers}},
    )


def _list_baselines(environment: Environment, arn: str, monitoring: str) -> Statement:
    """A monitoring job's role needs ListBucket on its inputs: below the baselines only.

    By organisation its accounts are not listed a second time, for room: names of baselines are no secret within one.
    """
    when: dict[str, Mapping[str, str | list[str]]] = {
        "ArnLike": {"aws:PrincipalArn": monitoring},
        "StringLike": {"s3:prefix": BASELINE_PREFIX},
    }
    if environment.organization:
        when["StringEquals"] = {"aws:PrincipalOrgID": environment.organization}
        return allow("AllowBaselineList", "s3:ListBucket", arn, principal="*", when=when)
    return allow("AllowBaselineList", "s3:ListBucket", arn, principal=aws(environment.accounts), when=when)


def _producers(sid: str, producers: Sequence[str], resource: str) -> Statement:
    """Configured roles, perhaps of other accounts, may write; through our endpoints like everybody."""
    accounts = dict.fromkeys(arn.split(":")[4] for arn in producers)
    return allow(
        sid,
        ["s3:PutObject", "s3:AbortMultipartUpload"],
        resource,
        principal=aws(accounts),
        when={"ArnLike": {"aws:PrincipalArn": list(producers)}},
    )


__all__ = ["BASELINE_PREFIX", "LIST_ACTIONS", "READ", "artifacts", "capture", "data", "logs", "models", "templates"]
