"""What a definition of both pipelines takes: seconds, calls to AWS and sockets, counted in a process of its own.

Calls and connections are refused and counted; `./mlops bench lifecycle` shows the counts, which are to be 0.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

REPOSITORY = Path(__file__).resolve().parent.parent / "build_train" / "repository"
SOCKETS = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto")
"""Audit events of a process that reaches out (Python documentation, "Audit events table")."""

Json = dict[str, Any]


def counted(define: Callable[[], object]) -> Json:
    """Run something with every call to AWS and every connection refused.

    Returns:
        `seconds`, `calls` and `sockets`, the names of what was tried, and `failure`, None when it ended well.
    """
    from botocore.client import BaseClient  # noqa: PLC0415 - what is measured imports it

    calls: list[str] = []
    sockets: list[str] = []
    counting = True

    def refuse(_client: object, name: str, _arguments: object) -> None:
        calls.append(name)
        raise ConnectionRefusedError(name)

    def audit(event: str, _arguments: object) -> None:
        if counting and event in SOCKETS:
            sockets.append(event)
            raise ConnectionRefusedError(event)

    sys.addaudithook(audit)  # for the rest of the process
    failure = None
    started = time.perf_counter()
    with mock.patch.object(BaseClient, "_make_api_call", refuse):
        try:
            define()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told
            failure = f"{type(error).__name__}: {error}"
    counting = False
    seconds = round(time.perf_counter() - started, 3)
    return {"seconds": seconds, "calls": calls, "sockets": sockets, "failure": failure}


def of(world: Json) -> Json:
    """What the definitions take with the parameters of a rehearsed stack."""
    sys.path.insert(0, str(REPOSITORY))
    started = time.perf_counter()
    from pipeline import definition, ingestion_pipeline, training_pipeline  # noqa: PLC0415 - the seconds are measured
    from platform_settings import Settings  # noqa: PLC0415
    from project import Project  # noqa: PLC0415

    imported = round(time.perf_counter() - started, 3)
    prefix = world["prefix"]
    parameters = world["resources"][world["development"]]["parameters"]
    settings = Settings(prefix, {name.removeprefix(f"/{prefix}/"): value for name, value in parameters.items()})
    group = "rings-p-build0000001"
    build = {
        "PROJECT_NAME": "rings",
        "PROJECT_ID": "p-build0000001",
        "MODEL_PACKAGE_GROUP": group,
        "FEATURE_GROUP": group,
        # A build has credentials; without any, boto3 asks the instance for some.
        "AWS_ACCESS_KEY_ID": "made-up",
        "AWS_SECRET_ACCESS_KEY": "made-up",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    with mock.patch.dict(os.environ, build):
        project = Project.of(
            settings, region=world["region"], commit="0" * 40, commit_author="ada@example.com", source_identity="ada"
        )
        made = counted(lambda: [definition(each(project)) for each in (training_pipeline, ingestion_pipeline)])
    return {"import_seconds": imported, **made}


def main() -> None:
    """Measure with a prepared world; the counts are printed as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("world", type=Path)
    print(json.dumps(of(json.loads(parser.parse_args().world.read_text(encoding="utf-8")))))


if __name__ == "__main__":
    main()
