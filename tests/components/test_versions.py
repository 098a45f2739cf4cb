"""A product goes on from version to version, and back, in both engines: one new version each time, and nothing in the account goes."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from components.documents import templates
from sandbox.engine import Result, StepOp
from tests.sandbox.engines import EngineStack
from tests.sandbox.programs import Stack, refusals

BUILD, DEPLOY = "projects-build-train", "projects-deploy"
VERSION = "aws:servicecatalog/provisioningArtifact:ProvisioningArtifact"

PROGRAM = """
import json
from pathlib import Path

from components.config import parse
from components.documents import templates
from components.environment import Environment
from components.names import Bucket, Role
from components.projects import Projects, ProjectsArgs

templates.SEED = Path({seed!r})
environment = Environment.of(
    parse(
        dict(
            name="sm-mlops", type="dev", region="eu-west-1", allowPlaceholderAccounts=True,
            accounts=dict(development="111111111111", staging=["222222222222"]),
        )
    )
)
bucket = s3.Bucket("artifacts", bucket=environment.names.bucket(Bucket.ARTIFACTS, "111111111111"), opts=opts())
roles = dict(
    (
        role,
        aws.iam.Role(
            role.value,
            name=environment.names.role(role),
            assume_role_policy=json.dumps(
                dict(Version="2012-10-17", Statement=[dict(Effect="Allow", Action="sts:AssumeRole", Principal=dict(Service=service))])
            ),
            opts=opts(),
        ).arn,
    )
    for role, service in (
        (Role.PROJECT_FUNCTION, "lambda.amazonaws.com"),
        (Role.PRODUCTS_LAUNCH, "servicecatalog.amazonaws.com"),
        (Role.DATA_SCIENTIST_STUDIO, "sagemaker.amazonaws.com"),
        (Role.ML_ENGINEER_STUDIO, "sagemaker.amazonaws.com"),
        (Role.DATA_SCIENTIST, "sagemaker.amazonaws.com"),
        (Role.ML_ENGINEER, "sagemaker.amazonaws.com"),
    )
)
made = Projects(
    "projects",
    ProjectsArgs(
        environment=environment,
        artifacts_bucket=bucket.bucket,
        templates_bucket=None,
        storage_key_arn=None,
        logs_key_arn=None,
        retention_days=30,
        role_arns=roles,
        packages="curated",
        internet=False,
        rules=None,
    ),
    opts=opts(),
)
pulumi.export("products", made.product_ids)
"""
PLANNED = (StepOp.CREATE, StepOp.UPDATE, StepOp.REPLACE, StepOp.DELETE)


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> Sequence[Path]:
    """The seed code as it is, and with a build repository that says something more."""
    folder = tmp_path_factory.mktemp("seeds")
    found = [folder / "first", folder / "second"]
    for copy in found:
        for product in ("build_train", "deploy"):
            shutil.copytree(
                templates.SEED / product, copy / product, ignore=shutil.ignore_patterns("__pycache__", ".*")
            )
    buildspec = found[1] / "build_train" / "repository" / "buildspec.yml"
    buildspec.write_text(buildspec.read_text(encoding="utf-8") + "# more\n", encoding="utf-8")
    return found


def told(result: Result) -> list[tuple[str, str]]:
    """(what happens, name without its hash) of everything that a plan has."""
    assert refusals(result) == []
    steps = [step for step in result.steps if step.op in PLANNED and step.token.startswith("aws:")]
    return sorted((step.op.value, step.name.rpartition("-")[0]) for step in steps)


def published(stack: Stack | EngineStack) -> set[tuple[str, str]]:
    """(token, id) of all but the function's code."""
    return {(token, name) for token, name in stack.things() if "/functions/" not in name}


# Another content: its repository, its template and one version; what was there before stays, and only the state forgets it. The function, which
# offers the seed code to projects, gets it too.
CHANGED = sorted(
    [
        *((op, name) for op in ("create", "delete") for name in (f"{BUILD}-seed", BUILD, BUILD)),
        *((op, "projects") for op in ("replace", "update")),
    ]
)


def go_on_and_back(stack: Stack | EngineStack, seeds: Sequence[Path]) -> None:
    first, second = (PROGRAM.format(seed=str(folder)) for folder in seeds)
    made = stack.up(first)
    assert ("create", DEPLOY) in told(made)
    before, products = published(stack), made.outputs["products"]

    assert told(stack.preview(second)) == CHANGED
    changed = stack.up(second)
    assert told(changed) == CHANGED
    assert changed.outputs["products"] == products
    after = published(stack)
    assert before < after
    assert sorted(token for token, _ in after - before) == [
        "aws:s3/bucketObjectv2:BucketObjectv2",
        "aws:s3/bucketObjectv2:BucketObjectv2",
        VERSION,
    ]

    # Back: the same content is offered again as the newest version; its objects are in the bucket already.
    back = stack.up(first)
    assert told(back) == CHANGED
    assert back.outputs["products"] == products
    assert [token for token, _ in published(stack) - after] == [VERSION]
    assert after < published(stack)


def test_a_changed_seed_is_one_more_version(
    tmp_path: Path, seeds: Sequence[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(templates, "SEED", templates.SEED)  # the program of this process sets it
    stack = Stack(tmp_path)
    try:
        go_on_and_back(stack, seeds)
        assert told(stack.preview(PROGRAM.format(seed=str(seeds[0])))) == []
    finally:
        stack.close()


@pytest.mark.engine
def test_a_changed_seed_is_one_more_version_for_pulumis_engine(tmp_path: Path, seeds: Sequence[Path]) -> None:
    go_on_and_back(EngineStack(tmp_path), seeds)
