"""For each rule of Studio one change of `dev` that it refuses."""

from collections.abc import Mapping

from policy.rules.sagemaker import DOMAIN, USER_PROFILE
from tests.policy.changes import Change, State, first, setting


def _one_subnet(resources: list[State]) -> None:
    domain = first(resources, DOMAIN)
    domain["inputs"]["subnetIds"].pop()
    domain["propertyDependencies"]["subnetIds"].pop()


CHANGES: Mapping[str, Change] = {
    "SM-01": setting(DOMAIN, appNetworkAccessType="PublicInternetOnly"),
    "SM-02": setting(DOMAIN, kmsKeyId=None),
    "SM-03": _one_subnet,
    "SM-04": setting(USER_PROFILE, userSettings={}),
    "SM-06": setting(DOMAIN, domainSettings={}),
}
