"""What the container `sagemaker-xgboost` does when it serves: `/ping` and `/invocations`, CSV in, one prediction a line out.

A request that it cannot read gets a 4xx, and it goes on serving. Source: SageMaker developer guide, "Use your own inference code with hosting
services"; aws/sagemaker-xgboost-container, `algorithm_mode/serve.py`.
"""

import math
import sys
import tarfile
import tempfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import xgboost

LARGEST = 6 * 1024 * 1024
"""Bytes of a request (InvokeEndpoint's quota)."""


class Model:
    """A model from its archive."""

    def __init__(self, archive: Path) -> None:
        with tempfile.TemporaryDirectory() as folder, tarfile.open(archive) as tar:
            tar.extract("xgboost-model", folder, filter="data")
            self._booster = xgboost.Booster(model_file=str(Path(folder) / "xgboost-model"))
        self._features = self._booster.num_features()

    def predict(self, text: str) -> str:
        """Predictions of lines of CSV.

        Raises:
            ValueError: It is not CSV of numbers with as many columns as the model has features.
        """
        rows = [[float(field) for field in line.split(",")] for line in text.strip().splitlines()]
        if not rows or {len(row) for row in rows} != {self._features}:
            raise ValueError(f"{self._features} columns are needed")
        if not all(math.isfinite(value) for row in rows for value in row):
            raise ValueError("a value is not finite")
        return "\n".join(f"{value:.6f}" for value in self._booster.predict(xgboost.DMatrix(np.array(rows))))


def handler(model: Model) -> type[BaseHTTPRequestHandler]:
    """Answers for one model."""

    class Handler(BaseHTTPRequestHandler):
        wbufsize = -1  # one write an answer

        def do_GET(self) -> None:
            self._answer(200 if self.path == "/ping" else 404, "")

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            if self.path != "/invocations":
                return self._answer(404, "")
            if length > LARGEST:
                self.close_connection = True
                return self._answer(413, f"a request has at most {LARGEST} bytes")
            body = self.rfile.read(length)
            if self.headers.get("Content-Type", "").partition(";")[0] != "text/csv":
                return self._answer(415, "text/csv is needed")
            try:
                return self._answer(200, model.predict(body.decode()))
            except ValueError as error:
                return self._answer(400, str(error))

        def _answer(self, status: int, text: str) -> None:
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/csv" if status == 200 else "text/plain")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            """Nothing: the caller logs."""

    return Handler


def main() -> None:
    """Serve an archive on a free port, which is the first line printed."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(Model(Path(sys.argv[1]))))
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
