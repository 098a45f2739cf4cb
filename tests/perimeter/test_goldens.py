"""The golden cases: each condition, and each decision with the statement that took it."""

import pytest

from perimeter.evaluate import evaluate
from tests.perimeter.goldens import CONDITIONS, DECISIONS, PERIMETER_CASES, Decided

CASES = [*(held.decided for held in CONDITIONS), *DECISIONS]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.what)
def test_decides_as_aws_does(case: Decided) -> None:
    decision = evaluate(case.request, case.policies)
    label = decision.statement.sid if decision.statement and decision.statement.sid else ""
    assert (decision.allowed, label) == (case.allowed, case.by), str(decision)


def test_the_table_is_complete() -> None:
    assert len(PERIMETER_CASES) == 9
    assert len({case.what for case in CASES}) == len(CASES) > 150
