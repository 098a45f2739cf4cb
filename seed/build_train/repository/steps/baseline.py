"""Third step: the baseline that monitoring compares an endpoint's requests and answers with.

Writes `statistics.json` and `constraints.json` in the form that Model Monitor's analyzer writes and reads (SageMaker developer guide, "Schema for
Statistics" and "Schema for Constraints"), of the answer and every feature, in the order in which a captured answer and its request are read.
The answers are the model's on the training data, not the labels: predictions vary less than what they predict (on UCI's file the distance is
0.2), and each new model would count as drifted from its first hour on.
Own code rather than the analyzer's container: so the steps have one image, and run on any machine.
"""

import argparse
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from abalone import FEATURES, LABEL, processed
from evaluate import predict

_BUCKETS = 10
_SKETCH = 2048
"""Values that a level of the KLL sketch holds; a value of level n counts 2**n times."""

_DRIFT = 0.1
"""Largest distance of two distributions (the analyzer's own default)."""


def statistics(names: Sequence[str], columns: Sequence[Sequence[float]]) -> dict[str, Any]:
    """Statistics of some columns."""
    return {
        "version": 0.0,
        "dataset": {"item_count": len(columns[0])},
        "features": [
            {"name": name, "inferred_type": _type(column), "numerical_statistics": _numerical(column)}
            for name, column in zip(names, columns, strict=True)
        ],
    }


def constraints(names: Sequence[str], columns: Sequence[Sequence[float]]) -> dict[str, Any]:
    """What the columns of a request have to be like."""
    return {
        "version": 0.0,
        "features": [
            {
                "name": name,
                "inferred_type": _type(column),
                "completeness": 1.0,
                "num_constraints": {"is_non_negative": min(column) >= 0},
            }
            for name, column in zip(names, columns, strict=True)
        ],
        "monitoring_config": {
            "evaluate_constraints": "Enabled",
            "emit_metrics": "Enabled",
            "datatype_check_threshold": 1.0,
            "domain_content_threshold": 1.0,
            "distribution_constraints": {
                "perform_comparison": "Enabled",
                "comparison_threshold": _DRIFT,
                "comparison_method": "Robust",
            },
        },
    }


def main() -> None:
    """Describe the training data and the model's answers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train", type=Path, required=True, help="folder of train.csv")
    parser.add_argument("--model", type=Path, required=True, help="folder of model.tar.gz")
    parser.add_argument("--output", type=Path, required=True, help="folder for statistics.json and constraints.json")
    arguments = parser.parse_args()
    names = (LABEL, *FEATURES)
    rows = np.array(list(processed(arguments.train / "train.csv")))[:, 1:]
    answers = predict(arguments.model / "model.tar.gz", rows)
    columns = [column.tolist() for column in (answers, *rows.T)]
    arguments.output.mkdir(parents=True, exist_ok=True)
    for name, content in {"statistics": statistics(names, columns), "constraints": constraints(names, columns)}.items():
        (arguments.output / f"{name}.json").write_text(json.dumps(content, indent=2), encoding="utf-8")
    print(f"baseline of {len(columns[0])} rows")


def _type(column: Sequence[float]) -> str:
    return "Integral" if all(value.is_integer() for value in column) else "Fractional"


def _numerical(column: Sequence[float]) -> dict[str, Any]:
    count = len(column)
    mean = math.fsum(column) / count
    return {
        "common": {"num_present": count, "num_missing": 0},
        "mean": mean,
        "sum": math.fsum(column),
        "std_dev": math.sqrt(math.fsum((value - mean) ** 2 for value in column) / count),
        "min": min(column),
        "max": max(column),
        "distribution": {
            "kll": {
                "buckets": _buckets(column),
                "sketch": {"parameters": {"c": 0.64, "k": float(_SKETCH)}, "data": levels(sorted(column))},
            }
        },
    }


def _buckets(column: Sequence[float]) -> list[dict[str, float]]:
    low, high = min(column), max(column)
    width = (high - low) / _BUCKETS or 1.0
    counts = [0] * _BUCKETS
    for value in column:
        counts[min(int((value - low) / width), _BUCKETS - 1)] += 1
    return [
        {"lower_bound": low + index * width, "upper_bound": low + (index + 1) * width, "count": float(count)}
        for index, count in enumerate(counts)
    ]


def levels(ordered: list[float]) -> list[list[float]]:
    """A sorted column as a KLL sketch's levels: half of a level that is too long counts twice, one level up."""
    if len(ordered) <= _SKETCH:
        return [ordered]
    odd = ordered[-1:] if len(ordered) % 2 else []
    even = ordered[: len(ordered) - len(odd)]
    return [odd, *levels(even[::2])]


if __name__ == "__main__":
    main()
