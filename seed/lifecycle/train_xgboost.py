"""What the container `sagemaker-xgboost` does when it trains in algorithm mode: CSV, label first, `xgboost-model` as the result.

Source: aws/sagemaker-xgboost-container, `algorithm_mode/train.py`; the same XGBoost version as the container's.
"""

import json
import sys
from pathlib import Path

import numpy as np
import xgboost

_OWN = ("num_round",)
"""Hyperparameters of the container, not of XGBoost."""


def matrix(folder: Path) -> xgboost.DMatrix:
    """All files of a channel."""
    table = np.concatenate([np.loadtxt(path, delimiter=",", ndmin=2) for path in sorted(folder.iterdir())])
    return xgboost.DMatrix(table[:, 1:], label=table[:, 0])


def main() -> None:
    """Train with what lies below the folder that stands for `/opt/ml`."""
    base = Path(sys.argv[1])
    given = json.loads((base / "input" / "config" / "hyperparameters.json").read_text(encoding="utf-8"))
    channels = {
        name: matrix(base / "input" / "data" / name)
        for name in ("train", "validation")
        if (base / "input" / "data" / name).exists()
    }
    history: dict[str, dict[str, list[float]]] = {}
    model = xgboost.train(
        {key: value for key, value in given.items() if key not in _OWN},
        channels["train"],
        int(given["num_round"]),
        evals=[(data, name) for name, data in channels.items()],
        evals_result=history,
        verbose_eval=False,
    )
    model.save_model(base / "model" / "xgboost-model.ubj")
    (base / "model" / "xgboost-model.ubj").rename(base / "model" / "xgboost-model")
    print(
        ", ".join(
            f"{name} {metric} {values[-1]:.3f}"
            for name, metrics in history.items()
            for metric, values in metrics.items()
        )
    )


if __name__ == "__main__":
    main()
