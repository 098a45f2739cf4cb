"""The data: its columns, the features of the model, and how one is made of the other. Standard library only: it runs in the container too.

Source: Nash et al. (1994), "The Population Biology of Abalone", UCI Machine Learning Repository, https://doi.org/10.24432/C55C7W.
"""

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path

SEXES = ("F", "I", "M")
"""Female, infant, male."""

MEASUREMENTS = ("length", "diameter", "height", "whole_weight", "shucked_weight", "viscera_weight", "shell_weight")
"""Lengths in units of 200 mm, weights in units of 200 g, as UCI publishes them."""

LABEL = "rings"
"""What is predicted: the age in years is 1.5 more."""

COLUMNS = ("sex", *MEASUREMENTS, LABEL)
"""Columns of a file, in UCI's order; the first row may name them."""

FEATURES = (*(f"sex_{sex}" for sex in SEXES), *MEASUREMENTS)
"""What the model is given, in this order: a line of `text/csv` without a header."""


def features(row: Mapping[str, str | float]) -> list[float]:
    """The model's input of one animal."""
    return [*(float(row["sex"] == sex) for sex in SEXES), *(float(row[name]) for name in MEASUREMENTS)]


def processed(path: Path) -> Iterator[list[float]]:
    """Rows that the first step wrote: label, then features, without a header."""
    with path.open(encoding="utf-8", newline="") as file:
        for line in csv.reader(file):
            yield [float(field) for field in line]
