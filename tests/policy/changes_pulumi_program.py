"""For each rule of the program one change of `dev` that it refuses."""

from collections.abc import Mapping

from policy.rules.pulumi_program import PROVIDER
from tests.policy.changes import Change, State, first, setting

_BUCKET = "aws:s3/bucket:Bucket"
_ROLE = "aws:iam/role:Role"


def _no_provider(resources: list[State]) -> None:
    del first(resources, _BUCKET)["provider"]


def _opaque(resources: list[State]) -> None:
    first(resources, "aws:ssm/parameter:Parameter")["type"] = "aws:cloudformation/stack:Stack"


CHANGES: Mapping[str, Change] = {
    "PUL-01": _no_provider,
    "PUL-02": setting(PROVIDER, allowedAccountIds=None),
    "PUL-03": setting(_BUCKET, region="us-west-2"),
    "PUL-04": setting(_BUCKET, tags={"mlops:environment": ""}),
    "PUL-05": _opaque,
    "PUL-08": setting(_ROLE, permissionsBoundary="arn:aws:iam::999999999999:policy/theirs"),
}
