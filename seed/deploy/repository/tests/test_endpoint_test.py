"""The test stage tells good models from bad ones, over a real client."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import endpoint_test
import pytest
import serving_fake as fake
from platform_fake import PRODUCTION, STAGING, golden
from platform_settings import StopError
from stages import Stage, read_stages

CHOICES = replace(read_stages()["prod"], latency_p95_ms=1000)
ENDPOINT = "abalone-p-deploy123456-prod"


def release(accounts: list[str], serving: list[str] | None = None) -> dict[str, Any]:
    targets = {
        account: {
            "capture_bucket": f"capture-{account}",
            "data_key": f"key-{account}",
            "test_role": f"arn:aws:iam::{account}:role/P-EndpointTestRole",
        }
        for account in accounts
    }
    stage = {"endpoint": ENDPOINT, "accounts": accounts, "replaces": "the old version", "serving": serving or []}
    return {"version": "the version", "stages": {"prod": stage}, "targets": targets}


def failed(report: dict[str, Any]) -> set[str]:
    return {check["name"] for checks in report["accounts"].values() for check in checks if not check["passed"]}


def report_of(
    container: fake.Container,
    choices: Stage = CHOICES,
    answers: list[float] | None = None,
    **changes: Any,
) -> dict[str, Any]:
    with fake.serving({PRODUCTION: container}, **changes) as accounts:
        return endpoint_test.test_stage(
            accounts,  # type: ignore[arg-type]
            release([PRODUCTION]),
            golden(),
            "prod",
            {PRODUCTION: answers or []},
            choices,
        )


OLD = [record["prediction"] for record in golden()["records"]]
MALFORMED = {"malformed-garbage", "malformed-columns", "malformed-too-large"}

CASES: dict[str, tuple[dict[str, Any], set[str]]] = {
    "good": ({"container": fake.predict}, set()),
    "good-and-as-before": ({"container": fake.predict, "answers": OLD}, set()),
    "lines-instead-of-commas": (
        {"container": lambda body: (fake.predict(body)[0], fake.predict(body)[1].replace(",", "\n"))},
        set(),
    ),
    "slow": ({"container": fake.slow, "choices": replace(CHOICES, latency_p95_ms=9)}, {"latency-p95-ms"}),
    "drifting": ({"container": fake.otherwise(lambda value: value + 2)}, {"rmse"}),
    "unlike-the-replaced-one": (
        {"container": fake.predict, "answers": [answer + 3 for answer in OLD]},
        {"replaced-version"},
    ),
    "out-of-range": ({"container": fake.otherwise(lambda value: value * 10)}, {"range", "rmse"}),
    "words": ({"container": fake.otherwise(lambda _value: "many rings")}, {"schema", "serves-on"}),
    "not-a-number": ({"container": fake.otherwise(lambda _value: "nan")}, {"schema", "serves-on"}),
    "two-a-record": ({"container": fake.otherwise(lambda value: f"{value},1")}, {"schema", "serves-on"}),
    "json": ({"container": fake.otherwise(lambda value: json.dumps({"rings": value}))}, {"schema", "serves-on"}),
    "takes-garbage": ({"container": fake.lenient}, MALFORMED),
    "crashes-on-garbage": ({"container": fake.crashing}, MALFORMED),
    "breaks-on-garbage": ({"container": fake.Fragile()}, {"serves-on"}),
    "always-an-error": ({"container": lambda _body: (500, "no model")}, {"schema", "serves-on", *MALFORMED}),
    "no-capture": ({"container": fake.predict, "capture": {"EnableCapture": False}}, {"capture"}),
    "capture-elsewhere": (
        {"container": fake.predict, "capture": {"DestinationS3Uri": "s3://mine/x"}},
        {"capture"},
    ),
    "capture-under-another-key": (
        {"container": fake.predict, "capture": {"KmsKeyId": "mine"}},
        {"capture"},
    ),
    "capture-stopped": ({"container": fake.predict, "capture_status": "Stopped"}, {"capture-status"}),
    "not-in-service": ({"container": fake.predict, "status": "Updating"}, {"in-service"}),
}


@pytest.mark.parametrize(("given", "expected"), CASES.values(), ids=CASES)
def test_models(given: dict[str, Any], expected: set[str]) -> None:
    report = report_of(**given)
    assert failed(report) == expected
    assert report["passed"] is (not expected)


def test_every_account_counts() -> None:
    with fake.serving({STAGING: fake.predict, PRODUCTION: fake.otherwise(lambda value: value + 2)}) as accounts:
        report = endpoint_test.test_stage(accounts, release([STAGING, PRODUCTION]), golden(), "prod", {}, CHOICES)  # type: ignore[arg-type]
    assert not report["passed"]
    assert {account: all(check["passed"] for check in checks) for account, checks in report["accounts"].items()} == {
        STAGING: True,
        PRODUCTION: False,
    }


def test_an_endpoint_that_is_not_there() -> None:
    with fake.serving({}) as accounts:
        report = endpoint_test.test_stage(accounts, release([PRODUCTION]), golden(), "prod", {}, CHOICES)  # type: ignore[arg-type]
    assert failed(report) == {"reachable"}


# Answers of what serves ---------------------------------------------------------------------------------------------------------------


def keep(containers: dict[str, fake.Container], serving: list[str]) -> dict[str, list[float]]:
    with fake.serving(containers) as accounts:
        return endpoint_test.keep_answers(accounts, release([PRODUCTION], serving), golden(), "prod")  # type: ignore[arg-type]


def test_answers_are_kept() -> None:
    assert keep({PRODUCTION: fake.predict}, [PRODUCTION]) == {PRODUCTION: OLD}


def test_nothing_serves_yet(capsys: pytest.CaptureFixture[str]) -> None:
    assert keep({}, []) == {PRODUCTION: []}
    assert "does not serve yet" in capsys.readouterr().out


def test_what_serves_must_answer() -> None:
    with pytest.raises(StopError, match="does not answer the golden records"):
        keep({PRODUCTION: lambda _body: (500, "broken")}, [PRODUCTION])


# The commands -------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("container", "status"), [(fake.predict, 0), (fake.otherwise(lambda value: value + 2), 1)])
def test_commands(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    container: fake.Container,
    status: int,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "release.json").write_text(json.dumps(release([PRODUCTION], [PRODUCTION])))
    (tmp_path / "in" / "golden.json").write_text(json.dumps(golden()))
    for name, value in {
        "CODEBUILD_SRC_DIR_Release": "in",
        "CODEBUILD_SRC_DIR_Answers": "output",
        "STAGE": "prod",
    }.items():
        monkeypatch.setenv(name, value)
    for command, serves, expected in (("answers", fake.predict, 0), ("test", container, status)):
        monkeypatch.setenv("COMMAND", command)
        with fake.serving({PRODUCTION: serves}) as accounts:
            monkeypatch.setattr(endpoint_test, "Clients", lambda accounts=accounts: accounts)
            assert endpoint_test.main() == expected
    report = json.loads((tmp_path / "output" / "test-prod.json").read_text())
    assert report["passed"] is (status == 0)
    output = capsys.readouterr()
    assert f"{PRODUCTION} ok     replaced-version" in output.out or status
    assert (f"{PRODUCTION}: rmse" in output.err) is bool(status)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [("COMMAND", "answer", "it is one of answers, test"), ("STAGE", "", "STAGE is not set")],
)
def test_a_mistake_is_one_message(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, value: str, message: str
) -> None:
    monkeypatch.setenv("COMMAND", "test")
    monkeypatch.setenv("STAGE", "prod")
    monkeypatch.setenv(name, value)
    assert endpoint_test.main() == 1
    assert message in capsys.readouterr().err


def test_an_unknown_metric_is_said() -> None:
    with pytest.raises(StopError, match="registers the metric auc; this test measures rmse and mae"):
        endpoint_test.check_metric([1.0], {"metric": {"name": "auc"}, "records": [{"label": 1.0}]})
