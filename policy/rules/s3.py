"""Rules for buckets: what every bucket has, what its policy refuses, and to whom it gives."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial

from perimeter.documents import Document, DocumentError, parse
from perimeter.evaluate import Policies, Request, evaluate
from perimeter.lockout import OUTSIDE, bucket_lockout
from perimeter.patterns import Value
from perimeter.principals import Principal
from perimeter.verdict import Text, Verdict, negate
from policy import nist
from policy.context import Context
from policy.grants import (
    ANY_ACCOUNT,
    ARN_OPERATORS,
    TEXT_OPERATORS,
    granted_accounts,
    has_own_source,
    is_fixed,
    names_a_role,
    names_anybody,
    own_accounts,
)
from policy.model import UNKNOWN, Resource, Stack, UndecidedError, items, mapping
from policy.rule import Finding, Outcome, ResourceRule, Rule, Severity, StackRule, Undecided
from policy.rules.kms import ALIAS, KEYS, is_key_of_aws
from policy.rules.network import ENDPOINT, VPC, unlinked
from policy.statements import Statement, account_of, each_statement, read

BUCKET = "aws:s3/bucket:Bucket"
BUCKET_POLICY = "aws:s3/bucketPolicy:BucketPolicy"
PUBLIC_ACCESS_BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"
OWNERSHIP = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
ACL = "aws:s3/bucketAcl:BucketAcl"

LOGS, TEMPLATES = "logs", "templates"

Check = Callable[[Resource, Resource, Stack, Context], Iterable[Outcome]]
"""What is wrong with a bucket's setting."""


# Buckets and their settings -----------------------------------------------------------------------------------------------------------


def _role(bucket: Resource, context: Context) -> str:
    """What a bucket of the environment is for (`P-<account>-logs`: `logs`); empty for any other.

    Raises:
        UndecidedError: Its name is not known.
    """
    found = re.fullmatch(rf"{re.escape(context.prefix)}-(\d{{12}})-([a-z]+)", str(bucket.get("bucket")))
    return found[2] if found and found[1] in context.accounts else ""


def _arn(bucket: Resource, context: Context) -> str:
    name = bucket.get("bucket")
    if not name:
        raise UndecidedError("bucket")
    return f"arn:{context.partition}:s3:::{name}"


def _account(bucket: Resource) -> str:
    if bucket.provider is None or not bucket.provider.accounts:
        raise UndecidedError("provider.allowedAccountIds")
    return bucket.provider.accounts[0]


def _settings(stack: Stack, bucket: Resource, token: str) -> list[Resource]:
    """The resources of a type that belong to a bucket, else what the bucket itself says of it (the older form)."""
    found = [
        setting
        for setting in stack.users(bucket, token, "bucket")
        # Where the name is known, it decides: a value may come from several buckets.
        if setting.properties.get("bucket") is UNKNOWN
        or not bucket.identity
        or setting.properties.get("bucket") in bucket.identity
    ]
    return found or _inline(bucket, token)


def _inline(bucket: Resource, token: str) -> list[Resource]:
    """A bucket's own `policy`, `versioning` or `serverSideEncryptionConfiguration`, as the resource that replaced it."""
    if token == BUCKET_POLICY and bucket.is_set("policy"):
        return [bucket]
    if token == VERSIONING and bucket.is_set("versioning"):
        given = bucket.properties["versioning"]
        enabled = UNKNOWN if given is UNKNOWN else mapping(given).get("enabled")
        status = UNKNOWN if enabled is UNKNOWN else "Enabled" if enabled is True else "Suspended"
        return [replace(bucket, properties={"versioningConfiguration": {"status": status}})]
    if token == ENCRYPTION and bucket.is_set("serverSideEncryptionConfiguration"):
        given = bucket.properties["serverSideEncryptionConfiguration"]
        return [replace(bucket, properties={"rules": given if given is UNKNOWN else mapping(given).get("rule")})]
    return []


def _each_bucket(token: str, missing: str, check: Check) -> Callable[[Stack, Context], Iterator[Outcome]]:
    """A rule's function from one that looks at a setting of a bucket.

    Args:
        token: The setting's type.
        missing: What is wrong with a bucket without it; empty when that is another rule's business.
        check: What is wrong with one; what it yields before `UndecidedError` stands.
    """

    def look(stack: Stack, context: Context) -> Iterator[Outcome]:
        unknown = unlinked(stack, token, "bucket")
        for bucket in stack.of(BUCKET):
            settings = _settings(stack, bucket, token)
            if missing and not settings:
                yield (
                    Undecided(path="bucket", resource=unknown) if unknown else Finding(message=missing, resource=bucket)
                )
            for setting in settings:
                yield from _decided(setting, check(bucket, setting, stack, context))

    return look


def _decided(resource: Resource, outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
    try:
        yield from outcomes
    except UndecidedError as unknown:
        yield Undecided(path=unknown.path, resource=resource)


def _has_policy(_bucket: Resource, policy: Resource, _stack: Stack, _context: Context) -> Iterator[Outcome]:
    if not policy.is_set("policy"):
        yield Finding(message="the bucket's policy is empty", resource=policy)


_BLOCKS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")


def _blocks_all(bucket: Resource, block: Resource, stack: Stack, _: Context) -> Iterator[Outcome]:
    for name in _BLOCKS:
        if block.properties.get(name) is UNKNOWN:
            yield Undecided(path=name, resource=block)
        elif block.get(name) is not True:
            yield Finding(message=f"{name} is off", resource=block)
    if block is not _settings(stack, bucket, PUBLIC_ACCESS_BLOCK)[0]:
        yield Finding(message="is a second block of the same bucket: the last one written wins", resource=block)


def _encrypted(bucket: Resource, encryption: Resource, stack: Stack, context: Context) -> Iterator[Outcome]:
    rules = items(encryption.get("rules"))
    if not rules:
        yield Finding(message="has no rule", resource=encryption)
    for index, rule in enumerate(rules):
        path = f"rules[{index}]"
        if rule is UNKNOWN:
            raise UndecidedError(path)
        # A key that is not known yet is one of ours when it comes from a key of the stack.
        ours = bool(stack.referred(encryption, "rules", *KEYS, ALIAS))
        wrong = _wrong_key(replace(encryption, properties=mapping(rule)), path, ours=ours)
        if wrong is None:
            if _role(bucket, context) == LOGS:
                yield Finding(message="S3 delivers no access logs into a bucket under a KMS key", resource=encryption)
        elif not (_has_sse_s3(rule) and _role(bucket, context) in (LOGS, TEMPLATES)):
            yield Finding(message=f"{path} {wrong}", resource=encryption)


def _has_sse_s3(rule: object) -> bool:
    return mapping(mapping(rule).get("applyServerSideEncryptionByDefault")).get("sseAlgorithm") == "AES256"


def _wrong_key(rule: Resource, path: str, *, ours: bool) -> str | None:
    """Why a rule does not encrypt with a key of ours, None when it does."""
    default = "applyServerSideEncryptionByDefault"
    try:
        algorithm = rule.get(f"{default}.sseAlgorithm")
        if algorithm not in ("aws:kms", "aws:kms:dsse"):
            return "does not encrypt with KMS"
        if not rule.is_set(f"{default}.kmsMasterKeyId"):
            return "names no key: AWS's own is used"
        # Dual-layer encryption knows no bucket keys.
        if algorithm == "aws:kms" and rule.get("bucketKeyEnabled") is not True:
            return "has no bucket key: one request to KMS for every object"
        is_key_of_others = not ours and is_key_of_aws(rule.get(f"{default}.kmsMasterKeyId"))
    except UndecidedError as unknown:
        raise UndecidedError(f"{path}.{unknown.path}") from None
    return "names a key of AWS's" if is_key_of_others else None


def _versioned(_bucket: Resource, versioning: Resource, _stack: Stack, _context: Context) -> Iterator[Outcome]:
    if versioning.get("versioningConfiguration.status") != "Enabled":
        yield Finding(message="versions are not kept", resource=versioning)


def _owner_enforced(_bucket: Resource, ownership: Resource, _stack: Stack, _context: Context) -> Iterator[Outcome]:
    if ownership.get("rule.objectOwnership") != "BucketOwnerEnforced":
        yield Finding(message="ACLs count: objectOwnership is not BucketOwnerEnforced", resource=ownership)


def _no_acls(stack: Stack, context: Context) -> Iterator[Outcome]:
    yield from _each_bucket(OWNERSHIP, "has no ownership controls", _owner_enforced)(stack, context)
    for acl in stack.of(ACL):
        yield Finding(message="is an ACL: only policies give access", resource=acl)
    for bucket in stack.of(BUCKET):
        if bucket.properties.get("acl") is UNKNOWN:
            yield Undecided(path="acl", resource=bucket)
        elif bucket.properties.get("acl") not in (None, "", "private"):
            yield Finding(message="has an ACL: only policies give access", resource=bucket)


# What a policy refuses ----------------------------------------------------------------------------------------------------------------

_OBJECT_ACTIONS = (
    "s3:GetObject",
    "s3:GetObjectVersion",
    "s3:PutObject",
    "s3:DeleteObject",
    "s3:DeleteObjectVersion",
    "s3:AbortMultipartUpload",
)
_BUCKET_ACTIONS = ("s3:ListBucket", "s3:ListBucketVersions")
_ANY_ACTION = "s3:AnyOther"
"""An action that only a pattern for all of them takes in."""
_ANY_OBJECT = "any/object"

_THEIR_ENDPOINT: Mapping[str, Value | None] = {
    **OUTSIDE,
    "aws:SourceVpce": "vpce-elsewhere",
    "aws:SourceVpc": "vpc-elsewhere",
    "aws:SourceVpcArn": "arn:aws:ec2:us-east-1:000000000000:vpc/vpc-elsewhere",
    "aws:VpceAccount": "000000000000",
    "aws:VpceOrgID": "o-elsewhere",
    "aws:VpceOrgPaths": ("o-elsewhere/r-else/",),
}
"""What a request carries that came through an endpoint which is not ours."""


def _document(policy: Resource) -> Document | None:
    """A bucket policy; None for one that AWS would refuse, which S3-11 says."""
    value = policy.properties.get("policy")
    try:
        return _parsed(value) if isinstance(value, str) else parse(value, "policy")
    except DocumentError:
        return None


@lru_cache(maxsize=1024)
def _parsed(text: str) -> Document:
    return parse(text, "policy")


_EVERYTHING = parse({"Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}}).statements


def _refusals(document: Document) -> Document:
    """What a policy refuses, of everything."""
    denies = tuple(statement for statement in document.statements if statement.effect != "Allow")
    return Document(name=document.name, statements=(*denies, *_EVERYTHING))


def _denies(refusals: Document, request: Request) -> Verdict:
    """Whether a Deny hits a request."""
    return negate(evaluate(request, Policies(resource=refusals)).allowed)


def _askers(account: str, context: Context) -> Mapping[str, Principal]:
    """Who is never spared: nobody in particular, a role that is not of the environment, and the role that jobs run with."""
    roles = f"arn:{context.partition}:iam::{account}:role"
    return {
        "anonymous": Principal.anonymous(),
        "a role of the account": Principal.role(f"{roles}/AnyOtherRole"),
        "a job": Principal.role(f"{roles}/{context.prefix}-JobRole"),
    }


def _outsiders(account: str, context: Context) -> Iterator[tuple[str, Principal, str, Mapping[str, Value | None]]]:
    """Who asks, from where, carrying what."""
    for who, principal in _askers(account, context).items():
        yield who, principal, "without an endpoint", OUTSIDE
    yield "a job", _askers(account, context)["a job"], "through somebody else's endpoint", _THEIR_ENDPOINT


def _only_inside(stack: Stack, context: Context) -> Iterator[Outcome]:
    known: Mapping[str, frozenset[str]] = {
        "aws:sourcevpce": _ids(stack, ENDPOINT, context),
        "aws:sourcevpc": _ids(stack, VPC, context),
        "aws:vpceaccount": context.accounts,
        "aws:vpceorgid": frozenset(filter(None, [context.organization])),
    }
    yield from _each_bucket(BUCKET_POLICY, "", partial(_denied_elsewhere, known))(stack, context)


def _denied_elsewhere(
    known: Mapping[str, frozenset[str]], bucket: Resource, policy: Resource, _: Stack, context: Context
) -> Iterator[Outcome]:
    document = _document(policy)
    if document is None or _role(bucket, context) in (LOGS, TEMPLATES):
        return
    yield from _decided(policy, _known_places(policy, known))
    refusals, arn, account = _refusals(document), _arn(bucket, context), _account(bucket)
    verdicts = {
        f"{action} is not denied {where} to {who}": _denies(
            refusals,
            Request(
                principal=principal,
                action=action,
                resource=arn if action in _BUCKET_ACTIONS else f"{arn}/{_ANY_OBJECT}",
                account=account,
                context=carried,
            ),
        )
        for who, principal, where, carried in _outsiders(account, context)
        for action in (*_OBJECT_ACTIONS, *_BUCKET_ACTIONS)
    }
    opened = [message for message, denied in verdicts.items() if denied is False]
    if opened:
        more = f" (and {len(opened) - 1} more)" if len(opened) > 1 else ""
        yield Finding(message=f"{opened[0]}{more}", resource=policy)
    elif None in verdicts.values():
        raise UndecidedError("policy")


_ANY = "*"
_NEGATED = ("StringNotEquals", "StringNotLike", "StringNotEqualsIfExists", "StringNotLikeIfExists")


def _known_places(policy: Resource, known: Mapping[str, frozenset[str]]) -> Iterator[Outcome]:
    """Whether what a Deny asks for is ours: endpoints and VPCs of the stack, accounts of the environment, its organisation."""
    for statement in read(policy.properties.get("policy"), "policy"):
        if statement.parsed.effect != "Deny":
            continue
        for condition in statement.conditions():
            if condition.key not in known or condition.operator.rpartition(":")[2] not in _NEGATED:
                continue
            given = [value for value in condition.values if isinstance(value, str)]
            if not condition.values or "" in given:
                yield Finding(message=f"{statement.name}: {condition.key} names none: nobody gets in", resource=policy)
            if _ANY not in known[condition.key] and not set(given) <= known[condition.key]:
                yield Finding(
                    message=f"{statement.name}: {condition.key} names some that are not ours", resource=policy
                )


def _ids(stack: Stack, token: str, context: Context) -> frozenset[str]:
    """Ids of a type's resources; any (`*`) where some are not known yet, or the network is not the program's."""
    start = {ENDPOINT: "vpce-", VPC: "vpc-"}[token]
    found = [{value for value in resource.identity if value.startswith(start)} for resource in stack.of(token)]
    if context.own_networks or not all(found):
        return frozenset((_ANY,))
    return frozenset(value for ids in found for value in ids)


def _denied_without_tls(bucket: Resource, policy: Resource, _: Stack, context: Context) -> Iterator[Outcome]:
    document = _document(policy)
    if document is None:
        return
    refusals, arn, account = _refusals(document), _arn(bucket, context), _account(bucket)
    askers = {**_askers(account, context), "the deployer": Principal.role(context.deployer_arn(account))}
    for resource in (arn, f"{arn}/{_ANY_OBJECT}"):
        for who, principal in askers.items():
            # Nothing else of the request is known: what hangs on another key does not refuse every request.
            request = Request(
                principal=principal,
                action=_ANY_ACTION,
                resource=resource,
                account=account,
                context={"aws:SecureTransport": "false"},
                complete=False,
            )
            if _denies(refusals, request):
                continue
            if _has_unknown(document):
                raise UndecidedError("policy")
            what = "the bucket" if resource == arn else "its objects"
            yield Finding(message=f"plain HTTP is not denied for every action on {what} to {who}", resource=policy)
            return


def _has_unknown(document: Document) -> bool:
    """Whether a part of a document is not known that may make a Deny of a statement."""

    def parts(values: Sequence[Text] | None) -> bool:
        return UNKNOWN in (values or ())

    return any(
        statement.effect is UNKNOWN
        or (
            statement.effect == "Deny"
            and (
                parts(statement.actions)
                or parts(statement.not_actions)
                or parts(statement.resources)
                or parts(statement.not_resources)
                or any(named.value is UNKNOWN for named in (statement.principals or ()))
                or any(
                    UNKNOWN in (condition.operator, condition.key, *condition.values)
                    for condition in statement.conditions
                )
            )
        )
        for statement in document.statements
    )


def _no_lockout(bucket: Resource, policy: Resource, _: Stack, context: Context) -> Iterator[Outcome]:
    document = _document(policy)
    if document is None:
        return
    account = _account(bucket)
    found = bucket_lockout(document, bucket=_arn(bucket, context), deployer=context.deployer_arn(account))
    for lockout in found:
        if lockout.certain:
            yield Finding(message=f"locks the deployer out of the bucket: {lockout}", resource=policy)
    if any(not lockout.certain for lockout in found):
        raise UndecidedError("policy")


# To whom a policy gives ---------------------------------------------------------------------------------------------------------------


def _policy(resource: Resource) -> Iterator[tuple[str, object]]:
    yield "policy", resource.properties.get("policy")


_FIXED = (
    "aws:PrincipalAccount",
    "aws:PrincipalOrgID",
    "aws:SourceAccount",
    "aws:SourceOrgID",
    "aws:SourceVpce",
    "aws:VpceAccount",
    "aws:VpceOrgID",
)
"""Keys that hold an Allow for everybody to somebody, by account, organisation or endpoint."""


def _not_public(statement: Statement, _: Context) -> Iterator[str]:
    if not statement.allows:
        return
    if names_anybody(statement):
        roles = [account_of(arn) or "" for arn in statement.bound("aws:PrincipalArn", *ARN_OPERATORS)]
        if not is_fixed(roles) and not any(is_fixed(statement.bound(key, *TEXT_OPERATORS)) for key in _FIXED):
            yield "is for anybody: name accounts, or bind aws:PrincipalAccount"
    statement.demand("Principal")


_READ = frozenset(("s3:getobject", "s3:getobjectversion", "s3:listbucket", "s3:getbucketlocation"))
_PRODUCE = _READ | {"s3:putobject", "s3:abortmultipartupload"}
"""What configured producers may do: write, a piece at a time."""


def _listed(resource: Resource, context: Context) -> Iterator[Outcome]:
    own = own_accounts(resource, context)

    def check(statement: Statement, _: Context) -> Iterator[str]:
        if not statement.allows:
            return
        services = statement.principals("Service")
        if services and not has_own_source(statement, context):
            yield f"{', '.join(services)} may act for anybody: bind aws:SourceAccount to our accounts"
        if statement.principals("Federated") or statement.principals("CanonicalUser"):
            yield "gives to principals that are no accounts or roles"
        if statement.principals("AWS") or statement.has("NotPrincipal"):
            yield from _given_to(statement, own, context)
        statement.demand("Principal")
        statement.demand("Action")

    yield from each_statement(_policy, check)(resource, context)


def _given_to(statement: Statement, own: frozenset[str], context: Context) -> Iterator[str]:
    accounts = granted_accounts(statement)
    by_organization = context.organization and statement.bound("aws:PrincipalOrgID", "StringEquals") == [
        context.organization
    ]
    unlisted = accounts - context.named_accounts - ({ANY_ACCOUNT} if by_organization else set())
    if unlisted:
        yield f"gives to accounts that the configuration does not name: {', '.join(sorted(unlisted))}"
        return
    roles = statement.bound("aws:PrincipalArn", *ARN_OPERATORS)
    whole = names_anybody(statement) or any(
        ":" not in name or name.endswith(":root") for name in statement.principals("AWS")
    )
    if whole and not (roles and all(names_a_role(arn) for arn in roles)):
        yield "gives to whole accounts: bind aws:PrincipalArn to named roles"
    if accounts <= own:
        return
    allowed = _PRODUCE if roles and set(roles) <= set(context.producers) else _READ
    written = [action for action in statement.known("Action") if action.lower() not in allowed]
    if written or statement.has("NotAction"):
        yield f"lets other accounts do more than read: {', '.join(written) or 'what NotAction does not name'}"


RULES: tuple[Rule, ...] = (
    StackRule(
        id="S3-01",
        name="bucket-has-policy",
        title="Every bucket has a policy.",
        severity=Severity.HIGH,
        frameworks={"NIST 800-53r5": nist.ACCESS},
        remediation="Add an s3.BucketPolicy whose bucket is the bucket's id.",
        check=_each_bucket(BUCKET_POLICY, "has no bucket policy", _has_policy),
    ),
    StackRule(
        id="S3-02",
        name="deny-outside-endpoints",
        title="A bucket is read, written and listed through the environment's endpoints only; templates and logs are not data.",
        severity=Severity.CRITICAL,
        frameworks={"data perimeter": ("network perimeter",), "NIST 800-53r5": nist.NETWORK},
        remediation="Add a Deny for Principal * with StringNotEquals aws:SourceVpce (or aws:VpceOrgID) on the bucket and its objects, which spares "
        "named roles by ArnNotLike aws:PrincipalArn in the same condition.",
        check=_only_inside,
    ),
    StackRule(
        id="S3-03",
        name="deny-plain-http",
        title="A bucket refuses every request without TLS.",
        severity=Severity.HIGH,
        frameworks={
            "Security Hub": ("S3.5",),
            "CIS AWS 6.0": ("3.1.1",),
            "checkov": ("CKV_AWS_379",),
            "cdk-nag": ("AwsSolutions-S10",),
            "guard": ("S3_BUCKET_SSL_REQUESTS_ONLY",),
            "NIST 800-53r5": nist.TLS,
        },
        remediation="Add a Deny of s3:* for Principal * on the bucket and its objects with Bool aws:SecureTransport false and no other condition.",
        check=_each_bucket(BUCKET_POLICY, "", _denied_without_tls),
    ),
    StackRule(
        id="S3-04",
        name="no-lockout",
        title="A bucket's policy does not lock the deployer out.",
        severity=Severity.HIGH,
        frameworks={"checkov": ("CKV_AWS_93",)},
        remediation="Deny data actions instead of s3:*, and spare the deployer by ArnNotLike aws:PrincipalArn where ListBucket and GetBucketAcl are denied.",
        check=_each_bucket(BUCKET_POLICY, "", _no_lockout),
    ),
    StackRule(
        id="S3-05",
        name="public-access-blocked",
        title="Every bucket blocks public access in all four ways.",
        severity=Severity.CRITICAL,
        frameworks={
            "Security Hub": ("S3.8",),
            "CIS AWS 6.0": ("3.1.4",),
            "checkov": ("CKV_AWS_53", "CKV_AWS_54", "CKV_AWS_55", "CKV_AWS_56", "CKV2_AWS_6"),
            "cdk-nag": ("AwsSolutions-S2",),
            "AVD": ("AVD-0086", "AVD-0087", "AVD-0091", "AVD-0093", "AVD-0094"),
            "NIST 800-53r5": nist.NETWORK,
        },
        remediation="Add one s3.BucketPublicAccessBlock with block_public_acls, block_public_policy, ignore_public_acls and restrict_public_buckets True.",
        check=_each_bucket(PUBLIC_ACCESS_BLOCK, "has no public access block", _blocks_all),
    ),
    StackRule(
        id="S3-06",
        name="encrypted-with-own-key",
        title="A bucket encrypts with a key of ours; templates may, and logs must, use keys of S3's.",
        severity=Severity.HIGH,
        frameworks={
            "Security Hub": ("S3.17",),
            "checkov": ("CKV_AWS_145",),
            "AVD": ("AVD-0132",),
            "guard": ("S3_DEFAULT_ENCRYPTION_KMS",),
            "NIST 800-53r5": nist.ENCRYPTION,
        },
        remediation="Add an s3.BucketServerSideEncryptionConfiguration with sse_algorithm aws:kms, kms_master_key_id of the account's data key and "
        "bucket_key_enabled=True; AES256 for P-<account>-templates and P-<account>-logs.",
        check=_each_bucket(ENCRYPTION, "has no encryption of its own", _encrypted),
    ),
    StackRule(
        id="S3-07",
        name="versioning",
        title="Every bucket keeps versions.",
        severity=Severity.MEDIUM,
        frameworks={"Security Hub": ("S3.14",), "checkov": ("CKV_AWS_21",), "AVD": ("AVD-0090",)},
        remediation="Add an s3.BucketVersioning with status Enabled.",
        check=_each_bucket(VERSIONING, "keeps no versions", _versioned),
    ),
    StackRule(
        id="S3-09",
        name="no-acls",
        title="Access is given by policies, never by ACLs.",
        severity=Severity.MEDIUM,
        frameworks={"Security Hub": ("S3.12",), "checkov": ("CKV2_AWS_65",), "NIST 800-53r5": nist.ACCESS},
        remediation="Add an s3.BucketOwnershipControls with object_ownership BucketOwnerEnforced, and remove s3.BucketAcl and acl.",
        check=_no_acls,
    ),
    ResourceRule(
        id="S3-11",
        name="no-public-allow",
        title="A bucket's policy gives nothing to anybody.",
        severity=Severity.CRITICAL,
        frameworks={
            "Security Hub": ("S3.2", "S3.3"),
            "checkov": ("CKV_AWS_70",),
            "guard": ("no_wildcard_principal",),
            "NIST 800-53r5": nist.NETWORK,
        },
        remediation="Name accounts as Principal, or add StringEquals aws:PrincipalAccount or aws:PrincipalOrgID to the statement.",
        types=(BUCKET, BUCKET_POLICY),
        check=each_statement(_policy, _not_public, malformed=True),
    ),
    ResourceRule(
        id="S3-12",
        name="cross-account-listed",
        title="A bucket's policy gives to named roles of configured accounts; other accounts read, and configured producers write.",
        severity=Severity.HIGH,
        frameworks={
            "Security Hub": ("S3.6",),
            "prowler": ("s3_bucket_cross_account_access",),
            "NIST 800-53r5": nist.ACCESS,
        },
        remediation="Name account ids as Principal with ArnLike aws:PrincipalArn of the roles, and s3:GetObject and the like as Action; list who writes "
        "under mlops:dataProducers or mlops:groundTruthProducers.",
        types=(BUCKET, BUCKET_POLICY),
        check=_listed,
    ),
)
