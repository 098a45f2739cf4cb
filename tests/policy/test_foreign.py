"""Rules never crash, whatever a foreign program declares."""

import dataclasses
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from policy.check import outcomes
from policy.model import UNKNOWN, Provider, Resource, Stack
from policy.rules import RULES, iam, logs, network, pulumi_program
from tests.policy.cases import CONTEXT
from tests.policy.rules import test_iam, test_logs, test_network, test_pulumi_program

SEEN = [
    resource
    for module in (test_iam, test_logs, test_network, test_pulumi_program)
    for case in module.CASES.values()
    for resource in case.resources
]
OWN = {rule.id for module in (iam, logs, network, pulumi_program) for rule in module.RULES}
NAMES = sorted({name for resource in SEEN for name in resource.properties})
STATEMENTS = ("Effect", "Action", "NotAction", "Resource", "Principal", "Condition", "Sid", "AWS", "Null", "Statement")

leaf = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from(
        ("", "*", "Allow", "Deny", "{", "[]", "arn:aws:iam::1:role/x", "0.0.0.0/0", "::/0", "iam:PassRole")
    ),
    st.just(UNKNOWN),
)
values = st.recursive(
    leaf,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from((*STATEMENTS, *NAMES)), inner, max_size=4)
    ),
    max_leaves=12,
)
documents = values.map(lambda value: json.dumps({"Statement": value}, default=str))
resources = st.builds(
    Resource,
    token=st.sampled_from(sorted({resource.token for resource in SEEN})),
    name=st.just("thing"),
    urn=st.sampled_from(("a", "b", "c")),
    properties=st.dictionaries(st.sampled_from(NAMES), st.one_of(values, documents), max_size=6),
    provider=st.one_of(st.none(), st.builds(Provider, name=st.just("p"), properties=st.just({"region": UNKNOWN}))),
    references=st.dictionaries(st.sampled_from(NAMES), st.lists(st.sampled_from(("a", "b", "z"))), max_size=2),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(resources, max_size=5), st.booleans())
def test_no_rule_crashes(declared: list[Resource], internet: bool) -> None:
    context = dataclasses.replace(CONTEXT, internet=internet)
    for rule in (rule for rule in RULES if rule.id in OWN):
        for outcome in outcomes(rule, Stack(declared), context):
            assert outcome.message
