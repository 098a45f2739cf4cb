"""The steps' scripts, on good and on bad data."""

import json
import random
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import ingest
import numpy as np
import pytest
import xgboost
from abalone import COLUMNS, FEATURES, LABEL
from abalone import processed as rows_of
from baseline import levels
from evaluate import MODEL_FILE, regression
from process import DataError, Row, read, split
from sample_data import ROWS, lines

STEPS = Path(__file__).parent.parent / "steps"
GOOD = "F,0.53,0.42,0.135,0.677,0.2565,0.1415,0.21,9"


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "abalone.csv"
    path.write_text(text, encoding="utf-8", errors="surrogateescape")
    return path


HEADER = "Sex,Length,Diameter,Height,Whole weight,Shucked weight,Viscera weight,Shell weight,Rings"


def test_a_header_may_name_the_columns_in_any_order(tmp_path: Path) -> None:
    names, values = HEADER.split(","), GOOD.split(",")
    both = [",".join(reversed(names)), ",".join(reversed(values))]
    assert read(written(tmp_path, "\n".join(both))) == read(written(tmp_path, GOOD))


BAD = {
    "a missing column, named": (
        f"{HEADER.removesuffix(',Rings')}\n{GOOD.rpartition(',')[0]}",
        "row 1: column rings is missing",
    ),
    "a missing column": (f"{GOOD}\n{GOOD.rpartition(',')[0]}", "row 2: 8 columns instead of 9"),
    "a wrong type": (f"{GOOD}\nM,long,0.4,0.1,0.6,0.2,0.1,0.2,9", "row 2, column length: 'long' is not a number"),
    "an unknown category": (f"{GOOD}\nX{GOOD[1:]}", "row 2, column sex: 'X' is not one of F, I, M"),
    "no rows": ("", "has no rows"),
    "a header alone": (HEADER, "has no rows"),
    "NaN": (f"{GOOD}\n{GOOD.replace('0.53', 'NaN')}", "row 2, column length: the value is missing"),
    "an empty value": (f"{GOOD}\n{GOOD.replace('0.53', '')}", "row 2, column length: the value is missing"),
    "infinity": (f"{GOOD}\n{GOOD.replace('0.53', 'inf')}", "row 2, column length: inf is not a measurement"),
    "a negative length": (
        f"{GOOD}\n{GOOD.replace('0.53', '-0.53')}",
        "row 2, column length: -0.53 is not a measurement",
    ),
    "a row of commas": (f"{GOOD}\n{',' * 8}", "row 2, column sex: the value is missing"),
    "half a ring": (f"{GOOD}\n{GOOD}.5", "row 2, column rings: 9.5 is not a whole number"),
    "no table": (f"{GOOD}\n{'0' * 200_000}", "row 2: field larger than field limit"),
    "another encoding": (f"{GOOD}\n{GOOD}\udce9", "is not UTF-8 text (byte "),
    "a column twice": (f"{HEADER},Rings\n{GOOD},9", "column rings is there twice"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_data_stop_with_row_and_column(tmp_path: Path, case: str) -> None:
    text, message = BAD[case]
    with pytest.raises(DataError) as error:
        read(written(tmp_path, text))
    assert message in str(error.value)
    assert "abalone.csv" in str(error.value)


def test_a_missing_object_stops_with_the_remedy(tmp_path: Path) -> None:
    done = run(
        "process", "--input", tmp_path / "none", "--output", tmp_path, "--url", "s3://data/x.csv", "--version", "1"
    )
    assert done.returncode == 1
    assert "0 files at s3://data/x.csv" in done.stderr
    assert "./mlops projects upload" in done.stderr
    assert "Traceback" not in done.stderr


def test_every_row_is_in_one_part(tmp_path: Path) -> None:
    rows = read(written(tmp_path, "\n".join(lines(205))))
    parts = split(rows, seed=1)
    assert sorted(map(str, rows)) == sorted(str(row) for part in parts.values() for row in part)
    assert parts == split(rows, seed=1) != split(rows, seed=2)


def test_old_and_young_are_spread_evenly(tmp_path: Path) -> None:
    parts = split(read(written(tmp_path, "\n".join(lines(1000)))), seed=1)
    assert {part: len(rows) for part, rows in parts.items()} == {"train": 800, "validation": 100, "test": 100}
    means = [np.mean([row[LABEL] for row in rows]) for rows in parts.values()]
    assert max(means) - min(means) < 0.1


def test_too_few_rows_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="3 rows are too few"):
        split(read(written(tmp_path, "\n".join(lines(3)))), seed=1)


def test_made_up_measurements_have_the_form_of_real_ones(tmp_path: Path) -> None:
    rows = read(written(tmp_path, "\n".join(lines())))
    assert len(rows) == ROWS
    assert {row["sex"] for row in rows} == {"F", "I", "M"}
    assert list(lines(5)) == list(lines(5)) != list(lines(5, seed=2))


def run(script: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, STEPS / f"{script}.py", *map(str, arguments)], capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def processed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("processed")
    (folder / "input").mkdir()
    (folder / "input" / "abalone.csv").write_text("\n".join(lines(400)), encoding="utf-8")
    done = run("process", "--input", folder / "input", "--output", folder, "--url", "s3://data/x.csv", "--version", "7")
    assert done.returncode == 0, done.stderr
    return folder


def table(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Labels and features."""
    whole = np.array(list(rows_of(path)))
    return whole[:, 0], whole[:, 1:]


@pytest.fixture(scope="module")
def model(processed: Path) -> xgboost.Booster:
    """A model, whose archive is beside the data as training leaves it."""
    labels, rows = table(processed / "train" / "train.csv")
    trained = xgboost.train({"objective": "reg:squarederror"}, xgboost.DMatrix(rows, label=labels), 20)
    trained.save_model(processed / "model.ubj")
    with tarfile.open(processed / "model.tar.gz", "w:gz") as tar:
        tar.add(processed / "model.ubj", MODEL_FILE)
    return trained


@pytest.fixture(scope="module")
def described(processed: Path, model: xgboost.Booster, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the baseline step writes: file -> content."""
    folder = tmp_path_factory.mktemp("baseline")
    done = run("baseline", "--model", processed, "--train", processed / "train", "--output", folder)
    assert done.returncode == 0, done.stderr
    return contents(folder)


def contents(folder: Path) -> dict[str, Any]:
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")}


def test_the_baseline_describes_answers_and_features(described: dict[str, Any]) -> None:
    names = [LABEL, *FEATURES]
    assert [feature["name"] for feature in described["statistics"]["features"]] == names
    assert [feature["name"] for feature in described["constraints"]["features"]] == names
    assert described["statistics"]["dataset"]["item_count"] == 320
    for feature in described["statistics"]["features"]:
        numbers = feature["numerical_statistics"]
        assert numbers["min"] <= numbers["mean"] <= numbers["max"]
        assert sum(bucket["count"] for bucket in numbers["distribution"]["kll"]["buckets"]) == 320


def test_answers_are_compared_with_answers(processed: Path, described: dict[str, Any], model: xgboost.Booster) -> None:
    """Labels are whole numbers and vary more: against them every model would drift, and every answer have the wrong type."""
    labels, rows = table(processed / "train" / "train.csv")
    answers = model.predict(xgboost.DMatrix(rows))
    [first, *_] = described["statistics"]["features"]
    assert first["inferred_type"] == "Fractional"
    assert first["numerical_statistics"]["std_dev"] == pytest.approx(answers.std(), rel=1e-4)
    assert first["numerical_statistics"]["std_dev"] < labels.std()


def test_a_sketch_counts_every_value() -> None:
    column = sorted(random.Random(1).random() for _ in range(9999))
    assert sum(len(level) * 2**n for n, level in enumerate(levels(column))) == len(column)


@pytest.fixture(scope="module")
def evaluated(processed: Path, model: xgboost.Booster, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the evaluation writes: file -> content."""
    folder = tmp_path_factory.mktemp("evaluation")
    done = run(
        "evaluate",
        *("--model", processed, "--test", processed / "test", "--data", processed / "data"),
        *("--evaluation", folder, "--baseline", folder),
    )
    assert done.returncode == 0, done.stderr
    return contents(folder)


def test_the_evaluation_says_how_good_and_for_whom(
    processed: Path, evaluated: dict[str, Any], model: xgboost.Booster
) -> None:
    labels, rows = table(processed / "test" / "test.csv")
    errors = model.predict(xgboost.DMatrix(rows)) - labels
    evaluation = evaluated["evaluation"]
    assert evaluation["regression_metrics"]["rmse"]["value"] == pytest.approx(np.sqrt(np.mean(errors**2)))
    assert evaluation["regression_metrics"]["mae"]["value"] == pytest.approx(np.abs(errors).mean())
    females = evaluation["bias"]["sex"]["F"]
    assert females["count"] == rows[:, 0].sum()
    assert females["mean_error"] == pytest.approx(errors[rows[:, 0] == 1].mean())
    assert sum(sex["count"] for sex in evaluation["bias"]["sex"].values()) == len(labels) == 40


def test_the_evaluation_says_which_data_and_which_bytes(evaluated: dict[str, Any], processed: Path) -> None:
    assert len(evaluated["evaluation"]["artifact_sha256"]) == 64
    data = evaluated["evaluation"]["data"]
    assert data == json.loads((processed / "data" / "data.json").read_text(encoding="utf-8"))
    assert (data["url"], data["version"], data["rows"]) == ("s3://data/x.csv", "7", 400)


def test_a_perfect_model_has_no_error() -> None:
    labels = np.array([3.0, 5.0, 10.0])
    metrics = {name: metric["value"] for name, metric in regression(labels, labels).items()}
    assert metrics == {"rmse": 0, "mae": 0, "r2": 1}


def test_golden_records_hold_what_the_model_answers(evaluated: dict[str, Any], model: xgboost.Booster) -> None:
    records = evaluated["golden"]["records"]
    rows = np.array([[float(value) for value in record["input"].split(",")] for record in records])
    answers = model.predict(xgboost.DMatrix(rows))
    assert len(records) == 20
    assert answers == pytest.approx([record["prediction"] for record in records], rel=1e-3)
    low, high = evaluated["golden"]["range"]
    assert low <= min(answers) <= max(answers) <= high


def test_a_record_has_the_feature_groups_types() -> None:
    row: Row = {**dict.fromkeys(COLUMNS, 0.5), "sex": "F", "rings": 9.0}
    record = {each["FeatureName"]: each["ValueAsString"] for each in ingest.record(7, "2026-01-02T03:04:05Z", row)}
    assert record["record_id"] == "7"
    assert record["event_time"] == "2026-01-02T03:04:05Z"
    assert record["sex"] == "F"
    assert record["length"] == "0.5"
    assert record["rings"] == "9"


class Store:
    """A feature store that keeps what it is given, unless it is broken."""

    def __init__(self, *, broken: bool = False) -> None:
        self.records: list[dict[str, Any]] = []
        self._broken = broken

    def put_record(self, **request: Any) -> None:
        if self._broken:
            raise ConnectionError("the feature store does not answer")
        self.records.append(request)


def ingested(store: Store, data: Path, report: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        given = ["--input", data, "--report", report, "--feature-group", "rings", "--region", "eu-west-1"]
        patch.setattr(sys, "argv", ["ingest.py", *map(str, given)])
        patch.setattr(ingest.boto3, "client", lambda *_, **__: store)
        ingest.main()


def test_every_row_is_put_into_the_feature_group(processed: Path, tmp_path: Path) -> None:
    store = Store()
    ingested(store, processed / "input", tmp_path)
    assert {request["FeatureGroupName"] for request in store.records} == {"rings"}
    assert {request["Record"][0]["ValueAsString"] for request in store.records} == {str(n) for n in range(1, 401)}
    assert contents(tmp_path)["ingested"]["records"] == 400


def test_a_store_that_does_not_answer_fails_the_step(processed: Path, tmp_path: Path) -> None:
    with pytest.raises(ConnectionError):
        ingested(Store(broken=True), processed / "input", tmp_path)
    assert contents(tmp_path) == {}


def test_without_data_nothing_is_put(tmp_path: Path) -> None:
    store = Store()
    with pytest.raises(SystemExit, match="error: 0 files at InputDataUrl; one is needed"):
        ingested(store, tmp_path, tmp_path)
    assert store.records == []
