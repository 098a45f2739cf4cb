"""For each IAM rule one change of `dev` that it refuses."""

from collections.abc import Mapping
from typing import Any

from policy.rules.iam import POLICY, ROLE, ROLE_ATTACHMENT, ROLE_POLICY
from tests.policy.changes import Change, editing, setting


def _allow_everything(statements: list[Any]) -> None:
    statements.append({"Effect": "Allow", "Action": "*", "Resource": "*"})


def _pass_any_role(statements: list[Any]) -> None:
    next(statement for statement in statements if statement["Action"] == "iam:PassRole")["Resource"] = "*"


def _trust_anybody(statements: list[Any]) -> None:
    statements[0]["Principal"] = {"AWS": "*"}


def _trust_the_account(statements: list[Any]) -> None:
    del statements[0]["Condition"]


def _one_block(statements: list[Any]) -> None:
    (missing,) = [statement for statement in statements if statement["Sid"] == "DenyNoSubnets"]
    missing["Condition"]["Null"]["sagemaker:VpcSecurityGroupIds"] = "true"


def _all_but(statements: list[Any]) -> None:
    allowed = next(statement for statement in statements if statement["Effect"] == "Allow")
    allowed["NotAction"] = allowed.pop("Action")


def _decide_anything(statements: list[Any]) -> None:
    (decides,) = [statement for statement in statements if statement["Sid"] == "DecideModels"]
    del decides["Condition"]


CHANGES: Mapping[str, Change] = {
    "IAM-01": editing(ROLE_POLICY, "JobRole", "policy", _allow_everything),
    "IAM-03": setting(ROLE_ATTACHMENT, policyArn="arn:aws:iam::aws:policy/AmazonSageMakerFullAccess"),
    "IAM-04": editing(ROLE_POLICY, "-PipelineRole", "policy", _pass_any_role),
    "IAM-05": editing(ROLE, "-JobRole", "assumeRolePolicy", _trust_anybody),
    "IAM-06": editing(ROLE, "-StackSetExecutionRole", "assumeRolePolicy", _trust_the_account),
    "IAM-07": editing(ROLE, "-JobRole", "assumeRolePolicy", _trust_the_account),
    "IAM-09": setting(ROLE, permissionsBoundary=None),
    "IAM-11": editing(POLICY, "guard-network", "policy", _one_block),
    "IAM-14": editing(ROLE_POLICY, "-JobRole", "policy", _all_but),
    "IAM-21": editing(ROLE_POLICY, "-ModelApprover", "policy", _decide_anything),
}
