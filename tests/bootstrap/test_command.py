"""`./mlops bootstrap`: prints a template, or says in one message what is wrong."""

import json
import sys
from pathlib import Path

import pytest

from ops import __main__ as command
from ops import bootstrap

STACK = """config:
  mlops:name: sm-mlops
  mlops:type: dev
  mlops:region: eu-west-1
  mlops:accounts: {development: "314159265358", staging: ["271828182845"]}
  mlops:deployRole: {externalId: sm-mlops-dev}
  mlops:network: {cidr: 10.0.0.0/12}
"""


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "Pulumi.dev.yaml").write_text(STACK)
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    return tmp_path


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["mlops", "bootstrap", *arguments])
    return command.main()


@pytest.mark.parametrize(
    ("arguments", "resource"),
    [
        (["account"], "Boundary"),
        (["organization"], "Deployer"),
        (["pipeline", "--github", "acme/mlops"], "CiPreview"),
        (["pipeline", "--gitlab", "acme/ml/platform", "--gitlab-host", "git.example.com"], "IdentityProvider"),
        (["pipeline", "--principal", "arn:aws:iam::314159265358:role/ci"], "State"),
        (["roles", "--account", "271828182845"], "MonitoringRole"),
    ],
)
def test_it_prints_a_template(
    arguments: list[str], resource: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, *arguments) == 0
    assert resource in json.loads(capsys.readouterr().out)["Resources"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["pipeline"], "nobody deploys. Give --github"),
        (["pipeline", "--github", "acme"], "--github: 'acme' is not of the form owner/name"),
        (["pipeline", "--github", "acme/*"], "--github"),
        (["pipeline", "--gitlab", "acme"], "--gitlab: 'acme' is not of the form group/name"),
        (["pipeline", "--github", "a/b", "--gitlab", "a/b"], "A template is for one of them"),
        (["pipeline", "--principal", "ci"], "--principal: 'ci' is not of the form arn:aws:iam"),
        (["roles"], "--account: none is not in the stack. It has 314159265358, 271828182845"),
        (["account", "--stack", "devv"], "Did you mean dev?"),
    ],
)
def test_it_says_what_is_wrong(
    arguments: list[str], says: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, *arguments) == 2
    printed = capsys.readouterr()
    assert says in printed.err
    assert (printed.out, printed.err.count("error:")) == ("", 1)


def test_a_deploy_role_without_external_id_is_one_message(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "Pulumi.dev.yaml").write_text(STACK.replace("  mlops:deployRole: {externalId: sm-mlops-dev}\n", ""))
    assert run(monkeypatch, "account") == 2
    assert "mlops:deployRole.externalId" in capsys.readouterr().err
