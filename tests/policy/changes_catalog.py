"""For each rule of the catalog and of parameters one change of `dev` that it refuses."""

from collections.abc import Mapping

from policy.rules.catalog import CONSTRAINT, SHARE, VERSION
from policy.rules.parameters import PARAMETER
from tests.policy.changes import Change, State, first, setting


def _share(resources: list[State]) -> None:
    """A portfolio that is offered to anybody."""
    constraint = first(resources, CONSTRAINT)
    urn = f"{constraint['urn'].rpartition('::')[0]}::wrong"
    inputs = {"portfolioId": constraint["inputs"]["portfolioId"], "type": "ACCOUNT", "principalId": "999999999999"}
    resources.append({**constraint, "urn": urn, "type": SHARE, "id": "wrong", "inputs": inputs})


CHANGES: Mapping[str, Change] = {
    "SC-01": setting(CONSTRAINT, type="TEMPLATE"),
    "SC-02": _share,
    "SC-04": setting(VERSION, templateUrl="https://elsewhere.s3.eu-west-1.amazonaws.com/x.yaml"),
    "SSM-01": setting(PARAMETER, name="/elsewhere/password"),
}
