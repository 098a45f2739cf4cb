"""For each KMS rule one change of `dev` that it refuses."""

from collections.abc import Mapping
from typing import Any

from policy.rules.kms import KEY
from tests.policy.changes import Change, editing, setting


def _for_anybody(statements: list[Any]) -> None:
    (statement,) = [statement for statement in statements if statement["Sid"] == "AllowCrossAccountDescribe"]
    statement["Principal"] = {"AWS": "*"}


def _nobody_administers(statements: list[Any]) -> None:
    statements[0]["Action"].remove("kms:PutKeyPolicy")


def _any_grant(statements: list[Any]) -> None:
    (statement,) = [statement for statement in statements if statement["Action"] == "kms:CreateGrant"]
    del statement["Condition"]["Bool"]


def _logs_of_anybody(statements: list[Any]) -> None:
    (statement,) = [statement for statement in statements if statement["Sid"] == "AllowLogs"]
    del statement["Condition"]


def _they_administer(statements: list[Any]) -> None:
    (statement,) = [statement for statement in statements if statement["Sid"] == "AllowCrossAccountDescribe"]
    statement["Action"] = ["kms:DescribeKey", "kms:ScheduleKeyDeletion"]


CHANGES: Mapping[str, Change] = {
    "KMS-01": setting(KEY, enableKeyRotation=False),
    "KMS-02": setting(KEY, policy=None),
    "KMS-03": editing(KEY, "development-serving-data", "policy", _for_anybody),
    "KMS-04": editing(KEY, "-storage", "policy", _nobody_administers),
    "KMS-07": editing(KEY, "-storage", "policy", _any_grant),
    "KMS-08": editing(KEY, "-logs", "policy", _logs_of_anybody),
    "KMS-10": editing(KEY, "development-serving-data", "policy", _they_administer),
}
