"""The runner of notebooks: a cell that fails fails the run, and others act where they should."""

import os
from pathlib import Path

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError

from lifecycle.notebooks import execute


def test_a_cell_that_fails_fails_the_run(tmp_path: Path) -> None:
    sources = {"first": "print(open('note.txt').read())", "second": "1 / 0", "third": "print('never')"}
    made = [nbformat.v4.new_code_cell(source, id=name) for name, source in sources.items()]
    book = nbformat.v4.new_notebook(cells=made)
    acts = {"first": lambda: (tmp_path / "note.txt").write_text("of somebody else", encoding="utf-8")}
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        execute(book, tmp_path, environment, acts)
    first, _, third = book.cells
    assert first.outputs[0]["text"] == "of somebody else\n"
    assert third.outputs == []
