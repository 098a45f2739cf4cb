"""What the platform tells a project."""

import boto3
import pytest
from moto import mock_aws
from platform_settings import Settings, StopError, environment, read_settings


def test_all_pages_of_the_environment_are_read_and_nothing_else() -> None:
    with mock_aws():
        ssm = boto3.client("ssm")
        for number in range(25):  # SSM gives ten a page
            ssm.put_parameter(Name=f"/mlops-dev/network/subnets/{number}", Value=f"subnet-{number}", Type="String")
        ssm.put_parameter(Name="/mlops-devel/keys/data", Value="another environment's", Type="String")
        settings = read_settings(ssm, "mlops-dev")
    assert len(settings.values) == 25
    assert settings["network/subnets/24"] == "subnet-24"
    assert settings.get("keys/data") is None


LISTS = {
    "one parameter": ({"subnets": "a,b"}, ["a", "b"]),
    "spaces": ({"subnets": "a, b ,"}, ["a", "b"]),
    "parts": ({"subnets/1": "a,b", "subnets/2": "c"}, ["a", "b", "c"]),
    "parts in their order": (
        {"subnets/10": "z", **{f"subnets/{n}": str(n) for n in range(1, 10)}},
        [*"123456789", "z"],
    ),
    "absent": ({}, []),
}


@pytest.mark.parametrize("case", LISTS)
def test_lists_are_whole_or_in_parts(case: str) -> None:
    values, expected = LISTS[case]
    assert Settings(prefix="p", values=values).list("subnets") == expected


def test_a_missing_value_names_its_parameter_and_account() -> None:
    with pytest.raises(StopError, match="/p/keys/data is missing in 222222222222"):
        Settings(prefix="p", values={}, account="222222222222")["keys/data"]


def test_a_variable_may_not_be_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROJECT_ID", "")
    with pytest.raises(StopError, match="PROJECT_ID"):
        environment("PROJECT_ID")
