"""A mistake in `stages.json` is one message that says where."""

import json
from pathlib import Path
from typing import Any

import pytest
from images import by_digest
from platform_settings import StopError
from stages import read_stages

DIGEST = "sha256:" + "1" * 64
ECR = "141502667606.dkr.ecr.eu-west-1.amazonaws.com"


def given() -> dict[str, Any]:
    return json.loads((Path(__file__).parents[1] / "stages.json").read_text(encoding="utf-8"))


def changed(stage: str, key: str, value: object) -> str:
    stages = given()
    stages[stage][key] = value
    return json.dumps(stages)


MISTAKES = {
    "text": ("{", "is not JSON"),
    "list": ("[]", "exactly the stages staging and prod"),
    "unknown-stage": (json.dumps({**given(), "test": {}}), "exactly the stages staging and prod"),
    "unknown-key": (changed("prod", "colour", "red"), "prod must have exactly these keys: instance_type,"),
    "wrong-type": (changed("prod", "instances", "2"), r'prod\.instances is "2", which is not a whole number'),
    "flag-as-number": (changed("prod", "data_quality", 1), r"prod\.data_quality is 1, which is not true or false"),
    "number-as-flag": (changed("prod", "instances", True), r"prod\.instances is true, which is not a whole number"),
    "one-in-production": (changed("prod", "instances", 1), "prod: instances must be 2 or more, in two zones"),
    "none-in-staging": (changed("staging", "instances", 0), "staging: instances must be 1 or more"),
    "fewer-at-most": (changed("prod", "max_instances", 1), "max_instances must not be below instances"),
    "no-capture": (changed("prod", "capture_percentage", 0), "capture_percentage must be 1 to 100"),
    "negative": (changed("prod", "latency_p95_ms", -5), "latency_p95_ms must be positive"),
}


@pytest.mark.parametrize(("text", "message"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "stages.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(StopError, match=message):
        read_stages(file)


def test_a_whole_number_is_a_number(tmp_path: Path) -> None:
    file = tmp_path / "stages.json"
    file.write_text(changed("prod", "answers_tolerance", 2), encoding="utf-8")
    assert read_stages(file)["prod"].answers_tolerance == 2


class Ecr:
    """An image registry with one image."""

    def batch_get_image(self, registryId: str, repositoryName: str, imageIds: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803
        found = (registryId, repositoryName, imageIds) == ("141502667606", "sagemaker-xgboost", [{"imageTag": "3.0-5"}])
        return {"images": [{"imageId": {"imageDigest": DIGEST}}] if found else []}


@pytest.mark.parametrize(
    ("image", "registered"),
    [
        (f"{ECR}/sagemaker-xgboost:3.0-5", None),
        (f"{ECR}/sagemaker-xgboost:3.0-5", DIGEST),
        (f"{ECR}/sagemaker-xgboost:other", DIGEST),
        (f"{ECR}/sagemaker-xgboost@{DIGEST}", None),
        (f"{ECR}/sagemaker-xgboost:3.0-5@{DIGEST}", "sha256:" + "2" * 64),
    ],
)
def test_images(image: str, registered: str | None) -> None:
    assert by_digest(Ecr(), image, registered) == f"{ECR}/sagemaker-xgboost@{DIGEST}"


@pytest.mark.parametrize(
    ("image", "message"),
    [("docker.io/library/python:3", "not in a private registry"), (f"{ECR}/sagemaker-xgboost:9", "There is no image")],
)
def test_other_images(image: str, message: str) -> None:
    with pytest.raises(StopError, match=message):
        by_digest(Ecr(), image, None)
