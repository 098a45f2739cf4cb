"""Every document that lists accounts or endpoints, for 20 and 200 accounts by endpoints and 500 by organisation."""

import pytest

from components.documents import buckets, dumps, render
from components.documents.catalog import DOCUMENTS, check_sizes
from components.mistakes import ConfigurationError
from tests.components.stacks import KEY_ARN, endpoint_ids, many


@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.parametrize(("accounts", "by"), [(20, "endpoints"), (200, "endpoints"), (500, "organization")])
def test_every_document_fits(name: str, accounts: int, by: str) -> None:
    limit, build = DOCUMENTS[name]
    assert len(render(build(many(accounts, by=by), endpoint_ids(accounts + 1), KEY_ARN), limit, name)) <= limit.maximum


def test_the_models_policy_of_200_accounts_is_as_small_as_designed() -> None:
    assert len(dumps(buckets.models(many(200), endpoint_ids(201), KEY_ARN))) < 16_500


def test_too_many_accounts_by_endpoints_are_refused_with_the_remedy() -> None:
    with pytest.raises(
        ConfigurationError,
        match=r"mlops:accounts: 401 accounts .*models bucket has .* of 20480.*mlops:perimeter.by to organization",
    ):
        check_sizes(many(400))


def test_an_environment_that_fits_is_accepted() -> None:
    check_sizes(many(200))
