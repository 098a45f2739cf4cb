"""Every document, for 20 and 200 accounts by endpoints and 500 by organisation, and what is said of one that does not fit."""

import inspect
import pkgutil
import sys
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from types import CodeType, FrameType, FunctionType

import pytest

from components import documents
from components.documents import Document, DocumentTooLargeError, buckets, catalog, dumps, render
from components.documents.catalog import DOCUMENTS, check_sizes
from components.environment import Environment
from components.mistakes import ConfigurationError
from components.names import BOUNDARY, Bucket
from tests.components.stacks import DEVELOPMENT, KEY_ARN, endpoint_ids, environment, many

SIZES = [(20, "endpoints"), (200, "endpoints"), (500, "organization")]


@cache
def _many(accounts: int, by: str) -> Environment:
    return many(accounts, by=by)


@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.parametrize(("accounts", "by"), SIZES)
def test_every_document_fits(name: str, accounts: int, by: str) -> None:
    limit, build = DOCUMENTS[name]
    assert len(render(build(_many(accounts, by), endpoint_ids(accounts + 1), KEY_ARN), limit, name)) <= limit.maximum


@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.parametrize(("accounts", "by"), SIZES)
def test_every_document_fits_with_the_longest_name_and_everything_switched_on(
    name: str, accounts: int, by: str
) -> None:
    limit, build = DOCUMENTS[name]
    built = build(_full(accounts, by), endpoint_ids(accounts + 1), KEY_ARN)
    assert len(render(built, limit, name)) <= limit.maximum


@cache
def _full(accounts: int, by: str) -> Environment:
    """The longest `P` that role names allow (36 characters), two producers of each kind, two break-glass roles, experiment tracking, both fronts."""
    roles = [f"arn:aws:iam::{DEVELOPMENT}:role/emergency/Responders-{number}" for number in range(2)]
    return many(
        accounts,
        by=by,
        name="machine-learning-stage",
        type="p12",
        region="eu-west-1",
        breakGlassRoles=roles,
        dataProducers=roles,
        groundTruthProducers=roles,
        studio={"experimentTracking": "true"},
        projects={"fronts": ["serviceCatalog", "s3"]},
    )


def test_the_models_policy_of_200_accounts_is_as_small_as_designed() -> None:
    assert len(dumps(buckets.models(many(200), endpoint_ids(201), KEY_ARN))) < 16_500


def test_a_document_at_its_limit_is_rendered_and_one_byte_more_is_refused() -> None:
    limit, build = DOCUMENTS[f"managed policy of {BOUNDARY}"]
    built = build(environment(), [], KEY_ARN)
    exact = documents.SizeLimit(what=limit.what, maximum=len(dumps(built)))
    assert render(built, exact, BOUNDARY) == dumps(built)
    with pytest.raises(DocumentTooLargeError, match="the managed policy of boundary has"):
        render(built, documents.SizeLimit(what=limit.what, maximum=exact.maximum - 1), BOUNDARY)


def test_too_many_accounts_by_endpoints_are_refused_with_the_remedy() -> None:
    with pytest.raises(
        ConfigurationError,
        match=r"mlops:accounts: 401 accounts .*models bucket has .* of 20480.*mlops:perimeter.by to organization",
    ):
        check_sizes(many(400), {})


def test_too_many_accounts_by_organisation_are_not_told_to_use_the_organisation() -> None:
    with pytest.raises(ConfigurationError, match=r"mlops:accounts: 1001 accounts .*Split the environment$"):
        check_sizes(many(1000, by="organization"), {})


def test_a_document_that_is_large_for_other_reasons_does_not_blame_the_accounts() -> None:
    types = [f"ml.m5.{size}xlarge" for size in (2, 4, 8, 12, 16, 24)]
    families = [
        f"ml.{family}.{size}xlarge"
        for family in ("c5", "c6i", "m6i", "r5", "t3", "g4dn", "g5")
        for size in (2, 4, 8, 16)
    ]
    large = many(3)
    object.__setattr__(large, "job_instance_types", tuple(types + families) * 3)
    with pytest.raises(ConfigurationError, match=r"boundary .* whatever the number of accounts.*fewer instance types"):
        check_sizes(large, {})


def test_too_many_principals_of_a_persona_are_refused() -> None:
    principals = [f"arn:aws:iam::{DEVELOPMENT}:role/data-science-team-{number:03}" for number in range(50)]
    with pytest.raises(ConfigurationError, match=r"mlops:personas.DataScientist.principals: .* of 2048. List fewer"):
        check_sizes(environment(), {"DataScientist": principals})


@pytest.mark.parametrize(("accounts", "by"), [(280, "endpoints"), (500, "organization")])
def test_an_environment_that_fits_is_accepted(accounts: int, by: str) -> None:
    check_sizes(many(accounts, by=by), {})


def test_the_catalog_has_every_bucket() -> None:
    """Their functions are found below; this asks for one policy a bucket."""
    assert {bucket.value for bucket in Bucket} <= {function.__name__ for function in _document_functions()}


def test_the_catalog_builds_every_document_function() -> None:
    missing = {
        f"{function.__module__}.{function.__qualname__}"
        for function in _document_functions()
        if function.__code__ not in _built()
    }
    assert missing == set()


def _document_functions() -> Iterator[FunctionType]:
    """The public functions of the documents' modules that return a policy document."""
    for found in pkgutil.walk_packages(documents.__path__, f"{documents.__name__}."):
        module = import_module(found.name)
        if module is catalog:
            continue
        for name, function in inspect.getmembers(module, inspect.isfunction):
            own = function.__module__ == module.__name__ and not name.startswith("_")
            if own and inspect.signature(function).return_annotation is Document:
                yield function


def _built() -> set[CodeType]:
    """The code that runs while all documents are built."""
    ran: set[CodeType] = set()

    def note(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call":
            ran.add(frame.f_code)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        for _, build in DOCUMENTS.values():
            build(environment(), endpoint_ids(3), KEY_ARN)
    finally:
        sys.setprofile(before)
    return ran
