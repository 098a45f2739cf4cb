"""The deploy role may do what the program's types need, and nothing else: held against CloudFormation's handlers and AWS's reference."""

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

import pytest

from bootstrap import deployer
from components.config import load
from tests.bootstrap.conftest import FULL
from tests.bootstrap.handlers import NEEDED_TOO, NOT_NEEDED, TYPES, Difference, granted, handlers, needed, ungranted
from tests.components.documents.reference import as_list, expand, keys_of, problems
from tests.components.stacks import DEVELOPMENT

POLICIES = deployer.policies(load(FULL), DEVELOPMENT)
STATEMENTS = [
    pytest.param(statement, id=f"{name}-{statement['Sid']}")
    for name, document in POLICIES.items()
    for statement in document["Statement"]
]
TAGS = ("aws:requesttag/", "aws:resourcetag/")


def exists(action: str) -> bool:
    return bool(expand(action))


def test_every_type_of_the_program_is_in_the_table_and_no_other(tokens: frozenset[str]) -> None:
    assert set(TYPES) == tokens


def test_every_action_that_a_type_needs_is_granted(tokens: frozenset[str]) -> None:
    assert ungranted(needed(tokens, exists), granted(POLICIES.values())) == set()


@pytest.mark.parametrize("action", sorted(granted(POLICIES.values())))
def test_without_an_action_something_that_is_needed_is_missing(action: str, tokens: frozenset[str]) -> None:
    everything = needed(tokens, exists)
    assert ungranted(everything, granted(POLICIES.values()) - {action}) - ungranted(
        everything, granted(POLICIES.values())
    )


@pytest.mark.parametrize("difference", NOT_NEEDED, ids=lambda difference: difference.where)
def test_what_is_not_needed_is_listed_by_a_handler_and_not_granted(
    difference: Difference, tokens: frozenset[str]
) -> None:
    assert difference.where in {cloudformation for token in tokens for cloudformation in TYPES[token]}
    for pattern in difference.actions:
        listed = [action for action in handlers(difference.where) if fnmatchcase(action, pattern)]
        assert listed, pattern
        writes = [action for action in listed if not action.partition(":")[2].startswith(("Get", "Describe", "List"))]
        assert ungranted(frozenset(writes), granted(POLICIES.values())) == set(writes)


@pytest.mark.parametrize("difference", NEEDED_TOO, ids=lambda difference: difference.where)
def test_what_the_provider_needs_besides_exists_and_no_handler_of_its_type_lists_it(difference: Difference) -> None:
    listed = {action for cloudformation in TYPES[difference.where] for action in handlers(cloudformation)}
    assert all(exists(action) for action in difference.actions)
    assert {action for action in difference.actions if action in listed} == set()


@pytest.mark.parametrize("statement", STATEMENTS)
def test_aws_knows_the_actions_and_they_carry_the_conditions(statement: Mapping[str, Any]) -> None:
    assert [*problems(statement), *_tags(statement)] == []


def _tags(statement: Mapping[str, Any]) -> Iterator[str]:
    """Actions that do not carry a tag's key, although it is a global one: the statement would never match."""
    keys = [key for keys in statement.get("Condition", {}).values() for key in keys if key.lower().startswith(TAGS)]
    for key in keys:
        for action in (action for pattern in as_list(statement["Action"]) for action in expand(pattern)):
            if not any(re.match(re.escape(key.lower().partition("/")[0]), known) for known in keys_of(action)):
                yield f"{action} does not carry {key}"


def test_the_organisations_role_lists_accounts_and_nothing_else() -> None:
    (statement,) = deployer.organization_policies()["organization"]["Statement"]
    assert all(action.startswith("organizations:List") for action in statement["Action"])
    assert list(problems(statement)) == []
