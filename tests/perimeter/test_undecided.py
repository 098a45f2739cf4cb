"""What is not known makes an answer undecided where it matters, and nowhere else."""

from collections.abc import Callable

import pytest

from perimeter.conditions import Condition, holds
from perimeter.documents import parse
from perimeter.evaluate import Policies, Reason, Request, evaluate
from perimeter.patterns import Context
from perimeter.principals import Principal
from perimeter.verdict import UNKNOWN, Verdict
from tests.perimeter.goldens import HOME, NOBODY, OBJECT, VPCE, WORKER, allow, deny

READ = Request(principal=WORKER, action="s3:GetObject", resource=OBJECT, account=HOME)


def decide(*statements: object, request: Request = READ) -> tuple[Verdict, Reason, str]:
    document = parse({"Version": "2012-10-17", "Statement": statements}, "identity policy")
    decision = evaluate(request, Policies(identity=[document]))
    return decision.allowed, decision.reason, decision.statement.label if decision.statement else ""


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([allow(Sid="A"), UNKNOWN], (None, Reason.UNKNOWN, "Statement[1]")),
        ([allow(Sid="A"), deny(Sid="D"), UNKNOWN], (False, Reason.EXPLICIT_DENY, "D")),
        ([UNKNOWN], (None, Reason.UNKNOWN, "Statement[0]")),
        ([allow(Sid="A"), deny(UNKNOWN, Sid="D")], (None, Reason.UNKNOWN, "D")),
        ([allow(Sid="A"), deny(["sqs:*"], UNKNOWN, Sid="D")], (True, Reason.ALLOWED, "A")),
        ([allow(["s3:GetObject", UNKNOWN], Sid="A")], (True, Reason.ALLOWED, "A")),
        ([allow("sqs:*", Condition=UNKNOWN)], (False, Reason.IDENTITY, "")),
        ([allow(Sid="A", Condition={"StringEquals": {VPCE: UNKNOWN}})], (False, Reason.IDENTITY, "")),
        (
            [allow(Sid="A"), deny(Sid="D", Condition={"StringNotEquals": {VPCE: [UNKNOWN]}})],
            (False, Reason.EXPLICIT_DENY, "D"),
        ),
    ],
)
def test_decides_what_the_known_parts_settle(statements: list[object], expected: tuple[Verdict, Reason, str]) -> None:
    assert decide(*statements) == expected


def test_keys_that_nobody_knows() -> None:
    narrowed = allow(Condition={"StringEquals": {"aws:PrincipalTag/team": "a"}})
    assert decide(narrowed)[0] is False
    unknown = Request(principal=WORKER, action="s3:GetObject", resource=OBJECT, account=HOME, complete=False)
    assert decide(narrowed, request=unknown)[0] is None
    # What AWS fills in is known all the same.
    assert decide(allow(Condition={"StringEquals": {"aws:PrincipalAccount": HOME}}), request=unknown)[0] is True


@pytest.mark.parametrize(
    ("operator", "wanted", "given", "expected"),
    [
        ("StringEquals", ("a", UNKNOWN), "a", True),
        ("StringEquals", ("a", UNKNOWN), "b", None),
        ("StringNotEquals", ("a", UNKNOWN), "a", False),
        ("StringNotEquals", ("a", UNKNOWN), "b", None),
        ("StringEquals", (UNKNOWN,), None, False),
        ("Null", ("true",), UNKNOWN, None),
        ("Null", (UNKNOWN,), "a", None),
        ("StringLike", ("${aws:PrincipalTag/x}",), "a", None),
        ("StringEquals", ("${aws:PrincipalTag/x}",), "a", None),
        ("ArnLike", ("arn:aws:s3:::${aws:PrincipalTag/x}",), "arn:aws:s3:::b", None),
        ("ArnLike", ("arn:aws:iam:::${aws:PrincipalTag/x}",), "arn:aws:s3:::b", False),
        ("ForAnyValue:StringEquals", ("a",), [UNKNOWN, "a"], True),
        ("ForAllValues:StringEquals", ("a",), [UNKNOWN, "a"], None),
        # AWS's documentation says yes in one place and no in another.
        ("ForAnyValue:StringEqualsIfExists", ("a",), None, None),
        ("BinaryEquals", ("QmluYXJ5",), "QmluYXJ5", True),
        ("BinaryEquals", ("QmluYXJ5",), "qmluyxj5", False),
        ("DateLessThan", ("2026",), "1735689600", True),
        ("DateLessThan", ("2025-02",), "2025-01-31T23:00:00Z", True),
        ("DateLessThan", ("soon",), "2025-01-31T23:00:00Z", False),
    ],
)
def test_conditions(operator: str, wanted: tuple[str], given: str | list[str] | None, expected: Verdict) -> None:
    context = Context({"key": given, "aws:PrincipalTag/x": UNKNOWN})
    assert holds(Condition(operator=operator, key="KEY", values=wanted), context) is expected


def test_first_version_has_no_variables() -> None:
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::bucket/${aws:username}"}
    literal = Request(principal=WORKER, action="s3:GetObject", resource=str(statement["Resource"]), account=HOME)
    old = parse({"Version": "2008-10-17", "Statement": statement})
    new = parse({"Version": "2012-10-17", "Statement": statement})
    assert evaluate(literal, Policies(identity=[old])).allowed is True
    assert evaluate(literal, Policies(identity=[new])).allowed is False


@pytest.mark.parametrize("make", [Principal.role, Principal.user, Principal.root])
def test_who_asks_has_an_arn(make: Callable[[str], Principal]) -> None:
    with pytest.raises(ValueError, match="'Deployer' is no ARN"):
        make("Deployer")


def test_a_decision_says_who_took_it() -> None:
    document = parse({"Version": "2012-10-17", "Statement": [allow(Sid="Reads")]}, "policy of Worker")
    assert (
        str(evaluate(READ, Policies(identity=[document]))) == "allowed: a statement allows it (policy of Worker, Reads)"
    )
    assert str(evaluate(READ, Policies())) == "denied: no identity policy allows it"
    unknown = evaluate(READ, Policies(identity=[parse(UNKNOWN, "policy of Worker")]))
    assert str(unknown) == "undecided: it hangs on a part that is not known (policy of Worker, Statement[0])"


def test_identity_policies_say_nothing_of_nobody() -> None:
    document = parse({"Version": "2012-10-17", "Statement": [allow()]})
    request = Request(principal=NOBODY, action="s3:GetObject", resource=OBJECT, account=HOME)
    assert evaluate(request, Policies(identity=[document])).reason is Reason.RESOURCE
