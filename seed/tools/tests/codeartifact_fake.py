"""CodeArtifact and STS on this machine: what of their APIs is asked, over HTTP, and the uploads of Python packages; moto has no CodeArtifact.

Sources: botocore's service model of `codeartifact`; PyPI docs, "Upload API".
"""

import base64
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

ACCOUNT = "210987654321"
DOMAIN = "sm-dev"
REPOSITORY = "sm-dev-packages"
TOKEN = "made-up-token"  # noqa: S105 - of nobody
_IDENTITY = """<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:sts::{account}:assumed-role/A/b</Arn><UserId>x</UserId><Account>{account}</Account></GetCallerIdentityResult>
</GetCallerIdentityResponse>"""


@dataclass
class Fake:
    """One repository and who asks.

    Attributes:
        assets: (package, version) -> name of an asset -> SHA-256.
        fields: What each upload said of itself, in order.
        account: The caller's account.
        answers: Path -> the error that it answers with, as (status, code, further members).
    """

    assets: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    fields: list[dict[str, str]] = field(default_factory=list)
    account: str = ACCOUNT
    answers: dict[str, tuple[int, str, dict[str, str]]] = field(default_factory=dict)
    url: str = ""

    def refuse(self, path: str, status: int, code: str, **members: str) -> None:
        """Answer a path with an error from now on."""
        self.answers[path] = (status, code, members)

    def ask(self, path: str, query: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """CodeArtifact's answer."""
        assert query["domain"] == DOMAIN
        assert query["domain-owner"] == ACCOUNT
        if path == "/v1/authorization-token":
            return 200, {"authorizationToken": TOKEN, "expiration": 2000000000}
        assert query["repository"] == REPOSITORY
        assert query["format"] == "pypi"
        if path == "/v1/repository/endpoint":
            return 200, {"repositoryEndpoint": f"{self.url}/pypi/{REPOSITORY}/"}
        assert path == "/v1/package/version/assets", path
        found = self.assets.get((query["package"], query["version"]))
        if found is None:
            return 404, {"code": "ResourceNotFoundException", "message": "no such", "resourceType": "package"}
        return 200, {"assets": [{"name": name, "hashes": {"SHA-256": digest}} for name, digest in found.items()]}

    def take(self, head: str, kind: str, body: bytes) -> int:
        """An upload's status."""
        if head != f"Basic {base64.b64encode(f'aws:{TOKEN}'.encode()).decode()}":
            return 401
        form = BytesParser(policy=HTTP).parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
        parts = {_name(part): part for part in form.iter_parts()}
        content = parts.pop("content")
        fields = {name: part.get_payload(decode=True).decode() for name, part in parts.items()}
        data = content.get_payload(decode=True)
        assert fields[":action"] == "file_upload"
        assert fields["sha256_digest"] == hashlib.sha256(data).hexdigest()
        name = re.sub(r"[-_.]+", "-", fields["name"]).lower()
        there = self.assets.setdefault((name, fields["version"]), {})
        if content.get_filename() in there:
            return 409
        there[content.get_filename()] = fields["sha256_digest"]
        self.fields.append(fields)
        return 200


def _name(part: Message) -> str:
    return str(part.get_param("name", header="content-disposition"))


@contextmanager
def serve(fake: Fake) -> Iterator[None]:
    """Serve the repository; its address is in `fake.url`."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def do_GET(self) -> None:
            self.do_POST()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            address = urlsplit(self.path)
            if address.path in fake.answers:
                status, code, members = fake.answers[address.path]
                query = f"<ErrorResponse><Error><Code>{code}</Code></Error></ErrorResponse>"
                rest = json.dumps({"message": "made-up", **members})
                self._answer(status, query if address.path == "/" else rest, code)
            elif address.path == "/":
                assert b"GetCallerIdentity" in body
                self._answer(200, _IDENTITY.format(account=fake.account))
            elif address.path.startswith("/pypi/"):
                status = fake.take(self.headers["Authorization"], self.headers["Content-Type"], body)
                self._answer(status, "")
            else:
                query = {key: values[0] for key, values in parse_qs(address.query).items()}
                status, answer = fake.ask(address.path, query)
                self._answer(status, json.dumps(answer), answer.get("code", ""))

        def _answer(self, status: int, text: str, error: str = "") -> None:
            self.send_response(status)
            if error:
                self.send_header("x-amzn-ErrorType", error)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    fake.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
