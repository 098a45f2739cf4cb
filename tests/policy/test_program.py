"""The rules over the real program, and over programs of others."""

import copy
import importlib
import json
import pkgutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tests.policy
from ops import rules, stackfile
from ops.rehearse import ROOT, engine_for
from policy.adapters.deployment import PROVIDER
from policy.check import outcomes
from policy.model import UNKNOWN, Resource, Stack
from policy.rule import ResourceRule, Rule
from policy.rules import RULES
from tests.components import sdk
from tests.policy.cases import CONTEXT
from tests.policy.cases import PROVIDER as EXPLICIT
from tests.policy.changes import Change

sdk.load()
States = Sequence[Mapping[str, Any]]


def _changes() -> Mapping[str, Change]:
    found: dict[str, Change] = {}
    for module in pkgutil.iter_modules(tests.policy.__path__, "tests.policy."):
        if module.name.startswith("tests.policy.changes_"):
            found |= importlib.import_module(module.name).CHANGES
    return found


CHANGES = _changes()


def _config(stack: str) -> dict[str, str]:
    return stackfile.rehearsed(ROOT, stack)


def _rehearsed(directory: Path, stack: str) -> States:
    engine = engine_for(directory, stack, _config(stack))
    assert not engine.up().failures
    return json.loads(engine.state_file.read_text(encoding="utf-8"))["deployment"]["resources"]


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> States:
    return _rehearsed(tmp_path_factory.mktemp("dev"), "dev")


@pytest.fixture(scope="module")
def prod(tmp_path_factory: pytest.TempPathFactory) -> States:
    return _rehearsed(tmp_path_factory.mktemp("prod"), "prod")


def test_dev_and_prod_violate_no_rule(dev: States, prod: States) -> None:
    for stack, states in (("dev", dev), ("prod", prod)):
        found = rules.check(states, _config(stack))
        assert [(verdict.rule.id, verdict.resource.name, verdict.message) for verdict in found] == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rehearsal_refuses_a_change_of_every_rule(rule: Rule, dev: States) -> None:
    states: list[dict[str, Any]] = copy.deepcopy([dict(state) for state in dev])
    CHANGES[rule.id](states)
    found = [verdict for verdict in rules.check(states, _config("dev")) if verdict.rule.id == rule.id]
    assert found
    assert not any(verdict.undecided for verdict in found)


def test_a_mandatory_violation_is_printed_with_its_remedy(dev: States, capsys: pytest.CaptureFixture[str]) -> None:
    states: list[dict[str, Any]] = copy.deepcopy([dict(state) for state in dev])
    CHANGES["LOG-02"](states)
    stops = rules.print_verdicts(rules.Console(), rules.check(states, _config("dev")))
    printed = capsys.readouterr()
    assert stops
    assert "mandatory: LOG-02" in printed.err
    assert "violations: 1 mandatory" in printed.out


# Foreign programs

TOKENS = sorted({token for rule in RULES if isinstance(rule, ResourceRule) for token in rule.types})
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-1, 70_000),
    st.just(UNKNOWN),
    st.sampled_from(
        ["", "*", "{", "[]", "{}", '{"Statement": null}', '{"Statement": [{"Effect": 1}]}', "0.0.0.0/0", "arn:aws:iam"]
    ),
    st.text(max_size=8),
)


def _properties(names: Sequence[str]) -> st.SearchStrategy[dict[str, object]]:
    keys = st.one_of(st.sampled_from(names), st.text(max_size=5))
    values = st.recursive(
        LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3), max_leaves=8
    )
    return st.dictionaries(keys, values, max_size=6)


NAMES = sorted(
    {
        "policy", "assumeRolePolicy", "permissionsBoundary", "inlinePolicies", "managedPolicyArns", "policyArn", "role",
        "ingress", "egress", "cidrBlocks", "cidrIpv4", "fromPort", "region", "tags", "tagsAll", "kmsKeyId", "subnetIds",
        "vpcId", "routeTableIds", "vpcEndpointType", "serviceName", "retentionInDays", "name", "bucket", "rules",
        "versioningConfiguration", "rule", "status", "key", "keyId", "Statement", "Action", "Principal", "Condition",
        "allowedAccountIds", "assumeRoles", "defaultTags", "availabilityZone", "domainSettings", "securityGroups",
    }
)  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    made=st.lists(
        st.tuples(st.sampled_from([*TOKENS, f"{PROVIDER}aws", "random:index:X"]), _properties(NAMES)), max_size=4
    )
)
def test_no_foreign_program_breaks_a_rule(made: list[tuple[str, dict[str, object]]]) -> None:
    stack = Stack(
        Resource(token=token, name=f"r{index}", urn=f"urn:{index}", properties=properties, provider=EXPLICIT)
        for index, (token, properties) in enumerate(made)
    )
    known = {resource.urn for resource in stack.resources}
    for rule in RULES:
        for outcome in outcomes(rule, stack, CONTEXT):
            assert outcome.message
            assert outcome.resource.urn in known
