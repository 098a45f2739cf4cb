"""Reading documents: every shape that AWS takes, one message for what it refuses, and what is unknown stays so."""

import json

import pytest

from perimeter.conditions import Condition
from perimeter.documents import DocumentError, Named, parse
from perimeter.verdict import UNKNOWN

ONE = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}


def test_one_value_or_a_list_reads_the_same() -> None:
    lists = {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["*"]}
    assert parse({"Version": "2012-10-17", "Statement": ONE}) == parse({"Version": "2012-10-17", "Statement": [lists]})


def test_everybody_has_one_reading() -> None:
    everybody = parse({"Statement": {**ONE, "Principal": "*"}}).statements[0]
    assert everybody.principals == (Named("AWS", "*"),)
    assert parse({"Statement": {**ONE, "Principal": {"AWS": "*"}}}).statements[0] == everybody


def test_numbers_and_booleans_are_texts_in_conditions() -> None:
    condition = {"Bool": {"aws:SecureTransport": False}, "NumericLessThan": {"s3:TlsVersion": 1.2}}
    (statement,) = parse({"Statement": {**ONE, "Condition": condition}}).statements
    assert statement.conditions == (
        Condition(operator="Bool", key="aws:SecureTransport", values=("false",)),
        Condition(operator="NumericLessThan", key="s3:TlsVersion", values=("1.2",)),
    )


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{", "is not JSON"),
        ("", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[]", "is not a JSON object with Version and Statement"),
        (None, "is not a JSON object with Version and Statement"),
        ({}, "has no Statement"),
        ('{"Statement": [], "Statement": []}', "has 'Statement' twice in one object"),
        ({"Statement": "x"}, "Statement[0] is not an object"),
        ({"Statement": [ONE, {"Action": "*"}]}, "Statement[1] has Effect None; it must be 'Allow' or 'Deny'"),
        ({"Statement": {**ONE, "Effect": "allow"}}, "Statement[0] has Effect 'allow'"),
        ({"Statement": {"Effect": "Allow", "Resource": "*"}}, "Statement[0] has neither Action nor NotAction"),
        ({"Statement": {**ONE, "NotAction": "*"}}, "Statement[0] has both Action and NotAction"),
        ({"Statement": {**ONE, "condition": {}}}, "Statement[0] has 'condition', which is no element"),
        ({"Statement": {**ONE, "Action": [1]}}, "Statement[0].Action has 1, which is not a text"),
        ({"Statement": {**ONE, "Principal": "arn"}}, "Statement[0].Principal is neither '*' nor an object"),
        ({"Statement": {**ONE, "Principal": {"Aws": "*"}}}, "Statement[0].Principal has 'Aws'; it may be AWS"),
        ({"Statement": {**ONE, "Condition": []}}, "Statement[0].Condition is not an object"),
        ({"Statement": {**ONE, "Condition": {"Bool": "x"}}}, "Statement[0].Condition.Bool is not an object"),
        ({"Statement": {**ONE, "Condition": {"StringIs": {"a": "b"}}}}, "'StringIs', which is no condition operator"),
        ({"Statement": {**ONE, "Condition": {"NullIfExists": {"a": "b"}}}}, "'NullIfExists', which is no condition"),
    ],
)
def test_refuses_with_one_message(source: object, message: str) -> None:
    with pytest.raises(DocumentError) as caught:
        parse(source, "key policy")
    assert str(caught.value).startswith("key policy: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_empty_documents_are_documents() -> None:
    assert parse({"Statement": []}).statements == ()


def test_known_parts_survive_unknown_ones() -> None:
    source = {
        "Version": "2012-10-17",
        "Statement": [
            UNKNOWN,
            {
                "Sid": "Known",
                "Effect": "Deny",
                "Principal": {"AWS": [UNKNOWN, "*"]},
                "Action": ["s3:GetObject", UNKNOWN],
                "Resource": UNKNOWN,
                "Condition": {"StringNotEquals": {"aws:SourceVpce": [UNKNOWN]}, "Bool": UNKNOWN},
            },
        ],
    }
    unknown, known = parse(source).statements
    assert (unknown.effect, unknown.actions) == (UNKNOWN, (UNKNOWN,))
    assert known.principals == (Named("AWS", UNKNOWN), Named("AWS", "*"))
    assert known.actions == ("s3:GetObject", UNKNOWN)
    assert known.resources == (UNKNOWN,)
    assert known.conditions[0].values == (UNKNOWN,)
    assert known.conditions[1].key is UNKNOWN
    assert parse(UNKNOWN).statements == (unknown,)


def test_variables_are_of_the_second_version() -> None:
    assert [
        parse({"Version": version, "Statement": ONE}).statements[0].variables
        for version in ("2012-10-17", "2008-10-17")
    ] == [True, False]
    assert not parse(json.dumps({"Statement": ONE})).statements[0].variables


def test_a_statement_is_called_by_its_id_or_its_place() -> None:
    first, second = parse({"Statement": [ONE, {**ONE, "Sid": "Reads"}]}).statements
    assert (first.label, second.label) == ("Statement[0]", "Reads")
