"""To whom a statement of a resource's policy gives something, and whether what it is bound to is ours."""

import re
from collections.abc import Iterable

from policy.context import Context
from policy.model import Resource
from policy.statements import Statement, account_of

TEXT_OPERATORS = ("StringEquals", "StringLike")
ARN_OPERATORS = ("ArnEquals", "ArnLike", *TEXT_OPERATORS)
ANY_ACCOUNT = "*"

_KINDS = ("AWS", "Service", "Federated", "CanonicalUser")
_ACCOUNT_KEYS = ("aws:PrincipalAccount", "kms:CallerAccount")


def names_anybody(statement: Statement) -> bool:
    """Whether the principals take in everybody: a `*` wherever it stands, or everybody but some (`NotPrincipal`)."""
    named = [principal for kind in _KINDS for principal in statement.principals(kind)]
    return statement.has("NotPrincipal") or any(re.search(r"[*?]", principal) for principal in named)


def is_fixed(values: Iterable[str]) -> bool:
    """Whether there are values, and each says one thing."""
    given = list(values)
    return bool(given) and not any(re.search(r"[*?]", value) or not value for value in given)


def granted_accounts(statement: Statement) -> set[str]:
    """The accounts of its AWS principals: of those that it names, or for `*` those that its conditions ask for, else `ANY_ACCOUNT`.

    Raises:
        UndecidedError: A condition that would say it is not known.
    """
    named = {account_of(principal) or ANY_ACCOUNT for principal in statement.principals("AWS")}
    if not names_anybody(statement):
        return named
    asked = [account for key in _ACCOUNT_KEYS for account in statement.bound(key, *TEXT_OPERATORS)]
    return (named - {ANY_ACCOUNT}) | (set(asked) or {ANY_ACCOUNT})


def own_accounts(resource: Resource, context: Context) -> frozenset[str]:
    """The account of a resource, by its provider; without one any account of the environment."""
    accounts = resource.provider.accounts if resource.provider else ()
    return frozenset(accounts) or context.accounts


def names_a_role(arn: str) -> bool:
    """Whether an ARN names roles, or at least how their names begin."""
    _, found, name = arn.partition(":role/")
    return bool(found) and name[:1] not in ("", "*", "?")


def has_own_source(statement: Statement, context: Context) -> bool:
    """Whether a service may act only for what is ours: by source account, source ARN or organisation.

    Raises:
        UndecidedError: A value is not known.
    """
    accounts = statement.bound("aws:SourceAccount", *TEXT_OPERATORS)
    arns = statement.bound("aws:SourceArn", *ARN_OPERATORS)
    organization = statement.bound("aws:SourceOrgID", "StringEquals")
    return (
        (bool(accounts) and set(accounts) <= context.accounts)
        or (bool(arns) and {account_of(arn) for arn in arns} <= context.accounts)
        or set(organization) == {context.organization}
    )
