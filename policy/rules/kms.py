"""Rules for KMS keys and their policies."""

import re
from collections.abc import Iterator

from perimeter.documents import DocumentError, parse
from perimeter.lockout import key_lockout
from policy import nist
from policy.context import Context
from policy.grants import (
    ANY_ACCOUNT,
    ARN_OPERATORS,
    TEXT_OPERATORS,
    granted_accounts,
    has_own_source,
    is_fixed,
    names_anybody,
    own_accounts,
)
from policy.model import UNKNOWN, Resource, Stack, UndecidedError
from policy.rule import Finding, Outcome, ResourceRule, Rule, Severity, StackRule, Undecided
from policy.rules.network import unlinked
from policy.statements import Statement, account_of, each_statement

KEY = "aws:kms/key:Key"
EXTERNAL_KEY = "aws:kms/externalKey:ExternalKey"
REPLICA_KEY = "aws:kms/replicaKey:ReplicaKey"
REPLICA_EXTERNAL_KEY = "aws:kms/replicaExternalKey:ReplicaExternalKey"
KEY_POLICY = "aws:kms/keyPolicy:KeyPolicy"
ALIAS = "aws:kms/alias:Alias"

KEYS = (KEY, EXTERNAL_KEY, REPLICA_KEY, REPLICA_EXTERNAL_KEY)
DOCUMENTS = (*KEYS, KEY_POLICY)


def is_key_of_aws(value: object) -> bool:
    """Whether a key is one of AWS's own, which no policy of ours guards (`alias/aws/s3`, or the ARN of such an alias)."""
    return isinstance(value, str) and re.search(r"(^|:)alias/aws/", value) is not None


def _policy(resource: Resource) -> Iterator[tuple[str, object]]:
    yield "policy", resource.properties.get("policy")


# Keys ---------------------------------------------------------------------------------------------------------------------------------


def _rotation(key: Resource, _: Context) -> Iterator[Finding]:
    if key.get("customerMasterKeySpec") not in (None, "SYMMETRIC_DEFAULT") or key.is_set("customKeyStoreId"):
        return  # KMS rotates symmetric keys of its own store only
    if key.get("enableKeyRotation") is not True:
        yield Finding(message="rotation is off", resource=key)


def _has_policy(stack: Stack, _: Context) -> Iterator[Outcome]:
    unknown = unlinked(stack, KEY_POLICY, "keyId")
    for key in stack.of(*KEYS):
        policies = [key, *stack.users(key, KEY_POLICY, "keyId")]
        if any(policy.is_set("policy") for policy in policies):
            continue
        if unknown:
            yield Undecided(path="keyId", resource=unknown)
        else:
            yield Finding(message="has no policy: the default one lets IAM alone give the key away", resource=key)


def _kept(resource: Resource, context: Context) -> Iterator[Outcome]:
    """KMS's own check, asked for the account's root and the deployer."""
    if resource.properties.get("bypassPolicyLockoutSafetyCheck") is UNKNOWN:
        yield Undecided(path="bypassPolicyLockoutSafetyCheck", resource=resource)
    elif (
        resource.is_set("bypassPolicyLockoutSafetyCheck")
        and resource.get("bypassPolicyLockoutSafetyCheck") is not False
    ):
        yield Finding(message="bypassPolicyLockoutSafetyCheck lets a policy lock everybody out", resource=resource)
    if not resource.is_set("policy"):
        return  # KMS-02
    if resource.provider is None or not resource.provider.accounts:
        raise UndecidedError("provider.allowedAccountIds")
    account = resource.provider.accounts[0]
    try:
        document = parse(resource.properties.get("policy"), "policy")
    except DocumentError:
        return  # KMS-03
    lockout = key_lockout(
        document, root=f"arn:{context.partition}:iam::{account}:root", administrators=[context.deployer_arn(account)]
    )
    if lockout and lockout.certain:
        yield Finding(message=f"locks the account out of the key: {lockout}", resource=resource)
    elif lockout:
        yield Undecided(path="policy", resource=resource)


# Policies -----------------------------------------------------------------------------------------------------------------------------


def _not_anybody(statement: Statement, context: Context) -> Iterator[str]:
    if not statement.allows:
        return
    if names_anybody(statement):
        accounts = [
            account
            for key in ("kms:CallerAccount", "aws:PrincipalAccount")
            for account in statement.bound(key, *TEXT_OPERATORS)
        ]
        organization = statement.bound("aws:PrincipalOrgID", *TEXT_OPERATORS)
        ours = is_fixed(accounts) and set(accounts) <= context.named_accounts
        if not ours and not is_fixed(organization):
            yield "anybody may use the key: bind kms:CallerAccount to our accounts"
    statement.demand("Principal")


def _grants_scoped(statement: Statement, _: Context) -> Iterator[str]:
    if not statement.allows or not statement.covers("kms:CreateGrant"):
        return
    for_services = statement.bound("kms:GrantIsForAWSResource", "Bool")
    via = statement.bound("kms:ViaService", *TEXT_OPERATORS)
    if for_services != ["true"] and not (via and all(re.match(r"[a-z0-9-]+\.", service) for service in via)):
        yield "kms:CreateGrant gives the key on to anybody: bind kms:GrantIsForAWSResource"


def _services_for_ours(statement: Statement, context: Context) -> Iterator[str]:
    if not statement.allows:
        return
    services = statement.principals("Service")
    groups = statement.bound("kms:EncryptionContext:aws:logs:arn", *ARN_OPERATORS)
    for_our_logs = bool(groups) and {account_of(group) for group in groups} <= context.accounts
    only_logs = all(re.match(r"logs\.", service) for service in services)
    if services and not (for_our_logs and only_logs) and not has_own_source(statement, context):
        yield f"{', '.join(services)} may use the key for anybody: bind aws:SourceAccount to our accounts"
    statement.demand("Principal")


ADMINISTRATION = (
    "CancelKeyDeletion",
    "CreateAlias",
    "CreateGrant",
    "DeleteAlias",
    "DeleteImportedKeyMaterial",
    "DisableKey",
    "DisableKeyRotation",
    "EnableKey",
    "EnableKeyRotation",
    "GetParametersForImport",
    "ImportKeyMaterial",
    "PutKeyPolicy",
    "ReplicateKey",
    "RevokeGrant",
    "RotateKeyOnDemand",
    "ScheduleKeyDeletion",
    "SynchronizeMultiRegionKey",
    "TagResource",
    "UntagResource",
    "UpdateAlias",
    "UpdateKeyDescription",
    "UpdatePrimaryRegion",
)
"""What changes a key, or who may use it. Source: Service Authorization Reference, AWS KMS, access levels Write, Tagging and Permissions management."""


def _use_only(resource: Resource, context: Context) -> Iterator[Outcome]:
    own = own_accounts(resource, context)

    def check(statement: Statement, _: Context) -> Iterator[str]:
        if not statement.allows:
            return
        foreign = granted_accounts(statement) - own
        administered = [action for action in ADMINISTRATION if foreign and statement.covers(f"kms:{action}")]
        if administered:
            who = "anybody" if ANY_ACCOUNT in foreign else ", ".join(sorted(foreign))
            yield f"{who} may administer the key of another account (kms:{administered[0]})"
        statement.demand("Principal")

    yield from each_statement(_policy, check)(resource, context)


RULES: tuple[Rule, ...] = (
    ResourceRule(
        id="KMS-01",
        name="rotation",
        title="A symmetric key rotates.",
        severity=Severity.MEDIUM,
        frameworks={
            "Security Hub": ("KMS.4",),
            "CIS AWS 6.0": ("4.6",),
            "checkov": ("CKV_AWS_7",),
            "cdk-nag": ("AwsSolutions-KMS5",),
            "AVD": ("AVD-0065",),
            "guard": ("CMK_BACKING_KEY_ROTATION_ENABLED",),
            "NIST 800-53r5": nist.ROTATION,
        },
        remediation="Set enable_key_rotation=True.",
        types=(KEY,),
        check=_rotation,
    ),
    StackRule(
        id="KMS-02",
        name="policy-explicit",
        title="A key has a policy of its own.",
        severity=Severity.MEDIUM,
        frameworks={"checkov": ("CKV2_AWS_64",), "NIST 800-53r5": nist.ACCESS},
        remediation="Set policy on the kms.Key, or add a kms.KeyPolicy for it.",
        check=_has_policy,
    ),
    ResourceRule(
        id="KMS-03",
        name="no-wildcard-principal",
        title="A key is for named accounts.",
        severity=Severity.CRITICAL,
        frameworks={
            "Security Hub": ("KMS.5",),
            "checkov": ("CKV_AWS_33",),
            "guard": ("KMS_NO_WILDCARD_PRINCIPAL",),
            "NIST 800-53r5": nist.ACCESS,
        },
        remediation="Name accounts as Principal, or add StringEquals kms:CallerAccount to the statement of policy.",
        types=DOCUMENTS,
        check=each_statement(_policy, _not_anybody, malformed=True),
    ),
    ResourceRule(
        id="KMS-04",
        name="account-admin-kept",
        title="The account of a key, or its deployer, keeps the right to change its policy.",
        severity=Severity.HIGH,
        frameworks={"compliance-policies": ("disallowBypassPolicyLockoutSafetyCheck",)},
        remediation="Allow kms:PutKeyPolicy to the root of the key's account without conditions, and leave "
        "bypass_policy_lockout_safety_check out.",
        types=DOCUMENTS,
        check=_kept,
    ),
    ResourceRule(
        id="KMS-07",
        name="create-grant-scoped",
        title="Grants on a key are for AWS services only.",
        severity=Severity.HIGH,
        frameworks={"NIST 800-53r5": nist.ACCESS},
        remediation="Give kms:CreateGrant a statement of its own with Bool kms:GrantIsForAWSResource true; name the other actions instead of kms:*.",
        types=DOCUMENTS,
        check=each_statement(_policy, _grants_scoped),
    ),
    ResourceRule(
        id="KMS-08",
        name="service-principal-source",
        title="A service uses a key only for resources of the environment.",
        severity=Severity.MEDIUM,
        frameworks={"NIST 800-53r5": nist.ACCESS},
        remediation="Add StringEquals aws:SourceAccount to the statement; for CloudWatch Logs ArnLike kms:EncryptionContext:aws:logs:arn.",
        types=DOCUMENTS,
        check=each_statement(_policy, _services_for_ours),
    ),
    ResourceRule(
        id="KMS-10",
        name="cross-account-use-only",
        title="Other accounts use a key, and never administer it.",
        severity=Severity.CRITICAL,
        frameworks={"NIST 800-53r5": nist.ACCESS},
        remediation="Name kms:Decrypt, kms:DescribeKey and the like in the statement for other accounts; grants and policies stay with the owner.",
        types=DOCUMENTS,
        check=_use_only,
    ),
)
