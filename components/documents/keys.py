"""Key policies (access-model.md 3): administration and use are separate statements, and only data keys carry the endpoint condition.

The account is the principal and `aws:PrincipalArn` names the role, so a role may come after the key; KMS then asks the role's own policy too.
The account's administration statement carries no use: IAM alone can grant nobody the use of a key.
"""

from collections.abc import Sequence

from components.documents import Document, Statement, allow, aws, deny, document
from components.documents.perimeter import outside
from components.environment import Environment
from components.names import Bucket, Role

ADMINISTRATION = (
    "kms:CancelKeyDeletion",
    "kms:DescribeKey",
    "kms:DisableKey",
    "kms:DisableKeyRotation",
    "kms:EnableKey",
    "kms:EnableKeyRotation",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListGrants",
    "kms:ListKeyPolicies",
    "kms:ListKeyRotations",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:RevokeGrant",
    "kms:RotateKeyOnDemand",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateKeyDescription",
)
ALIASES = ("kms:CreateAlias", "kms:DeleteAlias", "kms:UpdateAlias")

# The stars stand for the variants of one operation: ReEncryptFrom and ReEncryptTo, GenerateDataKeyPair, ...WithoutPlaintext.
CRYPTOGRAPHY = ("kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*")

DATA_KEY_USERS: tuple[Role, ...] = (
    Role.JOB,
    Role.INGESTION,
    Role.FEATURE_STORE,
    Role.PIPELINE,
    Role.DATA_SCIENTIST_STUDIO,
    Role.ML_ENGINEER_STUDIO,
    Role.PRODUCTS_LAUNCH,
    Role.BUILD,
    Role.BUILD_PIPELINE,
    Role.RELEASE,
    Role.TEST,
    Role.DEPLOY_PIPELINE,
    Role.TRACKING,
)
"""Roles of the development account that use its data key, beside `SERVING_DATA_KEY_USERS`."""

SERVING_DATA_KEY_USERS: tuple[Role, ...] = (Role.MODEL_EXECUTION, Role.MONITORING)
"""Roles that use the data key of the account they are in: capture and monitoring reports."""

STORAGE_KEY_USERS: tuple[Role, ...] = (
    Role.DATA_SCIENTIST_STUDIO,
    Role.ML_ENGINEER_STUDIO,
    Role.PIPELINE,
    Role.JOB,
    Role.INGESTION_PIPELINE,
    Role.INGESTION,
)
"""Roles of the development account whose jobs SageMaker encrypts with the storage key, beside those that serve and those that launch."""

SERVING_STORAGE_KEY_USERS: tuple[Role, ...] = (Role.MONITORING, Role.STACK_SET_EXECUTION, Role.MODEL_EXECUTION)
"""Whether the caller or the model's role makes an endpoint's grant is not documented: both may."""


def data_key(environment: Environment, account: str, endpoints: Sequence[str]) -> Document:
    """The policy of an account's data key.

    Args:
        environment: The environment.
        account: The key's account.
        endpoints: Ids of the KMS interface endpoints of all accounts.
    """
    development = account == environment.development
    launch = (Role.S3_FRONT_LAUNCH,) if environment.s3_front else ()
    users = (*((*DATA_KEY_USERS, *launch) if development else ()), *SERVING_DATA_KEY_USERS)
    statements = [
        *_administration(environment, account),
        _use("AllowUse", environment, account, users, [*CRYPTOGRAPHY, "kms:DescribeKey"]),
        deny(
            "DenyNoVPC",
            CRYPTOGRAPHY,
            "*",  # in a key policy: this key
            principal="*",
            when=outside(environment, endpoints, environment.break_glass),
        ),
    ]
    if development:
        statements += [_deployer_artifacts(environment), *_cross_account(environment)]
        statements += _producers(environment, environment.data_producers)
    else:
        statements += _producers(environment, environment.ground_truth_producers)
    return document(*statements)


def storage_key(environment: Environment, account: str) -> Document:
    """The policy of an account's storage key: volumes, Studio home, online store; all through grants of SageMaker.

    No endpoint condition: SageMaker, EBS and EFS use it from their own networks, and an explicit Deny would win over their grants.
    """
    development = account == environment.development
    launch = (Role.PRODUCTS_LAUNCH, *((Role.S3_FRONT_LAUNCH,) if environment.s3_front else ()))
    users = (Role.DEPLOYER, *((*STORAGE_KEY_USERS, *launch) if development else ()), *SERVING_STORAGE_KEY_USERS)
    grant = _use("AllowGrants", environment, account, users, ["kms:CreateGrant"])
    grant["Condition"]["Bool"] = {"kms:GrantIsForAWSResource": "true"}
    statements = [
        *_administration(environment, account),
        grant,
        _use("AllowDescribe", environment, account, users, ["kms:DescribeKey"]),
    ]
    if development:
        # CreateDomain's and CreateFeatureGroup's documented lists, for who calls them; PutRecord decrypts the online store's key.
        creators = (Role.DEPLOYER, *launch)
        statements += [
            _use(
                "AllowCreators",
                environment,
                account,
                creators,
                ["kms:Decrypt", "kms:GenerateDataKeyWithoutPlaintext", "kms:RetireGrant"],
            ),
            _use("AllowPutRecord", environment, account, [Role.INGESTION], ["kms:Decrypt"]),
        ]
    return document(*statements)


def logs_key(environment: Environment, account: str) -> Document:
    """The policy of an account's logs key: CloudWatch Logs, for log groups of this account and region; in development the approvals topic.

    Sources: CloudWatch Logs user guide, "Encrypt log data in CloudWatch Logs using AWS KMS"; SNS developer guide, "Key management".
    """
    names = environment.names
    topic = [_approvals(environment)] if account == environment.development else []
    return document(
        *_administration(environment, account),
        allow(
            "AllowLogs",
            CRYPTOGRAPHY,  # AWS's example has Describe* too, which carries no encryption context: it would never match
            "*",  # in a key policy: this key
            principal={"Service": f"logs.{names.region}.{names.dns_suffix}"},
            when={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": names.arn("logs", "log-group:*", account=account)}},
        ),
        *topic,
    )


def _approvals(environment: Environment) -> Statement:
    """Who publishes to an encrypted topic uses its key, through SNS."""
    statement = _use(
        "AllowApprovals",
        environment,
        environment.development,
        [Role.DEPLOY_PIPELINE],
        ["kms:Decrypt", "kms:GenerateDataKey*"],
    )
    statement["Condition"]["StringEquals"] = _through(environment, "sns")
    return statement


def _administration(environment: Environment, account: str) -> list[Statement]:
    """The account keeps the key manageable whatever happens to the deployer; only the deployer moves aliases."""
    root = aws(environment.names.root(account))
    deployer = {"ArnLike": {"aws:PrincipalArn": environment.names.role_arn(Role.DEPLOYER, account)}}
    return [
        allow("AllowAdministration", ADMINISTRATION, "*", principal=root),
        allow("AllowAliases", ALIASES, "*", principal=root, when=deployer),
    ]


def _use(sid: str, environment: Environment, account: str, roles: Sequence[Role], actions: Sequence[str]) -> Statement:
    arns = [environment.names.role_arn(role, account) for role in roles]
    return allow(
        sid, actions, "*", principal=aws(environment.names.root(account)), when={"ArnLike": {"aws:PrincipalArn": arns}}
    )


def _through(environment: Environment, service: str) -> dict[str, str | list[str]]:
    return {"kms:ViaService": f"{service}.{environment.names.region}.{environment.names.dns_suffix}"}


def _deployer_artifacts(environment: Environment) -> Statement:
    """The deployer writes seed code and rules into the artifacts bucket: through S3 and for that bucket only."""
    statement = _use(
        "AllowDeployerArtifacts",
        environment,
        environment.development,
        [Role.DEPLOYER],
        ["kms:GenerateDataKey", "kms:Decrypt"],
    )
    arn = environment.names.bucket_arn(Bucket.ARTIFACTS, environment.development)
    statement["Condition"] |= {
        "StringEquals": _through(environment, "s3"),
        "StringLike": {"kms:EncryptionContext:aws:s3:arn": [arn, f"{arn}/*"]},
    }
    return statement


def _cross_account(environment: Environment) -> list[Statement]:
    """Targets decrypt what they read from the models bucket, through S3 only. DescribeKey carries no encryption context."""
    targets = [account for account in environment.targets if account != environment.development]
    if not targets:
        return []
    names = environment.names
    arn = names.bucket_arn(Bucket.MODELS, environment.development)
    readers = {"aws:PrincipalArn": [names.role_arn(role, "*") for role in SERVING_DATA_KEY_USERS]}
    via = _through(environment, "s3")
    return [
        allow(
            "AllowCrossAccount",
            "kms:Decrypt",
            "*",
            principal=aws(targets),
            when={
                "ArnLike": readers,
                "StringEquals": via,
                # The bucket alone where S3 Bucket Keys are on, the object's ARN otherwise.
                "StringLike": {"kms:EncryptionContext:aws:s3:arn": [arn, f"{arn}/*"]},
            },
        ),
        allow(
            "AllowCrossAccountDescribe",
            "kms:DescribeKey",
            "*",
            principal=aws(targets),
            when={"ArnLike": readers, "StringEquals": via},
        ),
    ]


def _producers(environment: Environment, producers: Sequence[str]) -> list[Statement]:
    """Configured producers encrypt what they write, through S3; Decrypt is for multipart uploads."""
    if not producers:
        return []
    return [
        allow(
            "AllowProducers",
            ["kms:GenerateDataKey", "kms:Decrypt"],
            "*",
            principal=aws(dict.fromkeys(arn.split(":")[4] for arn in producers)),
            when={"ArnLike": {"aws:PrincipalArn": list(producers)}, "StringEquals": _through(environment, "s3")},
        )
    ]
