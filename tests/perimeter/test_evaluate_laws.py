"""Laws of the decision, over made-up policies and requests."""

import json
from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from perimeter.conditions import Condition, holds
from perimeter.documents import parse
from perimeter.evaluate import Policies, Request, evaluate
from perimeter.patterns import Context
from perimeter.principals import Principal
from perimeter.verdict import UNKNOWN, Verdict, every, negate, some
from tests.perimeter.goldens import (
    BUCKET,
    CONDITIONS,
    HOME,
    KEY,
    LOGGING,
    NOBODY,
    OBJECT,
    READER,
    ROLE,
    ROOT,
    SESSION,
    VPCE,
    WORKER,
    Part,
    document,
    source,
)

ENDPOINTS = ["vpce-1", "vpce-2"]
conditions = st.sampled_from(
    [
        {},
        {"StringEquals": {VPCE: "vpce-1"}},
        {"StringNotEquals": {VPCE: "vpce-1"}},
        {"ArnNotLike": {"aws:PrincipalArn": ROLE}},
        {"BoolIfExists": {"aws:PrincipalIsAWSService": "false"}},
        {"Null": {VPCE: "true"}},
    ]
)
actions = st.sampled_from(["s3:GetObject", "s3:*", "kms:Decrypt", "*"])
resources = st.sampled_from([OBJECT, f"{BUCKET}/*", KEY, "*"])
named = st.sampled_from(
    ["*", {"AWS": ROLE}, {"AWS": SESSION}, {"AWS": ROOT}, {"AWS": READER.arn}, {"Service": LOGGING.arn}]
)


def statements(effects: st.SearchStrategy[str], *, principal: bool) -> st.SearchStrategy[Part]:
    def build(effect: str, action: str, resource: str, condition: Part, who: object) -> Part:
        extra: Part = {"Principal": who} if principal else {}
        return {"Effect": effect, "Action": action, "Resource": resource, "Condition": condition, **extra}

    return st.builds(build, effects, actions, resources, conditions, named)


either = st.sampled_from(["Allow", "Allow", "Deny"])
identity = st.lists(statements(either, principal=False), max_size=3)
attached = st.lists(statements(either, principal=True), max_size=3)


@st.composite
def requests(draw: st.DrawFn) -> Request:
    action, resource = draw(st.sampled_from([("s3:GetObject", OBJECT), ("kms:Decrypt", KEY)]))
    vpce = draw(st.sampled_from([None, *ENDPOINTS]))
    principal = draw(st.sampled_from([WORKER, READER, LOGGING, NOBODY, Principal.root(ROOT)]))
    return Request(principal=principal, action=action, resource=resource, account=HOME, context={VPCE: vpce})


@st.composite
def policies(draw: st.DrawFn) -> Policies:
    boundary = draw(st.none() | identity)
    return Policies(
        identity=[document(draw(identity), "identity policy")],
        boundary=None if boundary is None else document(boundary, "boundary"),
        resource=document(draw(attached), "resource policy"),
        endpoint=document(draw(attached), "endpoint policy"),
    )


def allowed(request: Request, all_policies: Policies) -> bool:
    decision = evaluate(request, all_policies).allowed
    assert decision is not None, "nothing is unknown"
    return decision


@given(requests(), policies(), st.lists(statements(st.just("Deny"), principal=False), min_size=1, max_size=2))
def test_a_deny_never_allows_more(request: Request, given: Policies, denies: list[Part]) -> None:
    more = replace(given, identity=[*given.identity, document(denies, "denies")])
    assert allowed(request, given) or not allowed(request, more)


@given(requests(), policies(), st.lists(statements(st.just("Allow"), principal=False), min_size=1, max_size=2))
def test_an_allow_never_denies_more(request: Request, given: Policies, allows: list[Part]) -> None:
    more = replace(given, identity=[*given.identity, document(allows, "allows")])
    assert allowed(request, more) or not allowed(request, given)


@given(requests(), policies(), identity)
def test_a_boundary_only_narrows(request: Request, given: Policies, boundary: list[Part]) -> None:
    free = replace(given, boundary=None)
    assert allowed(request, free) or not allowed(request, replace(given, boundary=document(boundary, "boundary")))


@given(requests(), policies(), attached)
def test_an_endpoint_policy_only_narrows(request: Request, given: Policies, endpoint: list[Part]) -> None:
    free = replace(given, endpoint=None)
    assert allowed(request, free) or not allowed(request, replace(given, endpoint=document(endpoint, "endpoint")))


def shuffled(some_statements: st.SearchStrategy[list[Part]]) -> st.SearchStrategy[tuple[list[Part], list[Part]]]:
    return some_statements.flatmap(lambda drawn: st.tuples(st.just(drawn), st.permutations(drawn)))


@given(requests(), shuffled(identity), shuffled(attached))
def test_order_does_not_matter(
    request: Request, own: tuple[list[Part], list[Part]], others: tuple[list[Part], list[Part]]
) -> None:
    before, after = (
        allowed(request, Policies(identity=[document(mine, "i")], resource=document(theirs, "r")))
        for mine, theirs in zip(own, others, strict=True)
    )
    assert before == after


@given(attached)
def test_text_and_object_read_the_same(given: list[Part]) -> None:
    assert parse(json.dumps(source(given))) == parse(source(given))


@given(requests(), identity, attached, st.integers(0, 5), st.booleans())
def test_what_is_decided_with_an_unknown_part_stays_so(
    request: Request, own: list[Part], others: list[Part], place: int, whole: bool
) -> None:
    """An answer given in spite of an unknown part is the one given once the part is known."""

    def decide(first: Sequence[object], second: Sequence[object]) -> Verdict:
        mine, theirs = parse({"Version": "2012-10-17", "Statement": first}), parse({"Statement": second})
        return evaluate(request, Policies(identity=[mine], resource=theirs)).allowed

    known: list[Part] = [*own, *others]
    if not known:
        return
    hidden = known[place % len(known)]
    veiled: object = UNKNOWN if whole else {**hidden, "Condition": UNKNOWN, "Resource": UNKNOWN}
    parts: list[object] = [veiled if part is hidden else part for part in known]
    answer = decide(parts[: len(own)], parts[len(own) :])
    assert answer in (None, decide(own, others))


def operators() -> list[Condition]:
    return [
        Condition(operator=operator, key=key, values=("x",))
        for held in CONDITIONS
        for operator, block in held.condition.items()
        for key in block
        if operator != "Null" and ":" not in operator and not operator.endswith("IfExists")
    ]


@given(st.sampled_from(operators()), st.sampled_from(["x", "60", "true", "10.0.0.1", "arn:aws:s3:::b"]))
def test_if_exists_only_adds_what_is_missing(condition: Condition, value: str) -> None:
    softer = replace(condition, operator=f"{condition.operator}IfExists")
    assert holds(softer, Context({})) is True
    present = Context({str(condition.key): value})
    assert holds(softer, present) == holds(condition, present)


VERDICTS: st.SearchStrategy[Verdict] = st.sampled_from([True, False, None])


@given(st.lists(VERDICTS))
def test_an_undecided_part_decides_only_what_hangs_on_it(verdicts: list[Verdict]) -> None:
    """Whatever the undecided parts turn out to be, a verdict that was given holds."""
    for settled in (True, False):
        known = [settled if verdict is None else verdict for verdict in verdicts]
        assert every(verdicts) in (None, all(known))
        assert some(verdicts) in (None, any(known))
        assert negate(every(verdicts)) in (None, not all(known))
