"""The steps' scripts, on good and on bad data."""

import json
import random
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
import xgboost
from abalone import COLUMNS, FEATURES
from process import DataError, read, split
from sample_data import lines

STEPS = Path(__file__).parent.parent / "steps"
GOOD = "F,0.53,0.42,0.135,0.677,0.2565,0.1415,0.21,9"


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "abalone.csv"
    path.write_text(text, encoding="utf-8")
    return path


HEADER = "Sex,Length,Diameter,Height,Whole weight,Shucked weight,Viscera weight,Shell weight,Rings"


def test_a_header_may_name_the_columns_in_any_order(tmp_path: Path) -> None:
    names, values = HEADER.split(","), GOOD.split(",")
    both = [",".join(reversed(names)), ",".join(reversed(values))]
    assert read(written(tmp_path, "\n".join(both))) == read(written(tmp_path, GOOD))


BAD = {
    "a missing column, named": (f"{HEADER.removesuffix(',Rings')}\n{GOOD.rpartition(',')[0]}", "row 1: column rings is missing"),
    "a missing column": (f"{GOOD}\n{GOOD.rpartition(',')[0]}", "row 2: 8 columns instead of 9"),
    "a wrong type": (f"{GOOD}\nM,long,0.4,0.1,0.6,0.2,0.1,0.2,9", "row 2, column length: 'long' is not a number"),
    "an unknown category": (f"{GOOD}\nX{GOOD[1:]}", "row 2, column sex: 'X' is not one of F, I, M"),
    "no rows": ("", "has no rows"),
    "a header alone": (HEADER, "has no rows"),
    "NaN": (f"{GOOD}\n{GOOD.replace('0.53', 'NaN')}", "row 2, column length: the value is missing"),
    "an empty value": (f"{GOOD}\n{GOOD.replace('0.53', '')}", "row 2, column length: the value is missing"),
    "infinity": (f"{GOOD}\n{GOOD.replace('0.53', 'inf')}", "row 2, column length: inf is not a measurement"),
    "a negative length": (f"{GOOD}\n{GOOD.replace('0.53', '-0.53')}", "row 2, column length: -0.53 is not a measurement"),
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
    done = run("process", "--input", tmp_path / "none", "--output", tmp_path, "--url", "s3://data/x.csv", "--version", "1")
    assert done.returncode == 1
    assert "0 files at s3://data/x.csv" in done.stderr
    assert "./mlops projects upload" in done.stderr
    assert "Traceback" not in done.stderr


def test_every_row_is_in_one_part(tmp_path: Path) -> None:
    rows = read(written(tmp_path, "\n".join(lines(200))))
    parts = split(rows, seed=1)
    assert sorted(map(str, rows)) == sorted(str(row) for part in parts.values() for row in part)
    assert parts == split(rows, seed=1) != split(rows, seed=2)


def run(script: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, STEPS / f"{script}.py", *map(str, arguments)], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def processed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("processed")
    (folder / "input").mkdir()
    (folder / "input" / "abalone.csv").write_text("\n".join(lines(400)), encoding="utf-8")
    done = run("process", "--input", folder / "input", "--output", folder, "--url", "s3://data/x.csv", "--version", "7")
    assert done.returncode == 0, done.stderr
    return folder


def test_the_baseline_describes_label_and_features(processed: Path, tmp_path: Path) -> None:
    assert run("baseline", "--train", processed / "train", "--output", tmp_path).returncode == 0
    statistics = json.loads((tmp_path / "statistics.json").read_text(encoding="utf-8"))
    constraints = json.loads((tmp_path / "constraints.json").read_text(encoding="utf-8"))
    names = [COLUMNS[-1], *FEATURES]
    assert [feature["name"] for feature in statistics["features"]] == names
    assert [feature["name"] for feature in constraints["features"]] == names
    assert statistics["dataset"]["item_count"] == 320
    for feature in statistics["features"]:
        numbers = feature["numerical_statistics"]
        assert numbers["min"] <= numbers["mean"] <= numbers["max"]
        assert sum(bucket["count"] for bucket in numbers["distribution"]["kll"]["buckets"]) == 320


def test_a_sketch_counts_every_value() -> None:
    from baseline import _levels

    column = sorted(random.Random(1).random() for _ in range(9999))
    assert sum(len(level) * 2**n for n, level in enumerate(_levels(column))) == len(column)


def test_the_evaluation_says_how_good_and_for_whom(processed: Path, tmp_path: Path) -> None:
    import numpy as np
    from abalone import processed as rows

    table = np.array(list(rows(processed / "train" / "train.csv")))
    model = xgboost.train({"objective": "reg:squarederror"}, xgboost.DMatrix(table[:, 1:], label=table[:, 0]), 20)
    model.save_model(tmp_path / "model.ubj")
    with tarfile.open(tmp_path / "model.tar.gz", "w:gz") as tar:
        tar.add(tmp_path / "model.ubj", "xgboost-model")
    done = run(
        "evaluate",
        *("--model", tmp_path, "--test", processed / "test", "--data", processed / "data"),
        *("--evaluation", tmp_path, "--baseline", tmp_path),
    )
    assert done.returncode == 0, done.stderr
    evaluation = json.loads((tmp_path / "evaluation.json").read_text(encoding="utf-8"))
    golden = json.loads((tmp_path / "golden.json").read_text(encoding="utf-8"))
    assert 0 < evaluation["regression_metrics"]["rmse"]["value"] < 4
    assert sum(sex["count"] for sex in evaluation["bias"]["sex"].values()) == 40
    assert evaluation["data"]["version"] == "7"
    assert len(evaluation["artifact_sha256"]) == 64
    assert golden["range"][0] <= min(record["prediction"] for record in golden["records"])
    [first, *_] = golden["records"]
    answer = model.predict(xgboost.DMatrix(np.array([[float(value) for value in first["input"].split(",")]])))
    assert answer[0] == pytest.approx(first["prediction"], rel=1e-3)
