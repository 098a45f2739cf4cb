"""An endpoint behind a real client: what SageMaker's runtime makes of a container's answers."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

Container = Callable[[str], tuple[int, str]]
"""Body -> status and answer."""

_LIMIT = 6 << 20


def predict(body: str) -> tuple[int, str]:
    """A good model: a record's fourth column times 20, plus half."""
    if len(body) > _LIMIT:
        return 413, "too large"
    try:
        rows = [[float(value) for value in line.split(",")] for line in body.split("\n")]
    except ValueError:
        return 415, "Loading csv data failed"
    if any(len(row) != 10 for row in rows):
        return 400, "Feature size is not consistent"
    return 200, ",".join(str(row[3] * 20 + 0.5) for row in rows)


def otherwise(change: Callable[[float], object]) -> Container:
    """The good model with other answers."""

    def container(body: str) -> tuple[int, str]:
        status, text = predict(body)
        return status, (",".join(str(change(float(part))) for part in text.split(",")) if status == 200 else text)

    return container


def slow(body: str) -> tuple[int, str]:
    """The good model, late."""
    time.sleep(0.01)
    return predict(body)


def lenient(body: str) -> tuple[int, str]:
    """Takes whatever comes."""
    status, text = predict(body)
    return (status, text) if status == 200 else (200, "7.0")


def crashing(body: str) -> tuple[int, str]:
    """Answers nonsense with an error of the server."""
    status, text = predict(body)
    return (status, text) if status == 200 else (500, text)


class Fragile:
    """Does not survive a bad request."""

    def __init__(self) -> None:
        self.is_broken = False

    def __call__(self, body: str) -> tuple[int, str]:
        """Serve, until something bad comes."""
        status, text = predict(body)
        self.is_broken |= status != 200
        return (502, "gone") if self.is_broken and status == 200 else (status, text)


@dataclass
class Accounts:
    """Clients of a test: an account's endpoint is a container, or is not there."""

    containers: dict[str, Container]
    capture: dict[str, Any] = field(default_factory=dict)
    status: str = "InService"
    capture_status: str = "Started"
    address: str = ""

    def under(self, role: str, service: str, config: Config | None = None) -> Any:
        """A client under the test role of an account."""
        account = role.split(":")[4]
        assert role.endswith("-EndpointTestRole")
        if service == "sagemaker":
            return _SageMaker(self, account)
        return boto3.client(
            service,
            region_name="eu-west-1",
            aws_access_key_id=account,
            aws_secret_access_key="testing",
            endpoint_url=self.address,
            config=config,
        )


@dataclass
class _SageMaker:
    accounts: Accounts
    account: str

    def describe_endpoint(self, EndpointName: str) -> dict[str, Any]:  # noqa: N803
        if self.account not in self.accounts.containers:
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "DescribeEndpoint")
        capture = {"CaptureStatus": self.accounts.capture_status}
        config = f"{EndpointName}-config"
        return {"EndpointStatus": self.accounts.status, "EndpointConfigName": config, "DataCaptureConfig": capture}

    def describe_endpoint_config(self, EndpointConfigName: str) -> dict[str, Any]:  # noqa: N803
        endpoint = EndpointConfigName.removesuffix("-config")
        capture = {
            "EnableCapture": True,
            "InitialSamplingPercentage": 100,
            "DestinationS3Uri": f"s3://capture-{self.account}/data-capture/{endpoint}",
            "KmsKeyId": f"key-{self.account}",
        }
        return {"DataCaptureConfig": {**capture, **self.accounts.capture}}


@contextmanager
def serving(containers: dict[str, Container], **changes: Any) -> Iterator[Accounts]:
    """Serve accounts' endpoints on this machine."""
    accounts = Accounts(containers, **changes)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one packet, or the kernel waits 40 ms between them

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            account = self.headers["Authorization"].partition("Credential=")[2].partition("/")[0]
            if account not in containers:
                return self.answer(403, json.dumps({"message": "not authorized"}), "AccessDeniedException")
            status, text = containers[account](body)
            if status == 200:
                return self.answer(200, text, None)
            # What is not 200 from a container is a ModelError to the caller.
            return self.answer(424, json.dumps({"OriginalStatusCode": status, "OriginalMessage": text}), "ModelError")

        def answer(self, status: int, text: str, error: str | None) -> None:
            data = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/csv" if error is None else "application/json")
            self.send_header("Content-Length", str(len(data)))
            if error:
                self.send_header("x-amzn-errortype", error)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (its base's names)
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    accounts.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield accounts
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
