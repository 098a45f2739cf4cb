"""Mistakes in a stack file: `./mlops rehearse` ends with status 2 and one message, and nothing of the platform was registered."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import yaml

from ops import rehearse, stackfile
from ops.errors import UserError
from sandbox.kinds.ec2 import VPC
from sandbox.lookups import ACCOUNT, UNIT
from sandbox.world import World
from tests.ops.conftest import Run

STACK = "Pulumi.dev.yaml"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
HEAD = "config:\n"


def _edit(old: str, new: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        assert old in text
        return text.replace(old, new)

    return change


def _add(line: str) -> Callable[[str], str]:
    return lambda text: f"{text}  {line}\n"


# Each mistake: how the stack file comes to have it, and what its message must hold: where, what, what to do.
MISTAKES: Mapping[str, tuple[Callable[[str], str] | str | bytes, list[str]]] = {
    # The file.
    "empty": ("", [STACK, "not a mapping", "Start from"]),
    "only comments": ("# nothing\n", [STACK, "not a mapping"]),
    "a list": ("- config\n", [STACK, "not a mapping"]),
    "a word": ("config\n", [STACK, "not a mapping"]),
    "a tab": (HEAD + "\tmlops:name: a\n", [STACK, "line 2", "not valid YAML", "Mend the line"]),
    "an open bracket": (HEAD + "  mlops:accounts: {development: 1\n", [STACK, "line 3", "not valid YAML"]),
    "two documents": (_add("\n---\na: b"), [STACK, "another document"]),
    "a control character": (HEAD + '  mlops:name: "\x07"\n', [STACK, "#x0007"]),
    "an unknown tag": (HEAD + "  mlops:name: !secret x\n", [STACK, "line 2", "!secret"]),
    "a Python object": (HEAD + "  mlops:name: !!python/object/apply:os.system [ls]\n", [STACK, "line 2"]),
    "not UTF-8": (b"config:\n  mlops:name: \xff\n", [STACK, "not UTF-8", "Save it as UTF-8"]),
    "UTF-16": ("config: {}\n".encode("utf-16"), [STACK, "not UTF-8"]),
    "no config": ("encryptionsalt: v1\n", [STACK, "no `config:`"]),
    "config is null": ("config:\n", [STACK, "no `config:`"]),
    "config is a list": ("config: [a]\n", [STACK, "no `config:`"]),
    "a key twice": (_add("mlops:name: other"), [STACK, "'mlops:name' is given twice"]),
    "a nested key twice": (_add("mlops:tags: {a: b, a: c}"), [STACK, "'a' is given twice"]),
    "a list as key": (HEAD + "  ? [a]\n  : b\n", [STACK, "a key is no text"]),
    "a merge of no mapping": (_add("mlops:tags: {<<: 5}"), [STACK, "not valid YAML"]),
    "a key without namespace": (HEAD + "  name: a\n", [STACK, "'name'", "Write mlops:name"]),
    "a number as key": (HEAD + "  1: a\n", [STACK, "1", "no namespace"]),
    "a number as nested key": (_add("mlops:tags: {1: a}"), ["mlops:tags", "1", "Put it in quotes"]),
    "a date": (_add("mlops:tags: {since: 2020-01-01}"), ["mlops:tags.since", "date", "Put it in quotes"]),
    "bytes": (_add("mlops:tags: {a: !!binary aGVsbG8=}"), ["mlops:tags.a", "bytes", "Put it in quotes"]),
    "a set": (_add("mlops:tags: !!set {a, b}"), ["mlops:tags", "set", "Put it in quotes"]),
    "a value that holds itself": (_add("mlops:tags: &a {x: *a}"), ["mlops:tags", "nested too deeply"]),
    "a list that holds itself": (_add("mlops:tags: &a [*a]"), ["mlops:tags", "nested too deeply"]),
    "too many brackets": (_add(f"mlops:tags: {'[' * 2000}{']' * 2000}"), ["nested too deeply"]),
    "an encrypted value": (_edit("mlops:name: sm-mlops", "mlops:name: {secure: v1}"), ["mlops:name", "encrypted"]),
    # Credentials, wherever they are.
    "access key in a value": (_add("mlops:tags: {owner: AKIAIOSFODNN7EXAMPLE}"), ["line 18", "access key id", "revoke"]),
    "access key in a comment": (_add("# AKIAIOSFODNN7EXAMPLE"), ["line 18", "access key id", "Remove it"]),
    "secret key in a comment": (_add(f"# {SECRET}"), ["line 18", "secret key", "Remove it"]),
    "secret key in a list": (_add(f'mlops:dataProducers: ["{SECRET}"]'), ["line 18", "secret key"]),
    "secret key outside config": (lambda text: f"note: {SECRET}\n{text}", ["line 1", "secret key"]),
    "secret key of the provider": (_add("aws:secretKey: anything"), ["line 18", "setting for an AWS key"]),
    "session token": (_add("aws:sessionToken: anything"), ["line 18", "setting for an AWS key"]),
    # Values.
    "a number that lost its zeros": (
        _edit('"111111111111"', "011111111111"),
        ["mlops:accounts.development", "1227133513", "in quotes"],
    ),
    "an account in no quotes": (
        _edit('"222222222222"', "222222222222"),
        ["mlops:accounts.staging[0]", "222222222222", "in quotes"],
    ),
    "an account id with eleven digits": (
        _edit('"222222222222"', '"22222222222"'),
        ["mlops:accounts.staging[0]", "'22222222222'", "12 digits"],
    ),
    "the same account twice": (
        _edit('["222222222222"]', '["222222222222", "222222222222"]'),
        ["mlops:accounts.staging", "222222222222 twice", "Keep one"],
    ),
    "overlapping blocks": (
        _edit("zones: 2,", 'zones: 2, blocks: {"222222222222": 10.0.0.0/20},'),
        ["mlops:network.blocks", "10.0.0.0/20", "block of its own"],
    ),
    "a block of no VPC": (
        _edit("zones: 2,", 'zones: 2, blocks: {"222222222222": 10.0.0.0/30},'),
        ["mlops:network.blocks", "'10.0.0.0/30'", "/16 to /25"],
    ),
    "too small a block": (_edit("10.0.0.0/12", "10.0.0.0/20"), ["mlops:network.cidr", "10.0.0.0/20", "larger block"]),
    "one zone": (_edit("zones: 2", "zones: 1"), ["mlops:network.zones", "1", "Set 2, 3 or 4"]),
    "zones as a truth value": (_edit("zones: 2", "zones: yes"), ["mlops:network.zones", "True", "whole number"]),
    "a huge number of zones": (_edit("zones: 2", f"zones: {10**30}"), ["mlops:network.zones", "Set 2, 3 or 4"]),
    "more zones than there are": (
        _edit("zones: 2", "zones: 4, excludeZoneIds: [euw1-az1]"),
        ["mlops:network.zones", "4 zones", "has 2 in eu-west-1", "Set fewer"],
    ),
    "an unknown region": (_edit("eu-west-1", "eu-wset-1"), ["mlops:region", "'eu-wset-1'", "Did you mean eu-west-1?"]),
    "an unknown endpoint": (
        _edit("endpoints: auto", "endpoints: [kms, stss]"),
        ["mlops:network.endpoints", "'stss'", "Did you mean sts?"],
    ),
    "endpoints of another kind": (
        _edit("endpoints: auto", "endpoints: all"),
        ["mlops:network.endpoints", "'all'", "'auto' or a list"],
    ),
    "an endpoint that is no text": (
        _edit("endpoints: auto", "endpoints: [kms, 1]"),
        ["mlops:network.endpoints[1]", "1 is no text", "in quotes"],
    ),
    "an unknown persona": (
        _edit("persona: MLEngineer", "persona: MlEngineer"),
        ["studio.profiles.ml-engineer.persona", "'MlEngineer'", "'MLEngineer'"],
    ),
    "an unknown instance type": (
        _add("mlops:instanceTypes: {studio: [ml.t3.mediun]}"),
        ["mlops:instanceTypes.studio", "'ml.t3.mediun'", "Did you mean ml.t3.medium?"],
    ),
    "no instance type": (_add("mlops:instanceTypes: {studio: []}"), ["mlops:instanceTypes.studio", "[]", "at least one"]),
    "nobody may take a role": (
        _add("mlops:personas: {Auditor: {principals: []}}"),
        ["mlops:personas.Auditor.principals", "[]", "at least one"],
    ),
    "list and unit": (
        _edit('staging: ["222222222222"]', 'staging: ["222222222222"]\n    stagingUnit: ou-abcd-12345678'),
        ["mlops:accounts", "stagingUnit", "Keep"],
    ),
    "existing VPC without its parts": (
        _edit("zones: 2,", 'existing: {"222222222222": {vpc: vpc-0123456789abcdef0, subnets: [subnet-01234567, subnet-01234568], workloadSecurityGroup: sg-01234567, endpointSecurityGroup: sg-01234567}},'),
        ["mlops:network.existing.222222222222.s3Endpoint", "is missing", "Add it"],
    ),
    "a role missing": (
        _add("mlops:roles: {create: false}"),
        ["mlops:roles", "create: false", "JobRole", "Name them under roles.existing"],
    ),
    "a role's name that is none": (
        _add('mlops:roles: {create: false, existing: {JobRole: "a b"}}'),
        ["mlops:roles.existing.JobRole", "'a b'", "wrong form"],
    ),
    "a key of another region": (
        _add('mlops:keys: {existing: {"222222222222": {data: "arn:aws:kms:us-east-1:222222222222:key/a"}}}'),
        ["mlops:keys.existing.222222222222.data", "us-east-1", "in eu-west-1"],
    ),
    "sso without a user": (
        _edit("mlops:studio:\n", "mlops:studio:\n    auth: sso\n"),
        ["mlops:studio", "'data-scientist'", "ssoUser"],
    ),
    "a name that is too long": (
        _edit("mlops:name: sm-mlops", "mlops:name: a-name-that-is-too-long"),
        ["mlops:name", "'a-name-that-is-too-long'", "IAM role SageMakerModelExecutionRole", "of 64", "Shorten"],
    ),
    "a bucket's name that is too long": (
        _add(f"mlops:buckets: {{existing: {{models: {'b' * 64}}}}}"),
        ["S3 bucket models", "of 63"],
    ),
    "an unknown key": (_add("mlops:acounts: {}"), ["mlops:acounts", "unknown key", "accounts"]),
    "an unknown nested key": (_edit("zones: 2", "zone: 2"), ["mlops:network.zone", "unknown key", "zones"]),
    "a word for a mapping": (_add("mlops:tags: owner"), ["mlops:tags", "'owner'", "key: value"]),
    "a list for a mapping": (_add("mlops:logs: [30]"), ["mlops:logs", "key: value"]),
    "a word for a list": (_add("mlops:breakGlassRoles: me"), ["mlops:breakGlassRoles", "'me'", "[first, second]"]),
    "nothing for a mapping": (_add("mlops:tags:"), ["mlops:tags", "key: value"]),
    "nothing for an account": (_edit('["333333333333"]', "[null]"), ["mlops:accounts.production[0]", "None", "12 digits"]),
    "a word for a truth value": (_add("mlops:protection: maybe"), ["mlops:protection", "'maybe'", "true nor false"]),
    "a tag that AWS refuses": (_add('mlops:tags: {a: "<b>"}'), ["mlops:tags", "'<b>'", "letters, digits"]),
    "a sign in a name": (_edit("mlops:name: sm-mlops", "mlops:name: sm_mlops🎉"), ["mlops:name", "sm_mlops", "form"]),
    "a domain that is none": (
        _edit("zones: 2", "zones: 2, dnsAllow: ['a b']"),
        ["mlops:network.dnsAllow[0]", "'a b'", "form"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_message_and_nothing_was_registered(mistake: str, run: Run, project: Path) -> None:
    change, expected = MISTAKES[mistake]
    path = project / STACK
    if callable(change):
        path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    elif isinstance(change, str):
        path.write_text(change, encoding="utf-8")
    else:
        path.write_bytes(change)
    ran = run("rehearse")
    assert ran.status == 2
    messages = [line for line in ran.err.splitlines() if not line.startswith(("planning", "deploying"))]
    assert len(messages) == 1, ran.err
    assert messages[0].startswith("error: ")
    for part in expected:
        assert part in messages[0]
    assert SECRET not in ran.err
    assert "AKIA" not in ran.err
    _nothing_was_made(project)


def _nothing_was_made(project: Path) -> None:
    """No resource of the platform in state or accounts; providers, which are nothing in AWS, may be there."""
    database = project / ".sandbox/dev/world.db"
    if not database.exists():
        return
    world = World(database)
    assert list(world.counts()) == []
    assert {str(state["type"]) for state in world.states()} <= {"pulumi:pulumi:Stack", "pulumi:providers:aws"}
    world.close()


def test_several_mistakes_are_a_line_each(run: Run, project: Path) -> None:
    path = project / STACK
    text = path.read_text(encoding="utf-8").replace("zones: 2", "zones: 1").replace("name: sm-mlops", "name: SM")
    path.write_text(text, encoding="utf-8")
    lines = run("rehearse").err.splitlines()
    assert lines[0].startswith("error: mlops:name: 'SM'")
    assert lines[1].startswith("mlops:network.zones: 1")
    assert len(lines) == 2


def test_a_stack_that_is_not_there_names_the_nearest(run: Run) -> None:
    ran = run("rehearse", "--stack", "prd")
    assert ran.status == 2
    assert ran.err == "error: stack 'prd' has no file Pulumi.prd.yaml. Did you mean prod?\n"
    assert "There are: dev, prod" in run("rehearse", "--stack", "xyz").err


def test_a_stack_file_that_cannot_be_read_is_one_message(run: Run, project: Path) -> None:
    (project / "Pulumi.yaml").write_text("runtime: python\n", encoding="utf-8")
    assert "Pulumi.yaml: has no `name:`" in run("rehearse").err
    (project / "Pulumi.yaml").unlink()
    ran = run("rehearse")
    assert (ran.status, ran.err.count("\n")) == (2, 1)
    assert "Pulumi.yaml: cannot be read" in ran.err


def test_a_place_that_is_no_folder_is_one_message(run: Run, project: Path) -> None:
    (project / ".sandbox").write_text("in the way", encoding="utf-8")
    ran = run("rehearse")
    assert (ran.status, ran.err.count("\n")) == (2, 1)
    assert "cannot be written" in ran.err


UNITS = """config:
  mlops:name: sm-mlops
  mlops:type: dev
  mlops:region: eu-west-1
  mlops:accounts: {development: "111111111111", stagingUnit: ou-abcd-11111111}
  mlops:organization: {account: "999999999999"}
"""


@pytest.mark.parametrize("unit", ["empty", "suspended accounts only", "unknown"])
def test_a_unit_without_accounts_stops_before_any_resource(
    unit: str, run: Run, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / STACK).write_text(UNITS, encoding="utf-8")
    seed = rehearse.seed

    def without_accounts(world: World, config: Mapping[str, str]) -> None:
        seed(world, config)
        for thing in [*world.things("organization", "", ACCOUNT)]:
            if unit != "suspended accounts only" or thing.inputs["status"] == "ACTIVE":
                world.remove(thing)
        if unit == "unknown":
            for thing in [*world.things("organization", "", UNIT)]:
                world.remove(thing)

    monkeypatch.setattr(rehearse, "seed", without_accounts)
    ran = run("rehearse")
    assert ran.status == 2
    messages = [line for line in ran.err.splitlines() if not line.startswith(("planning", "deploying"))]
    assert len(messages) == 1, ran.err
    assert "ou-abcd-11111111" in messages[0]
    remedy = "Check its id" if unit == "unknown" else "holds no active account. Move an account there"
    assert remedy in messages[0]
    _nothing_was_made(project)
    world = World(project / ".sandbox/dev/world.db")
    assert not list(world.things("111111111111", "eu-west-1", VPC))
    world.close()


def test_a_stack_file_is_what_pulumi_hands_over(project: Path) -> None:
    config = stackfile.load(project, "dev")
    given = yaml.safe_load((project / STACK).read_text(encoding="utf-8"))["config"]
    assert set(config) == set(given)
    assert config["mlops:name"] == "sm-mlops"
    assert yaml.safe_load(config["mlops:accounts"]) == given["mlops:accounts"]


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("true", "true"),
        ("5", "5"),
        ("1.5", "1.5"),
        ("", ""),
        ("[1, a]", '[1, "a"]'),
        ("{a: {b: c}}", '{"a": {"b": "c"}}'),
    ],
)
def test_a_value_is_text_or_json(written: str, text: str, tmp_path: Path) -> None:
    (tmp_path / "Pulumi.x.yaml").write_text(f"config:\n  a:b: {written}\n", encoding="utf-8")
    assert stackfile.load(tmp_path, "x") == {"a:b": text}


def test_a_merged_mapping_may_be_overridden(tmp_path: Path) -> None:
    text = "base: &base {a: one, b: two}\nconfig:\n  a:b: {<<: *base, b: three}\n"
    (tmp_path / "Pulumi.x.yaml").write_text(text, encoding="utf-8")
    assert yaml.safe_load(stackfile.load(tmp_path, "x")["a:b"]) == {"a": "one", "b": "three"}


def test_a_missing_stack_file_without_any_other(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"There are: none"):
        stackfile.load(tmp_path, "dev")
