"""First step: check the measurements, and cut them into training, validation and test data.

Runs in a container without network, as every step but the ingestion: data come and go by path. Bad data stop it with one message that names the
file, the row and the column.
"""

import argparse
import csv
import hashlib
import json
import math
import random
import sys
from collections.abc import Sequence
from pathlib import Path

from abalone import COLUMNS, LABEL, SEXES, features

PARTS = {"train": 8, "validation": 1, "test": 1}
"""Part -> how many of ten rows."""

Row = dict[str, str | float]


class DataError(Exception):
    """Data that cannot be used; the text is the whole message."""


def read(path: Path) -> list[Row]:
    """Rows of a file in UCI's form, with or without a row of names.

    Raises:
        DataError: A column is missing or twice there, a value is empty, not a number, not finite or not a known category, there are no rows, or
            the file is not CSV in UTF-8.
    """
    lines = [(number, [field.strip() for field in line]) for number, line in enumerate(_lines(path), start=1) if line]
    names: Sequence[str] = COLUMNS
    if lines and not any(_is_number(field) for field in lines[0][1]):
        names = _names(path, lines.pop(0)[1])
    if not lines:
        raise DataError(f"{path.name} has no rows. Upload a file with the columns {', '.join(COLUMNS)}")
    return [_row(path, number, names, fields) for number, fields in lines]


def split(rows: Sequence[Row], seed: int) -> dict[str, list[Row]]:
    """Rows by part, at random but with the label spread evenly, so that the error depends little on luck; the same for the same seed.

    Raises:
        DataError: There are too few rows for every part to have one.
    """
    generator = random.Random(seed)  # noqa: S311 (it has to be repeatable)
    ordered = sorted(generator.sample(list(rows), len(rows)), key=lambda row: float(row[LABEL]))
    turns = [part for part, count in PARTS.items() for _ in range(count)]
    parts: dict[str, list[Row]] = {part: [] for part in PARTS}
    for start in range(0, len(ordered), len(turns)):
        neighbours = ordered[start : start + len(turns)]
        for row, part in zip(neighbours, generator.sample(turns, len(turns)), strict=False):
            parts[part].append(row)
    if not all(parts.values()):
        raise DataError(f"{len(rows)} rows are too few to be cut into {', '.join(PARTS)}")
    return parts


def write(path: Path, rows: Sequence[Row]) -> None:
    """Label first, then the features, without a header: what XGBoost's container reads."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([row[LABEL], *features(row)] for row in rows)


def main() -> None:
    """Process the one file below `--input`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--input", type=Path, required=True, help="folder with one file")
    parser.add_argument("--output", type=Path, required=True, help="folder for train, validation, test and data")
    parser.add_argument("--url", required=True, help="where the file came from")
    parser.add_argument("--version", required=True, help="its version there")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    try:
        path = only_file(arguments.input, arguments.url)
        rows = read(path)
        for part, part_rows in split(rows, arguments.seed).items():
            write(arguments.output / part / f"{part}.csv", part_rows)
    except DataError as error:
        sys.exit(f"error: {error}")
    data = {
        "url": arguments.url,
        "version": arguments.version,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "rows": len(rows),
    }
    target = arguments.output / "data" / "data.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(data, indent=2), encoding="utf-8")
    print(f"{len(rows)} rows of {arguments.url}, SHA-256 {data['sha256']}")


def only_file(folder: Path, url: str) -> Path:
    """The input's one file.

    Raises:
        DataError: There is none, or there are several.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else []
    if len(files) != 1:
        raise DataError(
            f"{len(files)} files at {url}; one is needed. Upload it with the notebook sagemaker-pipelines-project.ipynb, or with "
            "`./mlops projects upload`, and start the pipeline again"
        )
    return files[0]


def _lines(path: Path) -> list[list[str]]:
    found: list[list[str]] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            found.extend(csv.reader(file))
    except UnicodeDecodeError as error:
        raise DataError(f"{path.name}: is not UTF-8 text (byte {error.start}). Save it as UTF-8 CSV") from None
    except csv.Error as error:
        raise DataError(f"{path.name}, row {len(found) + 1}: {error}. Save it as UTF-8 CSV") from None
    return found


def _names(path: Path, fields: Sequence[str]) -> list[str]:
    """Column names of the first row: lower case, `_` for what is no letter (`Whole weight` of UCI is `whole_weight`)."""
    names = ["_".join(field.lower().replace("_", " ").split()) for field in fields]
    missing = [column for column in COLUMNS if column not in names]
    if missing:
        raise DataError(
            f"{path.name}, row 1: column {', '.join(missing)} is missing. The columns are {', '.join(COLUMNS)}"
        )
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(f"{path.name}, row 1: column {', '.join(twice)} is there twice")
    return names


def _row(path: Path, number: int, names: Sequence[str], fields: Sequence[str]) -> Row:
    if len(fields) != len(names):
        raise DataError(
            f"{path.name}, row {number}: {len(fields)} columns instead of {len(names)} ({', '.join(names)})"
        )
    found = dict(zip(names, fields, strict=True))
    return {column: _value(f"{path.name}, row {number}, column {column}", column, found[column]) for column in COLUMNS}


def _value(where: str, column: str, text: str) -> str | float:
    if not text or text.lower() in ("nan", "null", "na", "none"):
        raise DataError(f"{where}: the value is missing")
    if column == "sex":
        if text not in SEXES:
            raise DataError(f"{where}: {text!r} is not one of {', '.join(SEXES)}")
        return text
    if not _is_number(text):
        raise DataError(f"{where}: {text!r} is not a number")
    value = float(text)
    if not math.isfinite(value) or value < 0:
        raise DataError(f"{where}: {text} is not a measurement: it must be finite and not negative")
    if column == LABEL and not value.is_integer():
        raise DataError(f"{where}: {text} is not a whole number")
    return value


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


if __name__ == "__main__":
    main()
