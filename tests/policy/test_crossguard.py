"""The pack as the engine drives it: Analyze and AnalyzeStack of the SDK's own servicer."""

from typing import Any, cast

import pytest
from google.protobuf import json_format, struct_pb2
from pulumi.runtime.proto import analyzer_pb2
from pulumi_policy import EnforcementLevel
from pulumi_policy.policy import _PolicyAnalyzerServicer  # pyright: ignore[reportPrivateUsage] - the SDK's test entry
from pulumi_policy.proxy import UNKNOWN_BOOLEAN_VALUE, unknown_checking_proxy

from policy.adapters import crossguard
from policy.adapters.crossguard import Pack, plain
from policy.check import check_resource
from policy.configuration import PolicyConfigurationError
from policy.model import UNKNOWN
from policy.rule import ResourceRule
from policy.rules import RULES
from tests.components.stacks import DEVELOPMENT, configuration

KEY = "aws:kms/key:Key"
URN = f"urn:pulumi:dev::mlops::{KEY}::key"
EXCEPTION = '[{"rule": "KMS-01", "resource": "key", "reason": "ticket 42", "expires": "%s"}]'


def servicer(**policy: str) -> Any:  # noqa: ANN401 - untyped in the SDK
    config = {**configuration(), **{f"policy:{key}": text for key, text in policy.items()}}
    return _PolicyAnalyzerServicer("secure-mlops", "0.1.0", Pack(config).policies(), EnforcementLevel.MANDATORY)


def found(pack: Any, properties: dict[str, Any], rule: str = "kms-01") -> list[tuple[str, str, str]]:  # noqa: ANN401
    """(policy, level, message) of a key's diagnostics that speak of a rule."""
    request = analyzer_pb2.AnalyzeRequest(
        type=KEY,
        urn=URN,
        name="key",
        properties=json_format.ParseDict(properties, struct_pb2.Struct()),
        provider=analyzer_pb2.AnalyzerProviderResource(
            type="pulumi:providers:aws",
            name="development",
            urn="urn:pulumi:dev::mlops::pulumi:providers:aws::development",
            properties=json_format.ParseDict(
                {"region": "eu-west-1", "allowedAccountIds": f'["{DEVELOPMENT}"]'}, struct_pb2.Struct()
            ),
        ),
    )
    levels = analyzer_pb2.EnforcementLevel
    return [
        (str(said.policyName), str(levels.Name(said.enforcementLevel)), str(said.message))
        for said in cast("list[Any]", pack.Analyze(request, None).diagnostics)
        if said.policyName.startswith(rule) or f"{rule.upper()}:" in said.message
    ]


def test_a_violation_stops_with_the_rule_s_level() -> None:
    ((policy, level, message),) = found(servicer(), {"enableKeyRotation": False})
    assert (policy, level) == ("kms-01-rotation", "MANDATORY")
    assert "rotation" in message


def test_a_rule_is_evaluated_once_for_all_policies(monkeypatch: pytest.MonkeyPatch) -> None:
    """And again for another resource, or the same one with other values."""
    seen: list[tuple[str, object]] = []

    def counted(rule: Any, resource: Any, context: Any) -> Any:  # noqa: ANN401
        seen.append((rule.id, resource.properties))
        return check_resource(rule, resource, context)

    monkeypatch.setattr(crossguard, "check_resource", counted)
    pack = servicer()
    for rotation in (False, True, False):
        assert bool(found(pack, {"enableKeyRotation": rotation})) is not rotation
    rules = [rule.id for rule in RULES if isinstance(rule, ResourceRule)]
    assert [rule for rule, _ in seen] == rules * 3


def test_what_is_right_is_not_spoken_of() -> None:
    assert found(servicer(), {"enableKeyRotation": True}) == []


def test_an_unknown_value_is_one_advice_that_names_the_property() -> None:
    ((policy, level, message),) = found(servicer(), {"enableKeyRotation": UNKNOWN_BOOLEAN_VALUE})
    assert (policy, level) == ("advice", "ADVISORY")
    assert "cannot be decided in this preview: enableKeyRotation" in message


@pytest.mark.parametrize(
    ("expires", "policy", "level"),
    [("2999-01-31", "advice", "ADVISORY"), ("2020-01-31", "kms-01-rotation", "MANDATORY")],
)
def test_an_exception_counts_until_it_expires(expires: str, policy: str, level: str) -> None:
    ((said_by, said_as, message),) = found(servicer(exceptions=EXCEPTION % expires), {"enableKeyRotation": False})
    assert (said_by, said_as) == (policy, level)
    assert "ticket 42" in message


def test_an_expired_exception_of_an_advisory_rule_stops() -> None:
    pack = servicer(exceptions=EXCEPTION % "2020-01-31", levels='{"KMS-01": "advisory"}')
    ((said_by, said_as, _),) = found(pack, {"enableKeyRotation": False})
    assert (said_by, said_as) == ("expired-exceptions", "MANDATORY")


@pytest.mark.parametrize(("level", "expected"), [("advisory", ["ADVISORY"]), ("disabled", [])])
def test_a_stack_sets_levels(level: str, expected: list[str]) -> None:
    pack = servicer(levels=f'{{"KMS-01": "{level}"}}')
    assert [said_as for _, said_as, _ in found(pack, {"enableKeyRotation": False})] == expected


def test_every_rule_is_one_policy_with_its_metadata() -> None:
    policies = {policy.name: policy for policy in Pack(configuration()).policies()}
    assert len(policies) == len(RULES) + 4
    for rule in RULES:
        policy = policies[rule.policy_name]
        assert policy.description == rule.title
        assert policy.remediation_steps == rule.remediation
        assert policy.severity is not None
        assert policy.severity.value == rule.severity.value


def test_a_wrong_policy_configuration_starts_no_pack() -> None:
    with pytest.raises(PolicyConfigurationError, match="KMS-99"):
        servicer(levels='{"KMS-99": "advisory"}')


def test_what_the_engine_s_proxies_hide_becomes_plain() -> None:
    given = {"a": [UNKNOWN_BOOLEAN_VALUE, 1, {"b": None}], "c": UNKNOWN_BOOLEAN_VALUE, "d": {"e": "f"}}
    assert plain(unknown_checking_proxy(given)) == {"a": [UNKNOWN, 1, {"b": None}], "c": UNKNOWN, "d": {"e": "f"}}
