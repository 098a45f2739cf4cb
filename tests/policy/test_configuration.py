import json

import pytest

from policy.configuration import PolicyConfigurationError, read

GOOD = {"rule": "KMS-01", "resource": "key-*", "reason": "ticket 42", "expires": "2027-01-31"}

MISTAKES: dict[str, tuple[dict[str, str], list[str]]] = {
    "unknown rule": (
        {"policy:levels": '{"KMS-011": "advisory"}'},
        ["policy:levels", "'KMS-011'", "KMS-01", "./mlops rules"],
    ),
    "unknown level": ({"policy:levels": '{"KMS-01": "strict"}'}, ["policy:levels.KMS-01", "'strict'", "mandatory"]),
    "levels of another shape": ({"policy:levels": "advisory"}, ["policy:levels", "'advisory'", "mapping"]),
    "exceptions of another shape": ({"policy:exceptions": "{}"}, ["policy:exceptions", "list"]),
    "malformed": ({"policy:exceptions": "[{"}, ["policy:exceptions", "list"]),
    "exception of an unknown rule": ({"policy:exceptions": json.dumps([GOOD | {"rule": "X"}])}, ["[0].rule", "'X'"]),
    "no reason": (
        {"policy:exceptions": json.dumps([{k: v for k, v in GOOD.items() if k != "reason"}])},
        ["policy:exceptions[0].reason", "None"],
    ),
    "blank reason": ({"policy:exceptions": json.dumps([GOOD | {"reason": " "}])}, ["policy:exceptions[0].reason"]),
    "no date": (
        {"policy:exceptions": json.dumps([{k: v for k, v in GOOD.items() if k != "expires"}])},
        ["policy:exceptions[0].expires", "None"],
    ),
    "wrong date": (
        {"policy:exceptions": json.dumps([GOOD | {"expires": "31.1.2027"}])},
        ["policy:exceptions[0].expires", "'31.1.2027'", "2027-01-31"],
    ),
    "extra key": (
        {"policy:exceptions": json.dumps([GOOD | {"until": "x"}])},
        ["policy:exceptions[0].until", "unknown"],
    ),
    "unknown setting": ({"policy:level": "{}"}, ["policy:level", "policy:levels"]),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_message_that_names_key_value_and_remedy(mistake: str) -> None:
    config, expected = MISTAKES[mistake]
    with pytest.raises(PolicyConfigurationError) as caught:
        read(config)
    for part in expected:
        assert part in str(caught.value)


def test_a_good_configuration_is_read() -> None:
    made = read({"policy:levels": '{"KMS-01": "advisory"}', "policy:exceptions": json.dumps([GOOD])})
    assert made.levels == {"KMS-01": "advisory"}
    assert [exception.reason for exception in made.exceptions] == ["ticket 42"]
    assert read({}).exceptions == ()
