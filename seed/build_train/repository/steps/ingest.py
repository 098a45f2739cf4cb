"""The ingestion pipeline's only step: put the measurements into the feature group.

The one job without network isolation, because it calls the feature store (through our endpoint); it runs under a role of its own that may do
this and nothing else.
"""

import argparse
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from pathlib import Path

import boto3
from abalone import COLUMNS
from botocore.config import Config
from process import DataError, Row, only_file, read

_CONNECTIONS = 16


def record(number: int, time: str, row: Row) -> list[dict[str, str]]:
    """One row as a record: its number identifies it, so that a second run writes over the first.

    Args:
        number: Of the row, from 1.
        time: Event time, ISO 8601 in UTC with seconds.
        row: The row.
    """
    values = {"record_id": str(number), "event_time": time, **{name: _text(row[name]) for name in COLUMNS}}
    return [{"FeatureName": name, "ValueAsString": value} for name, value in values.items()]


def main() -> None:
    """Put every row of the one file below `--input`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--input", type=Path, required=True, help="folder with one file")
    parser.add_argument("--report", type=Path, required=True, help="folder for ingested.json")
    parser.add_argument("--feature-group", required=True)
    parser.add_argument("--region", required=True)
    arguments = parser.parse_args()
    try:
        rows = read(only_file(arguments.input, "InputDataUrl"))
    except DataError as error:
        sys.exit(f"error: {error}")
    configuration = Config(max_pool_connections=_CONNECTIONS, retries={"mode": "adaptive", "max_attempts": 10})
    store = boto3.client("sagemaker-featurestore-runtime", region_name=arguments.region, config=configuration)

    time = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")

    def put(numbered: tuple[int, Row]) -> None:
        store.put_record(FeatureGroupName=arguments.feature_group, Record=record(numbered[0], time, numbered[1]))

    with ThreadPoolExecutor(_CONNECTIONS) as pool:
        for _ in pool.map(put, enumerate(rows, start=1)):
            pass
    arguments.report.mkdir(parents=True, exist_ok=True)
    report = {"feature_group": arguments.feature_group, "event_time": time, "records": len(rows)}
    (arguments.report / "ingested.json").write_text(json.dumps(report), encoding="utf-8")
    print(f"{len(rows)} records put into {arguments.feature_group}")


def _text(value: str | float) -> str:
    """Whole numbers without a point: the feature group's integral features take no other."""
    return value if isinstance(value, str) else f"{value:g}"


if __name__ == "__main__":
    main()
