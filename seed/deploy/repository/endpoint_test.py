"""The test stage: `COMMAND=answers` keeps what serves before production changes, `test` decides whether the new version may go on.

Works under EndpointTestRole of each account, which can describe and invoke the project's endpoints and nothing else. Writes one JSON report;
a failed check ends the build with 1 and stops the pipeline.
"""

import itertools
import json
import math
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from botocore.config import Config
from botocore.exceptions import ClientError
from platform_settings import StopError, environment
from project import Clients, command_of, handed_on, read_release, run
from stages import Stage, read_stages

OUTPUT = Path("output")
"""What the action hands on: the report, or the answers."""

_REQUESTS = 100
"""Requests that latency is measured on, at least."""
_TOO_LARGE = 7 << 20
"""Bytes of a request that is too large: XGBoost's container takes 6 MiB (its `MAX_CONTENT_LENGTH`)."""
_ONCE = Config(retries={"total_max_attempts": 1}, read_timeout=65, connect_timeout=10)
"""No retries: an error that a retry hides is an error that users see."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What an endpoint answers: the container's status, the body, and how long it took."""

    status: int
    body: str
    seconds: float

    @property
    def numbers(self) -> list[float]:
        """The predictions, one for each record; empty when the body is something else.

        On lines, or between commas as XGBoost's container has them (`algorithm_mode/handler_service.py` of aws/sagemaker-xgboost-container).
        """
        try:
            numbers = [float(part) for part in re.split(r"[,\n]", self.body.strip())]
        except ValueError:
            return []
        return numbers if all(map(math.isfinite, numbers)) else []


@dataclass(frozen=True, kw_only=True)
class Check:
    """One check: what was measured, against which limit."""

    name: str
    passed: bool
    measured: Any
    limit: Any


Ask = Callable[[str], Answer]
"""Sends one body to the endpoint."""


def asker(runtime: Any, endpoint: str, content_type: str) -> Ask:
    """Send bodies to an endpoint and see what its container says, errors included."""

    def ask(body: str) -> Answer:
        start = time.perf_counter()
        try:
            answer = runtime.invoke_endpoint(
                EndpointName=endpoint, ContentType=content_type, Accept=content_type, Body=body.encode()
            )
            status, text = 200, answer["Body"].read().decode(errors="replace")
        except runtime.exceptions.ModelError as error:
            status, text = error.response["OriginalStatusCode"], error.response.get("OriginalMessage", "")
        except ClientError as error:
            status, text = (
                error.response["ResponseMetadata"]["HTTPStatusCode"],
                error.response["Error"].get("Message", ""),
            )
        return Answer(status=status, body=text, seconds=time.perf_counter() - start)

    return ask


# Checks -------------------------------------------------------------------------------------------------------------------------------


def check_answers(ask: Ask, golden: Mapping[str, Any], choices: Stage, replaced: Sequence[float]) -> Iterator[Check]:
    """Schema, range, latency, metric and, where another version served before, the difference from its answers."""
    records = golden["records"]
    answers = [
        ask(record["input"]) for record in itertools.islice(itertools.cycle(records), max(_REQUESTS, len(records)))
    ]
    wrong = [
        f"status {answer.status}: {answer.body[:80]}"
        for answer in answers
        if answer.status != 200 or len(answer.numbers) != 1
    ]
    several = ask("\n".join(record["input"] for record in records))
    if len(several.numbers) != len(records):
        wrong.append(f"{len(records)} records at once: {len(several.numbers)} predictions")
    yield Check(name="schema", passed=not wrong, measured=wrong[:3], limit="one finite number a record")
    yield check_latency(answers, choices.latency_p95_ms)
    if wrong:
        return
    predictions = [answer.numbers[0] for answer in answers[: len(records)]]
    low, high = golden["range"]
    outside = [prediction for prediction in predictions if not low <= prediction <= high]
    yield Check(name="range", passed=not outside, measured=outside[:3], limit=[low, high])
    yield check_metric(predictions, golden)
    if replaced:
        difference = sum(abs(new - old) for new, old in zip(predictions, replaced, strict=True)) / len(replaced)
        limit = choices.answers_tolerance
        yield Check(name="replaced-version", passed=difference <= limit, measured=difference, limit=limit)


def check_latency(answers: Sequence[Answer], limit: int) -> Check:
    """Milliseconds that 95 of 100 requests stay below, network and all."""
    ordered = sorted(answer.seconds for answer in answers)
    p95 = round(ordered[math.ceil(0.95 * len(ordered)) - 1] * 1000, 1)
    return Check(name="latency-p95-ms", passed=p95 <= limit, measured=p95, limit=limit)


def check_metric(predictions: Sequence[float], golden: Mapping[str, Any]) -> Check:
    """The registered metric, measured again on the golden records: no worse than its tolerance."""
    errors = [prediction - record["label"] for prediction, record in zip(predictions, golden["records"], strict=True)]
    metrics = {
        "rmse": math.sqrt(sum(error * error for error in errors) / len(errors)),
        "mae": sum(map(abs, errors)) / len(errors),
    }
    metric = golden["metric"]
    if metric["name"] not in metrics:
        raise StopError(
            f"golden.json registers the metric {metric['name']}; this test measures {' and '.join(metrics)}"
        )
    measured, limit = metrics[metric["name"]], metric["value"] + metric["tolerance"]
    return Check(name=metric["name"], passed=measured <= limit, measured=measured, limit=limit)


def check_malformed(ask: Ask, golden: Mapping[str, Any]) -> Iterator[Check]:
    """What is no record is refused as the client's mistake, and the endpoint goes on serving."""
    record = golden["records"][0]["input"]
    bodies = {
        "garbage": "not,a,record",
        # Too many: XGBoost's container takes a record that lacks its last columns for a sparse one.
        "columns": f"{record},1,1",
        "too-large": f"{record}\n" * (_TOO_LARGE // (len(record) + 1)),
    }
    for name, body in bodies.items():
        status = ask(body).status
        yield Check(name=f"malformed-{name}", passed=400 <= status < 500, measured=status, limit="4xx")
    after = ask(record)
    passed = after.status == 200 and len(after.numbers) == 1
    yield Check(name="serves-on", passed=passed, measured=after.status, limit=200)


def check_description(sagemaker: Any, endpoint: str, target: Mapping[str, str]) -> Iterator[Check]:
    """In service, and what it captures goes to the account's bucket under the account's key."""
    description = sagemaker.describe_endpoint(EndpointName=endpoint)
    status = description["EndpointStatus"]
    yield Check(name="in-service", passed=status == "InService", measured=status, limit="InService")
    config = sagemaker.describe_endpoint_config(EndpointConfigName=description["EndpointConfigName"])
    capture = config.get("DataCaptureConfig", {})
    wanted = {
        "EnableCapture": True,
        "DestinationS3Uri": f"s3://{target['capture_bucket']}/data-capture/{endpoint}",
        "KmsKeyId": target["data_key"],
    }
    found = {key: capture.get(key) for key in wanted}
    yield Check(name="capture", passed=found == wanted, measured=found, limit=wanted)
    running = description.get("DataCaptureConfig", {}).get("CaptureStatus")
    yield Check(name="capture-status", passed=running == "Started", measured=running, limit="Started")


# Commands -----------------------------------------------------------------------------------------------------------------------------


def keep_answers(
    clients: Clients, release: Mapping[str, Any], golden: Mapping[str, Any], stage: str
) -> dict[str, list[float]]:
    """Account -> answers of the version that serves now to the golden records; empty where nothing serves yet.

    Raises:
        StopError: What serves does not answer.
    """
    kept: dict[str, list[float]] = {}
    place = release["stages"][stage]
    for account in place["accounts"]:
        runtime = clients.under(release["targets"][account]["test_role"], "sagemaker-runtime", _ONCE)
        ask = asker(runtime, place["endpoint"], golden["content_type"])
        answers = [ask(record["input"]) for record in golden["records"][:1]]
        if answers[0].status == 200:
            answers += [ask(record["input"]) for record in golden["records"][1:]]
        numbers = [answer.numbers for answer in answers]
        if all(len(number) == 1 for number in numbers):
            kept[account] = [number[0] for number in numbers]
            print(f"{account}: {len(numbers)} answers of {place['replaces'] or 'what serves'} kept")
        elif account in place["serving"]:
            raise StopError(
                f"{place['endpoint']} in {account} does not answer the golden records (status {answers[-1].status}: {answers[-1].body[:200]}), "
                "so nothing could be compared with it. Mend or delete its stack, then retry this stage"
            )
        else:
            kept[account] = []
            print(f"{account}: {place['endpoint']} does not serve yet, there is nothing to compare with")
    return kept


def test_account(
    clients: Clients,
    release: Mapping[str, Any],
    golden: Mapping[str, Any],
    stage: str,
    account: str,
    replaced: Sequence[float],
    choices: Stage,
) -> list[Check]:
    """All checks of one account; later ones are left out where the endpoint does not serve."""
    endpoint, target = release["stages"][stage]["endpoint"], release["targets"][account]
    try:
        checks = list(check_description(clients.under(target["test_role"], "sagemaker"), endpoint, target))
        if not checks[0].passed:
            return checks
        ask = asker(clients.under(target["test_role"], "sagemaker-runtime", _ONCE), endpoint, golden["content_type"])
        return [*checks, *check_answers(ask, golden, choices, replaced), *check_malformed(ask, golden)]
    except ClientError as error:
        return [
            Check(
                name="reachable",
                passed=False,
                measured=str(error),
                limit="the endpoint can be described under EndpointTestRole",
            )
        ]


def test_stage(
    clients: Clients,
    release: Mapping[str, Any],
    golden: Mapping[str, Any],
    stage: str,
    answers: Mapping[str, Sequence[float]],
    choices: Stage,
) -> dict[str, Any]:
    """The report of a stage."""
    accounts = {
        account: test_account(clients, release, golden, stage, account, answers.get(account, []), choices)
        for account in release["stages"][stage]["accounts"]
    }
    return {
        "stage": stage,
        "version": release["version"],
        "endpoint": release["stages"][stage]["endpoint"],
        "passed": all(check.passed for checks in accounts.values() for check in checks),
        "accounts": {account: [asdict(check) for check in checks] for account, checks in accounts.items()},
    }


def _answers(stage: str) -> None:
    release, golden = _handed_on()
    OUTPUT.mkdir(exist_ok=True)
    kept = keep_answers(Clients(), release, golden, stage)
    (OUTPUT / f"answers-{stage}.json").write_text(json.dumps(kept), encoding="utf-8")


def _test(stage: str) -> None:
    release, golden = _handed_on()
    file = handed_on("Answers") / f"answers-{stage}.json"
    answers = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    report = test_stage(Clients(), release, golden, stage, answers, read_stages()[stage])
    OUTPUT.mkdir(exist_ok=True)
    (OUTPUT / f"test-{stage}.json").write_text(json.dumps(report, indent=2), encoding="utf-8")
    for account, checks in report["accounts"].items():
        for check in checks:
            print(
                f"{account} {'ok    ' if check['passed'] else 'FAILED'} {check['name']}: {check['measured']} (limit {check['limit']})"
            )
    if not report["passed"]:
        failed = [
            f"{account}: {check['name']}"
            for account, checks in report["accounts"].items()
            for check in checks
            if not check["passed"]
        ]
        raise StopError(
            f"{report['endpoint']} failed {', '.join(failed)}. The pipeline stops here; what served before {stage} still does"
        )


def _handed_on() -> tuple[dict[str, Any], dict[str, Any]]:
    folder = handed_on("Release")
    return read_release(folder), json.loads((folder / "golden.json").read_text(encoding="utf-8"))


COMMANDS: Mapping[str, Callable[[str], None]] = {"answers": _answers, "test": _test}


def main() -> int:
    """Run the command that the pipeline's action names."""
    return run(lambda: command_of(COMMANDS)(environment("STAGE")))


if __name__ == "__main__":
    sys.exit(main())
