"""Fourth step: how good the model is on data that it has not seen, over all and by sex, and the golden records that test an endpoint later."""

import argparse
import hashlib
import json
import math
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import xgboost
from abalone import FEATURES, SEXES, processed

MODEL_FILE = "xgboost-model"
"""What the container saves and serves (aws/sagemaker-xgboost-container, `MODEL_NAME`)."""

GOLDEN = 20
_MARGIN = 1.25
"""How far past the registered error and range the golden records' may be: floats differ a little between machines."""


def predict(archive: Path, rows: np.ndarray) -> np.ndarray:
    """What the model of an archive that training wrote answers to rows of features."""
    with tarfile.open(archive) as tar:
        file = tar.extractfile(MODEL_FILE)
        if file is None:
            raise ValueError(f"{MODEL_FILE} of {archive.name} is no file")
        model = xgboost.Booster()
        model.load_model(bytearray(file.read()))
    return model.predict(xgboost.DMatrix(rows))


def regression(labels: np.ndarray, predictions: np.ndarray) -> dict[str, dict[str, float]]:
    """RMSE, MAE and R2; the standard deviation is that of the single errors."""
    errors = predictions - labels
    variance = float(np.sum((labels - labels.mean()) ** 2))
    return {
        "rmse": {"value": math.sqrt(float(np.mean(errors**2))), "standard_deviation": float(np.std(errors))},
        "mae": {"value": float(np.mean(np.abs(errors))), "standard_deviation": float(np.std(np.abs(errors)))},
        "r2": {"value": 1 - float(np.sum(errors**2)) / variance if variance else 0.0, "standard_deviation": 0.0},
    }


def by_sex(rows: np.ndarray, labels: np.ndarray, predictions: np.ndarray) -> dict[str, dict[str, float]]:
    """The same error for each sex, and whether it is guessed too old or too young; a sex without rows is left out."""
    found = {}
    for index, sex in enumerate(SEXES):
        ours = rows[:, index] == 1
        if ours.any():
            errors = predictions[ours] - labels[ours]
            found[sex] = {
                "rmse": math.sqrt(float(np.mean(errors**2))),
                "mean_error": float(np.mean(errors)),
                "count": int(ours.sum()),
            }
    return found


def golden(rows: np.ndarray, labels: np.ndarray, predictions: np.ndarray) -> dict[str, Any]:
    """Records spread over all predictions, with what an endpoint of this model has to answer."""
    chosen = np.unique(np.argsort(predictions)[np.linspace(0, len(labels) - 1, GOLDEN).astype(int)])
    error = math.sqrt(float(np.mean((predictions[chosen] - labels[chosen]) ** 2)))
    low, high = float(predictions.min()), float(predictions.max())
    margin = (high - low) * (_MARGIN - 1)
    return {
        "content_type": "text/csv",
        "records": [
            {
                "input": ",".join(f"{value:g}" for value in rows[at]),
                "label": float(labels[at]),
                "prediction": float(predictions[at]),
            }
            for at in chosen
        ],
        "metric": {"name": "rmse", "value": error, "tolerance": error * (_MARGIN - 1)},
        "range": [low - margin, high + margin],
    }


def model_constraints(metrics: dict[str, dict[str, float]]) -> dict[str, Any]:
    """Model quality constraints in Model Monitor's form: no worse than now by a quarter."""
    above, below = "GreaterThanThreshold", "LessThanThreshold"
    return {
        "version": 0.0,
        "regression_constraints": {
            "rmse": {"threshold": metrics["rmse"]["value"] * _MARGIN, "comparison_operator": above},
            "mae": {"threshold": metrics["mae"]["value"] * _MARGIN, "comparison_operator": above},
            "r2": {"threshold": metrics["r2"]["value"] / _MARGIN, "comparison_operator": below},
        },
    }


def main() -> None:
    """Evaluate one model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="folder of model.tar.gz")
    parser.add_argument("--test", type=Path, required=True, help="folder of test.csv")
    parser.add_argument("--data", type=Path, required=True, help="folder of data.json")
    parser.add_argument("--evaluation", type=Path, required=True, help="folder for evaluation.json")
    parser.add_argument(
        "--baseline", type=Path, required=True, help="folder for what monitoring and tests of an endpoint need"
    )
    arguments = parser.parse_args()
    archive = arguments.model / "model.tar.gz"
    table = np.array(list(processed(arguments.test / "test.csv")))
    labels, rows = table[:, 0], table[:, 1:]
    predictions = predict(archive, rows)
    metrics, sexes = regression(labels, predictions), by_sex(rows, labels, predictions)
    evaluation = {
        "regression_metrics": metrics,
        "bias": {"sex": sexes},
        "artifact_sha256": hashlib.sha256(archive.read_bytes()).hexdigest(),
        "data": json.loads((arguments.data / "data.json").read_text(encoding="utf-8")),
    }
    _write(arguments.evaluation, {"evaluation": evaluation})
    _write(
        arguments.baseline,
        {
            "golden": golden(rows, labels, predictions),
            "model_statistics": {"version": 0.0, "dataset": {"item_count": len(labels)}, "regression_metrics": metrics},
            "model_constraints": model_constraints(metrics),
            "bias": {"version": "1.0", "facets": {"sex": sexes}},
        },
    )
    print(
        ", ".join(f"{name} {metric['value']:.3f}" for name, metric in metrics.items()),
        f"on {len(labels)} rows,",
        f"{len(FEATURES)} features",
    )


def _write(folder: Path, files: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / f"{name}.json").write_text(json.dumps(content, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
