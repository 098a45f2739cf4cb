import argparse

import pytest

from ops import docs


def test_the_readme_is_as_the_code_says() -> None:
    assert docs.run(argparse.Namespace(check=True)) == 0


def test_a_stale_table_is_found(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(docs, "OUTPUTS", {"domain": "Another text."})
    assert docs.run(argparse.Namespace(check=True)) == 1
    assert "./mlops docs" in capsys.readouterr().err
