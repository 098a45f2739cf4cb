"""Versions of the projects' templates: the same for the same files, another one for another content."""

import io
import os
import re
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import pytest
from cfnlint.api import lint  # pyright: ignore[reportUnknownVariableType] - cfn-lint is untyped here
from hypothesis import given
from hypothesis import strategies as st

from components.documents import templates
from components.projects import PRODUCTS
from tests.components.stacks import environment, many

NAMES = st.from_regex(r"(steps/)?[a-z]{1,6}\.(py|md|json)", fullmatch=True)
CONTENTS = st.dictionaries(NAMES, st.binary(max_size=64), max_size=4)


def written(contents: Mapping[str, bytes], folder: Path, *, age: float = 0) -> Path:
    """The contents as files of a folder, written some seconds ago."""
    for name, content in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (age, age))
    return folder


@given(contents=CONTENTS, age=st.integers(min_value=0, max_value=2**31))
def test_when_and_in_which_order_files_were_written_changes_nothing(contents: Mapping[str, bytes], age: int) -> None:
    with TemporaryDirectory() as one, TemporaryDirectory() as other:
        first = templates.files(written(contents, Path(one)))
        second = templates.files(written(dict(reversed(list(contents.items()))), Path(other), age=age))
    assert first == second == contents
    assert templates.archive(first) == templates.archive(second)
    with zipfile.ZipFile(io.BytesIO(templates.archive(first))) as made:
        assert {name: made.read(name) for name in made.namelist()} == contents


@given(one=CONTENTS, other=CONTENTS)
def test_other_files_have_another_digest(one: Mapping[str, bytes], other: Mapping[str, bytes]) -> None:
    assert (templates.digest(one) == templates.digest(other)) == (one == other)


def test_a_digest_tells_names_and_contents_apart() -> None:
    assert templates.digest({"a": b"bc"}) != templates.digest({"ab": b"c"})
    assert templates.digest({"a": b"", "b": b""}) != templates.digest({"a": b"b\x000\x00"})


def test_caches_and_hidden_files_are_left_out(tmp_path: Path) -> None:
    kept = {"pipeline.py": b"1", "steps/process.py": b"2", "buildspec.yml": b"3", "work.ipynb": b"4"}
    others = ["__pycache__/pipeline.py", ".pytest_cache/README.md", ".venv/lib/x.py", "steps/x.pyc", "data.csv"]
    folder = written({**kept, **dict.fromkeys(others, b"x")}, tmp_path)
    assert templates.files(folder) == kept


def test_a_zip_says_nothing_of_the_machine() -> None:
    with zipfile.ZipFile(io.BytesIO(templates.archive({"a.py": b""}))) as made:
        (entry,) = made.infolist()
    assert entry.date_time == (1980, 1, 1, 0, 0, 0)
    assert (entry.create_system, entry.external_attr >> 16) == (3, 0o644)


@pytest.mark.parametrize("product", PRODUCTS)
def test_no_token_is_left(product: str) -> None:
    made = templates.version(environment(), product, internet=False)
    # The one that stays is the name of an environment variable of the builds.
    assert set(re.findall(r"PLATFORM_[A-Z_]+", made.template)) <= {"PLATFORM_PREFIX"}
    assert f"Default: /{environment().names.prefix}/" in made.template
    assert made.seed_key in made.template


def linted(text: str) -> list[str]:
    return [f"{match.rule.id} {match.message}" for match in cast("Sequence[Any]", lint(text, regions=["eu-west-1"]))]


@pytest.mark.parametrize("product", PRODUCTS)
def test_cfn_lint_finds_nothing_in_what_is_published(product: str) -> None:
    text = templates.version(environment(), product, internet=False).template
    assert linted(text) == []
    assert linted(text.replace("AWS::CodePipeline::Pipeline", "AWS::CodePipeline::Pipe")) != []


@pytest.mark.parametrize("product", PRODUCTS)
def test_a_template_fits_two_hundred_accounts(product: str) -> None:
    """CloudFormation quotas: a template by its address has up to 1 MB."""
    made = templates.version(many(200), product, internet=True)
    assert len(made.template.encode()) <= 1_000_000


def test_another_account_is_another_version_of_the_build_template() -> None:
    """Its policies list the accounts; those of a project that exists change when its owner takes the version."""
    one, other = (templates.version(many(count), "build_train", internet=False) for count in (2, 4))
    assert one.name != other.name
    assert one.seed_key == other.seed_key


@pytest.mark.parametrize("product", PRODUCTS)
def test_a_changed_file_is_another_version(product: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = templates.version(environment(), product, internet=False)
    for path in (templates.SEED / product).rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            copy = tmp_path / path.relative_to(templates.SEED)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
    monkeypatch.setattr(templates, "SEED", tmp_path)
    assert templates.version(environment(), product, internet=False) == before
    buildspec = next((tmp_path / product / "repository").glob("buildspec*.yml"))
    buildspec.write_text(buildspec.read_text(encoding="utf-8") + "# more\n", encoding="utf-8")
    after = templates.version(environment(), product, internet=False)
    assert after.name != before.name
    assert after.template.replace(after.seed_key, "") == before.template.replace(before.seed_key, "")


def test_builds_have_a_group_of_their_own_with_internet_only() -> None:
    for internet, group in ((False, "workload"), (True, "builds")):
        text = templates.version(environment(), "build_train", internet=internet).template
        assert re.findall(r"Default: \S+/security-groups/(\w+)", text) == [group]
