"""The serving contract: predictions for good requests, a 4xx for bad ones, and it goes on serving."""

import tarfile
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import ThreadingHTTPServer

import numpy as np
import pytest
import xgboost

from lifecycle.serving import LARGEST, Model, handler


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("model")
    rows = np.random.default_rng(1).random((50, 3))
    model = xgboost.train({"objective": "reg:squarederror"}, xgboost.DMatrix(rows, label=rows[:, 0] * 10), 20)
    model.save_model(folder / "model.ubj")
    with tarfile.open(folder / "model.tar.gz", "w:gz") as tar:
        tar.add(folder / "model.ubj", "xgboost-model")
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(Model(folder / "model.tar.gz")))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def ask(url: str, body: bytes, kind: str = "text/csv") -> tuple[int, str]:
    request = urllib.request.Request(f"{url}/invocations", data=body, headers={"Content-Type": kind})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_it_is_healthy_and_predicts_a_line_a_row(url: str) -> None:
    with urllib.request.urlopen(f"{url}/ping", timeout=10) as answer:
        assert answer.status == 200
    status, text = ask(url, b"0.1,0.2,0.3\n0.9,0.2,0.3")
    low, high = map(float, text.splitlines())
    assert (status, low < high) == (200, True)


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"not,a,number", "text/csv", 400),
        (b"1,2", "text/csv", 400),
        (b"1,2,3,4", "text/csv", 400),
        (b"1,2,nan", "text/csv", 400),
        (b"", "text/csv", 400),
        (b"\xff\xfe,1,2", "text/csv", 400),
        (b"[1,2,3]", "application/json", 415),
    ],
)
def test_a_bad_request_is_refused_and_it_goes_on(url: str, body: bytes, kind: str, status: int) -> None:
    assert ask(url, body, kind)[0] == status
    assert ask(url, b"0.1,0.2,0.3")[0] == 200


def test_an_oversized_request_is_refused_and_it_goes_on(url: str) -> None:
    try:
        refused = ask(url, b"1," * LARGEST)[0] == 413
    except urllib.error.URLError as error:  # it closed the connection before all was sent
        refused = isinstance(error.reason, ConnectionError)
    assert refused
    assert ask(url, b"0.1,0.2,0.3")[0] == 200
