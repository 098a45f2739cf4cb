"""Rules for IAM: what may be done, who may take a role, and what hides in a document."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from policy import nist
from policy.context import Context
from policy.grants import has_own_source, names_a_role
from policy.model import UNKNOWN, Resource, items, mapping
from policy.rule import Finding, Level, Outcome, ResourceRule, Rule, Severity, Undecided
from policy.statements import Statement, account_of, each_document, each_statement, is_everything

ROLE = "aws:iam/role:Role"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
POLICY = "aws:iam/policy:Policy"
USER_POLICY = "aws:iam/userPolicy:UserPolicy"
GROUP_POLICY = "aws:iam/groupPolicy:GroupPolicy"
ROLE_ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
ROLE_ATTACHMENTS = "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive"
USER_ATTACHMENT = "aws:iam/userPolicyAttachment:UserPolicyAttachment"
GROUP_ATTACHMENT = "aws:iam/groupPolicyAttachment:GroupPolicyAttachment"
ATTACHMENT = "aws:iam/policyAttachment:PolicyAttachment"

DOCUMENTS = (ROLE, ROLE_POLICY, POLICY, USER_POLICY, GROUP_POLICY)
ATTACHMENTS = (ROLE, ROLE_ATTACHMENT, ROLE_ATTACHMENTS, USER_ATTACHMENT, GROUP_ATTACHMENT, ATTACHMENT)


# Where documents are ------------------------------------------------------------------------------------------------------------------


def _permissions(resource: Resource) -> Iterator[tuple[str, object]]:
    """What is allowed to whom a policy is put on."""
    if not resource.is_of(ROLE):
        yield "policy", resource.properties.get("policy")
        return
    for index, inline in enumerate(items(resource.properties.get("inlinePolicies"))):
        path = f"inlinePolicies[{index}].policy"
        yield path, inline if inline is UNKNOWN else mapping(inline).get("policy")


def _trust(resource: Resource) -> Iterator[tuple[str, object]]:
    yield "assumeRolePolicy", resource.properties.get("assumeRolePolicy")


def _everywhere(resource: Resource) -> Iterator[tuple[str, object]]:
    yield from _permissions(resource)
    if resource.is_of(ROLE):
        yield from _trust(resource)


def _attached(refused: Callable[[str], str | None]) -> Callable[[Resource, Context], Iterator[Outcome]]:
    """A rule's function from one that says what is wrong with the ARN of an attached policy."""

    def look(resource: Resource, _: Context) -> Iterator[Outcome]:
        for path in ("managedPolicyArns", "policyArn", "policyArns"):
            for arn in items(resource.properties.get(path)):
                if arn is UNKNOWN:
                    yield Undecided(path=path, resource=resource)
                elif isinstance(arn, str) and (message := refused(arn)):
                    yield Finding(message=message, resource=resource)

    return look


def _aws_policy(arn: str) -> str:
    """Name of a policy of AWS's own; empty for any other."""
    found = re.fullmatch(r"arn:[^:]*:iam::aws:policy/(?:.*/)?([^/]+)", arn)
    return found[1] if found else ""


# What may be done ---------------------------------------------------------------------------------------------------------------------


def _all_on_all(statement: Statement, _: Context) -> Iterator[str]:
    if not statement.allows:
        return
    all_actions = any(is_everything(action) for action in statement.known("Action"))
    all_resources = any(is_everything(arn) for arn in statement.known("Resource"))
    if (all_actions or statement.has("NotAction")) and (all_resources or statement.has("NotResource")):
        yield "allows everything on everything"
        return
    statement.demand("Action")
    if all_actions or statement.has("NotAction"):
        statement.demand("Resource")


def _administrator(arn: str) -> str | None:
    return "attaches AdministratorAccess" if _aws_policy(arn) == "AdministratorAccess" else None


def _no_full_admin(resource: Resource, context: Context) -> Iterator[Outcome]:
    if resource.is_of(*DOCUMENTS):
        yield from each_statement(_permissions, _all_on_all, malformed=True)(resource, context)
    yield from _attached(_administrator)(resource, context)


_BROAD = re.compile(
    r".*FullAccess.*|AdministratorAccess-.*|PowerUserAccess|.*Admin(istrator)?|DataScientist|SystemAdministrator|AmazonSageMakerAdmin.*"
)
"""AWS's own policies for a whole service or a whole job; `DataScientist` allows all of SageMaker, S3 and PassRole on `*`."""


def _broad(arn: str) -> str | None:
    name = _aws_policy(arn)
    return f"attaches {name}, which is for a whole service" if _BROAD.fullmatch(name) else None


def _passes_scoped(statement: Statement, _: Context) -> Iterator[str]:
    if not statement.allows or not statement.covers("iam:PassRole"):
        return
    if statement.has("NotResource") or any(not names_a_role(arn) for arn in statement.known("Resource")):
        yield "passes any role (iam:PassRole on roles that are not named)"
    services = statement.bound("iam:PassedToService", "StringEquals", "StringLike")
    if not services or any(service.startswith(("*", "?")) for service in services):
        yield "passes roles to any service (iam:PassedToService is not bound)"
    statement.demand("Resource")


# Who may take a role ------------------------------------------------------------------------------------------------------------------

_KINDS = ("AWS", "Service", "Federated", "CanonicalUser")


def _trusts_nobody_at_large(statement: Statement, _: Context) -> Iterator[str]:
    if not statement.allows:
        return
    if any(re.search(r"[*?]", principal) for kind in _KINDS for principal in statement.principals(kind)):
        yield "anybody may take the role (principal *)"
    statement.demand("Principal")


def _trusts_listed(statement: Statement, context: Context) -> Iterator[str]:
    if not statement.allows:
        return
    for principal in statement.principals("AWS"):
        if not re.search(r"[*?]", principal):  # IAM-05
            yield from _trusts_account(statement, principal, context)
    for provider in statement.principals("Federated"):
        if provider not in context.personas and account_of(provider) not in context.accounts:
            yield "trusts an identity provider that is neither of the environment nor configured"
    statement.demand("Principal")


def _trusts_account(statement: Statement, principal: str, context: Context) -> Iterator[str]:
    account = account_of(principal)
    configured = [arn for arn in context.personas if account_of(arn) == account]
    if account not in context.accounts and not configured:
        yield f"trusts {account or 'a principal without an account'}, which is neither of the environment nor configured"
        return
    whole = principal == account or principal.endswith(":root")
    if not whole:
        if account not in context.accounts and principal not in configured:
            yield f"trusts a principal of {account} that is not configured"
        return
    narrowed = statement.bound("aws:PrincipalArn", "ArnEquals", "ArnLike", "StringEquals", "StringLike")
    if not narrowed:
        if not _is_for_users(statement, principal, context):
            yield f"trusts all of account {account}: aws:PrincipalArn is not bound"
    elif any(arn not in context.personas and not _is_own_role(arn, context) for arn in narrowed):
        yield "aws:PrincipalArn takes in principals that are neither named roles of the environment nor configured"


def _is_for_users(statement: Statement, principal: str, context: Context) -> bool:
    """IAM users with MFA: where they are configured, and outside production where no principal of a persona is."""
    open_by_default = context.stack_type != "prod" and account_of(principal) == context.development
    return (principal in context.personas or open_by_default) and statement.bound(
        "aws:MultiFactorAuthPresent", "Bool"
    ) == ["true"]


def _is_own_role(arn: str, context: Context) -> bool:
    return account_of(arn) in context.accounts and names_a_role(arn)


_NO_SOURCE: Mapping[str, str] = {
    "ec2": "an instance takes its profile's role; its trust documents no source",
    "lambda": "a function takes its own role; its trust documents no source",
    "servicecatalog": "which conditions the trust of a launch role knows is not documented",
}
"""Services whose trust documents no source condition -> why."""


def _for_own_resources(statement: Statement, context: Context) -> Iterator[str]:
    if not statement.allows:
        return
    asking = [service for service in statement.principals("Service") if service.partition(".")[0] not in _NO_SOURCE]
    if asking and not has_own_source(statement, context):
        yield f"{', '.join(asking)} may take the role for anybody: bind aws:SourceAccount or aws:SourceArn to our accounts"
    statement.demand("Principal")


def _boundary(role: Resource, context: Context) -> Iterator[Outcome]:
    boundary = role.properties.get("permissionsBoundary")
    if boundary is UNKNOWN:
        yield Undecided(path="permissionsBoundary", resource=role)
    elif not boundary:
        yield Finding(message="has no permissions boundary", resource=role)
    elif not _is_boundary(str(boundary), context):
        yield Finding(message="its permissions boundary is not that of the environment", resource=role)


def _is_boundary(arn: str, context: Context) -> bool:
    account = account_of(arn)
    return account in context.accounts and arn == (
        f"arn:{context.partition}:iam::{account}:policy/{context.prefix}-boundary"
    )


# What hides in a document -------------------------------------------------------------------------------------------------------------

_RENAMED = (
    "volumekmskey",
    "outputkmskey",
    "domainsharingoutputkmskey",
    "featuregroupofflinestorekmskey",
    "featuregrouponlinestorekmskey",
)
_PAIRS = [{f"sagemaker:{name}", f"sagemaker:{name}arn"} for name in _RENAMED]
"""AWS renamed these keys, and whether a request carries both names is not documented: absent is absent under both."""


def _null_is_and(statement: Statement, _: Context) -> Iterator[str]:
    if statement.allows:
        return
    tested = [condition for condition in statement.conditions() if condition.operator == "Null"]
    keys = {condition.key for condition in tested}
    # With a pair, the instance types may say which requests are asked: a serverless endpoint has none, and takes no volume.
    paired = keys - {"sagemaker:instancetypes"} in _PAIRS and all(condition.values == ("true",) for condition in tested)
    if len(keys) > 1 and not paired:
        yield "denies only when all keys of its Null block are as said: keys of one block are ANDed"


def _says_what_it_allows(statement: Statement, _: Context) -> Iterator[str]:
    if statement.has("NotPrincipal"):
        yield "NotPrincipal means everybody else"
    if statement.allows:
        for element in ("NotAction", "NotResource"):
            if statement.has(element):
                yield f"allows by {element}: everything that is not named, and whatever AWS adds"


# Approval -----------------------------------------------------------------------------------------------------------------------------

_DECIDES = "sagemaker:UpdateModelPackage"
_STATUS = "sagemaker:ModelApprovalStatus"
_REGISTERS = "sagemaker:CreateModelPackage"


def _approvals(statements: Sequence[Statement], _: Context) -> Iterator[Iterable[str]]:
    """Of a document as a whole: who may set any approval status, and who may both register and approve."""
    yield _separation(statements)


def _separation(statements: Sequence[Statement]) -> Iterator[str]:
    deciding = [statement for statement in statements if statement.covers(_DECIDES)]
    if any(not statement.allows and _asks_status(statement) for statement in deciding):
        return
    for statement in deciding:
        if statement.allows and not _asks_status(statement):
            yield f"{statement.name}: may set any approval status of a model"
    approving = [each for each in deciding if each.allows and "Approved" in each.bound(_STATUS, "StringEquals")]
    if approving and any(each.allows and each.covers(_REGISTERS) for each in statements):
        yield f"{approving[0].name}: who registers models may approve them"


def _asks_status(statement: Statement) -> bool:
    """Whether a statement depends on the status that a request sets; a request without one sets none."""
    return any(condition.key == _STATUS.lower() for condition in statement.conditions())


RULES: tuple[Rule, ...] = (
    ResourceRule(
        id="IAM-01",
        name="no-full-admin",
        title="Nobody may do everything on everything.",
        severity=Severity.CRITICAL,
        frameworks={
            "Security Hub": ("IAM.1",),
            "CIS AWS 6.0": ("2.15",),
            "checkov": ("CKV_AWS_62", "CKV_AWS_63", "CKV_AWS_274", "CKV_AWS_1", "CKV_AWS_49"),
            "NIST 800-53r5": nist.ACCESS,
        },
        remediation="Name the actions and the resources that the role needs.",
        types=tuple(dict.fromkeys((*DOCUMENTS, *ATTACHMENTS))),
        check=_no_full_admin,
    ),
    ResourceRule(
        id="IAM-03",
        name="no-broad-managed",
        title="No policy of AWS's that is for a whole service is attached.",
        severity=Severity.HIGH,
        frameworks={
            "cdk-nag": ("AwsSolutions-IAM4",),
            "checkov": ("CKV2_AWS_56",),
            "CIS AWS 6.0": ("2.21",),
            "NIST 800-53r5": nist.ACCESS,
        },
        remediation="Replace the managed policy by an iam.RolePolicy with what the role's task needs.",
        types=ATTACHMENTS,
        check=_attached(_broad),
    ),
    ResourceRule(
        id="IAM-04",
        name="passrole-scoped",
        title="A role is passed by name, and to a named service only.",
        severity=Severity.CRITICAL,
        frameworks={"AVD": ("AVD-0342",), "checkov": ("CKV_AWS_286",), "NIST 800-53r5": nist.ACCESS},
        remediation="Give the statement the ARNs of the roles and StringEquals iam:PassedToService.",
        types=DOCUMENTS,
        check=each_statement(_permissions, _passes_scoped),
    ),
    ResourceRule(
        id="IAM-05",
        name="trust-no-star",
        title="No role may be taken by anybody.",
        severity=Severity.CRITICAL,
        frameworks={"checkov": ("CKV_AWS_60", "CKV_AWS_61"), "NIST 800-53r5": nist.ACCESS},
        remediation="Name an account, and narrow it by aws:PrincipalArn in assume_role_policy.",
        types=(ROLE,),
        check=each_statement(_trust, _trusts_nobody_at_large, malformed=True),
    ),
    ResourceRule(
        id="IAM-06",
        name="trust-listed",
        title="Roles trust named roles of the environment, and whom the configuration lists.",
        severity=Severity.HIGH,
        frameworks={"NIST 800-53r5": nist.ACCESS},
        remediation="Trust the account's root with ArnEquals aws:PrincipalArn of a role, or list the principal under mlops:personas.",
        types=(ROLE,),
        check=each_statement(_trust, _trusts_listed),
    ),
    ResourceRule(
        id="IAM-07",
        name="confused-deputy",
        title="A service takes a role only for resources of the environment.",
        severity=Severity.MEDIUM,
        frameworks={"NIST 800-53r5": nist.ACCESS},
        remediation="Add StringEquals aws:SourceAccount and ArnLike aws:SourceArn to assume_role_policy.",
        types=(ROLE,),
        check=each_statement(_trust, _for_own_resources),
    ),
    ResourceRule(
        id="IAM-09",
        name="permissions-boundary",
        title="Every role has the environment's boundary.",
        severity=Severity.HIGH,
        frameworks={"NIST 800-53r5": nist.ACCESS},
        remediation="Set permissions_boundary to the ARN of P-boundary, which bootstrap/ makes.",
        types=(ROLE,),
        check=_boundary,
    ),
    ResourceRule(
        id="IAM-11",
        name="null-and-trap",
        title="A Deny asks for one missing key a statement.",
        severity=Severity.HIGH,
        frameworks={},
        remediation="Write one Deny statement for each key; only the two names of a renamed key belong into one Null block.",
        types=DOCUMENTS,
        check=each_statement(_everywhere, _null_is_and),
    ),
    ResourceRule(
        id="IAM-14",
        name="no-allow-by-exception",
        title="An Allow says what it allows.",
        severity=Severity.HIGH,
        frameworks={"guard": ("no_allow_plus_not_*",), "NIST 800-53r5": nist.ACCESS},
        remediation="Use Action, Resource and Principal; what is refused belongs into a Deny.",
        types=DOCUMENTS,
        check=each_statement(_everywhere, _says_what_it_allows),
    ),
    ResourceRule(
        id="IAM-21",
        name="approval-separation",
        title="Who may change a model version may not decide on it, but for who only decides.",
        severity=Severity.MEDIUM,
        frameworks={"NIST 800-53r5": nist.ACCESS},
        remediation="Bind sagemaker:UpdateModelPackage to sagemaker:ModelApprovalStatus, and let nobody who registers versions approve them.",
        level=Level.ADVISORY,
        types=DOCUMENTS,
        check=each_document(_permissions, _approvals),
    ),
)
