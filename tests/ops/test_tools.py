"""`./mlops packages publish` and `./mlops projects upload`: what they ask of the programs in the seed code's environment."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from ops import packages, projects, seed
from tests.ops.conftest import Run

DEVELOPMENT = "417352806941"
PREFIX = "sm-mlops-dev-eu-west-1"
BUILD = seed.ROOT / "seed" / "build_train"


@pytest.fixture
def real(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The stack file of a real account, which the commands take."""
    for module in (packages, projects):
        monkeypatch.setattr(module, "ROOT", project)
    file = project / "Pulumi.dev.yaml"
    text = file.read_text(encoding="utf-8")
    for number, placeholder in enumerate(sorted(set(re.findall(r"\b\d{12}\b", text)))):
        text = text.replace(placeholder, DEVELOPMENT if number == 0 else f"51735280694{number}")
    file.write_text(text, encoding="utf-8")
    return file


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Mapping[str, str], tuple[Path, ...]]]:
    """The programs that were started, and with what."""
    started: list[tuple[str, Mapping[str, str], tuple[Path, ...]]] = []

    def tool(name: str, options: Mapping[str, str], *arguments: Path) -> int:
        started.append((name, options, arguments))
        return 7

    monkeypatch.setattr(seed, "tool", tool)
    return started


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "measured.csv"
    path.touch()
    return path


@pytest.mark.usefixtures("real")
def test_both_locks_go_to_the_repository_of_the_development_account(
    run: Run, started: list[tuple[str, Mapping[str, str], tuple[Path, ...]]]
) -> None:
    assert run("packages", "publish").status == 7
    [(name, options, locks)] = started
    assert name == "publish"
    assert options == {
        "domain": PREFIX,
        "repository": f"{PREFIX}-packages",
        "account": DEVELOPMENT,
        "region": "eu-west-1",
    }
    assert set(locks) == set((seed.ROOT / "seed").glob("*/repository/requirements.txt"))


def test_with_the_public_index_upstream_nothing_is_published(
    run: Run, real: Path, started: list[tuple[str, Mapping[str, str], tuple[Path, ...]]]
) -> None:
    with real.open("a", encoding="utf-8") as file:
        file.write("  mlops:packages: upstream\n")
    ran = run("packages", "publish")
    assert ran.status == 0
    assert "Nothing to publish: with mlops:packages upstream" in ran.out
    assert not started


@pytest.mark.usefixtures("real")
def test_data_go_where_the_pipeline_reads_them(
    run: Run, data: Path, started: list[tuple[str, Mapping[str, str], tuple[Path, ...]]]
) -> None:
    assert run("projects", "upload", "--project", "churn", str(data)).status == 7
    bucket = f"{PREFIX}-{DEVELOPMENT}-data"
    options = {
        "bucket": bucket,
        "key": "churn/input/abalone.csv",
        "account": DEVELOPMENT,
        "region": "eu-west-1",
        "key-parameter": f"/{PREFIX}/keys/data",
    }
    assert started == [("upload", options, (data,))]


def test_that_place_is_the_build_repositorys_default() -> None:
    text = (BUILD / "repository" / "project.py").read_text(encoding="utf-8")
    assert "f\"s3://{settings['buckets/data']}/{name}/input/abalone.csv\"" in text


def test_a_projects_name_is_what_the_template_takes() -> None:
    text = (BUILD / "template.yaml").read_text(encoding="utf-8")
    # CloudFormation's own tags are none of YAML's.
    parameter = yaml.safe_load(re.sub(r"!\w+", "", text.partition("\nMappings:")[0].partition("\nConditions:")[0]))
    name = parameter["Parameters"]["SageMakerProjectName"]
    assert name["AllowedPattern"] == f"^{projects.PROJECT.pattern}$"
    assert name["MaxLength"] == projects.LONGEST


@pytest.mark.usefixtures("real")
@pytest.mark.parametrize("name", ["Churn", "churn-", "a--b", "", "a" * 31, "a/../b", "churn\n"])
def test_another_name_is_one_message(
    name: str, run: Run, data: Path, started: list[tuple[str, Mapping[str, str], tuple[Path, ...]]]
) -> None:
    ran = run("projects", "upload", "--project", name, str(data))
    assert ran.status == 2
    assert "is no name of a project" in ran.err
    assert not started


@pytest.mark.usefixtures("real")
def test_data_that_are_no_file_are_one_message(run: Run, tmp_path: Path) -> None:
    ran = run("projects", "upload", "--project", "churn", str(tmp_path))
    assert ran.status == 2
    [message] = ran.err.splitlines()
    assert "is no file. Give a CSV file" in message


@pytest.mark.parametrize("command", [["packages", "publish"], ["projects", "upload", "--project", "churn"]])
def test_documentation_accounts_are_no_accounts(
    command: list[str], run: Run, data: Path, started: list[tuple[str, Mapping[str, str], tuple[Path, ...]]]
) -> None:
    ran = run(*command, *([str(data)] if "upload" in command else []))
    assert ran.status == 2
    assert "documentation ids" in ran.err
    assert not started


def test_a_tool_runs_for_the_caller(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    """Its options reach it, and its message and exit status the caller."""
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    options = {"domain": "a", "repository": "b", "account": DEVELOPMENT, "region": "eu-west-1"}
    assert seed.tool("publish", options, packages.LOCKS[0]) == 2
    assert capfd.readouterr().err.startswith("error: AWS session: The config profile (nobody) could not be found")
