"""Paths that AWS does not document: closed as they come, and opened one by one, for one task of one role."""

from collections.abc import Callable, Mapping
from typing import get_args

import pytest

from components.config import Perimeter
from components.documents import Document, buckets
from components.environment import Environment
from components.names import Bucket, Role
from perimeter.undocumented import PATHS
from tests.components.documents.requests import denies
from tests.components.documents.test_buckets import by
from tests.components.stacks import DEVELOPMENT, KEY_ARN, PRODUCTION, endpoint_ids, environment

IDS = endpoint_ids(2)
PROJECT = "sm-mlops-cp-rings-p-1a2b3c4d5e6f"
NAMES = environment().names

DOCUMENTS: Mapping[str, Callable[[Environment], Document]] = {
    "capture": lambda given: buckets.capture(given, DEVELOPMENT, IDS, KEY_ARN),
    "buildSource": lambda given: buckets.project(given, PROJECT, IDS[:1], KEY_ARN),
    "modelData": lambda given: buckets.models(given, IDS, KEY_ARN),
}
CAPTURE = NAMES.bucket_arn(Bucket.CAPTURE, DEVELOPMENT)
MODELS = NAMES.bucket_arn(Bucket.MODELS, DEVELOPMENT)
MODEL, DEPLOYED = (NAMES.role_arn(Role.MODEL_EXECUTION, account) for account in (DEVELOPMENT, PRODUCTION))
BUILDS = tuple(NAMES.role_arn(role, DEVELOPMENT) for role in (Role.BUILD, Role.RELEASE, Role.TEST))

OPENED = [
    ("capture", MODEL, "s3:PutObject", f"{CAPTURE}/data-capture/x"),
    *(
        ("buildSource", build, action, f"arn:aws:s3:::{PROJECT}/x")
        for build in BUILDS
        for action in ("s3:GetObject", "s3:PutObject")
    ),
    ("modelData", MODEL, "s3:GetObject", f"{MODELS}/x"),
    ("modelData", DEPLOYED, "s3:GetObject", f"{MODELS}/x"),
]
CLOSED = [
    ("capture", MODEL, "s3:PutObject", f"{CAPTURE}/ground-truth/x"),
    ("capture", MODEL, "s3:GetObject", f"{CAPTURE}/data-capture/x"),
    ("capture", NAMES.role_arn(Role.JOB, DEVELOPMENT), "s3:PutObject", f"{CAPTURE}/data-capture/x"),
    ("buildSource", BUILDS[0], "s3:DeleteObject", f"arn:aws:s3:::{PROJECT}/x"),
    ("buildSource", BUILDS[0], "s3:ListBucket", f"arn:aws:s3:::{PROJECT}"),
    ("buildSource", NAMES.role_arn(Role.JOB, DEVELOPMENT), "s3:GetObject", f"arn:aws:s3:::{PROJECT}/x"),
    ("modelData", MODEL, "s3:PutObject", f"{MODELS}/x"),
    ("modelData", MODEL, "s3:ListBucket", MODELS),
    ("modelData", NAMES.role_arn(Role.JOB, DEVELOPMENT), "s3:GetObject", f"{MODELS}/x"),
]


def refused(path: str, opened: tuple[str, ...], principal: str, action: str, resource: str) -> bool:
    """Whether a role's request from outside is denied; an archive that it asks for is approved."""
    document = DOCUMENTS[path](environment(perimeter={"by": "endpoints", "alsoOpen": list(opened)}))
    context = {**by(principal), f"s3:ExistingObjectTag/{NAMES.approved_tag}": "true"}
    return bool(denies(document, action, context, resource))


@pytest.mark.parametrize(("path", "principal", "action", "resource"), OPENED)
def test_a_path_is_closed_until_it_is_opened(path: str, principal: str, action: str, resource: str) -> None:
    others = tuple(name for name in DOCUMENTS if name != path)
    assert refused(path, (), principal, action, resource)
    assert refused(path, others, principal, action, resource)
    assert not refused(path, (path,), principal, action, resource)


@pytest.mark.parametrize(("path", "principal", "action", "resource"), CLOSED)
def test_an_open_path_is_for_one_task_of_one_role(path: str, principal: str, action: str, resource: str) -> None:
    assert refused(path, (path,), principal, action, resource)


def test_an_archive_that_nobody_approved_stays_closed() -> None:
    document = DOCUMENTS["modelData"](environment(perimeter={"by": "endpoints", "alsoOpen": ["modelData"]}))
    assert denies(document, "s3:GetObject", by(MODEL), f"{MODELS}/x") == {"DenyUnapproved"}


def test_the_table_has_every_path_that_can_be_opened() -> None:
    (choices,) = get_args(Perimeter.model_fields["also_open"].annotation)[:1]
    assert set(get_args(choices)) == {path.name for path in PATHS if path.name} == set(DOCUMENTS)
