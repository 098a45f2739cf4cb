"""The rules as a CloudFormation hook: requests as CloudFormation sends them, the templates that the platform publishes, and what is wrong with them.

The requests are those of the CloudFormation Hooks user guide ("Evaluating stack operations with Lambda Hooks"), for our stacks.
"""

import copy
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from ops import stackfile
from ops.rehearse import ROOT
from policy import archive
from policy.adapters import hook
from tests.components import sdk
from tests.components.stacks import environment

sdk.load()
from components.config import load  # noqa: E402 - the SDK warns when it is imported for the first time
from components.projects import configuration_of  # noqa: E402
from tests.policy.test_template import endpoint  # noqa: E402
from tests.seed import products  # noqa: E402

CONFIG = stackfile.rehearsed(ROOT, "dev")
PREFIX = environment().names.prefix
Json = dict[str, Any]
Ask = Callable[[Json, str], Mapping[str, object]]


def request(name: str) -> Json:
    """A recorded request."""
    return json.loads((Path(__file__).parent / "hook_requests" / f"{name}.json").read_text(encoding="utf-8"))


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Ask:
    """The function's answer to a request whose template is a text."""
    (tmp_path / "policy" / "adapters").mkdir(parents=True)
    (tmp_path / hook.CONFIGURATION).write_text(configuration_of(CONFIG, load(CONFIG).accounts), encoding="utf-8")
    monkeypatch.setattr(hook, "__file__", str(tmp_path / "policy" / "adapters" / "hook.py"))

    def answer(event: Json, template: str) -> Mapping[str, object]:
        payload = json.dumps({"template": template, "previousTemplate": ""}).encode()
        monkeypatch.setattr(hook, "fetch", {event["requestData"]["payload"]: payload}.__getitem__)
        said = hook.handler(event)
        assert said["clientRequestToken"] == event["clientRequestToken"]
        return said

    return answer


@pytest.mark.parametrize("product", products.PRODUCTS)
def test_a_product_s_stack_passes_as_it_is_published(product: str, ask: Ask) -> None:
    said = ask(request("create-project"), products.text(product))
    assert said["hookStatus"] == "SUCCESS", said["message"]
    assert "No mandatory rule" in str(said["message"])


@pytest.mark.parametrize("stage", ["staging", "prod"])
def test_an_endpoint_s_stack_passes_as_it_is_generated(stage: str, ask: Ask) -> None:
    said = ask(request("update-endpoint"), json.dumps(endpoint(stage)))
    assert said["hookStatus"] == "SUCCESS", said["message"]


def test_a_stack_that_breaks_a_rule_fails_with_the_rule_and_its_remedy(ask: Ask) -> None:
    template = endpoint("staging")
    template["Resources"]["Model"]["Properties"]["EnableNetworkIsolation"] = False
    said = ask(request("update-endpoint"), json.dumps(template))
    assert (said["hookStatus"], said["errorCode"]) == ("FAILED", "NonCompliant")
    assert str(said["message"]).startswith("SM-17 Model: ")
    assert "Set enable_network_isolation" in str(said["message"])


def test_a_yaml_template_that_breaks_a_rule_fails(ask: Ask) -> None:
    text = products.text("build_train").replace("BlockPublicPolicy: true", "BlockPublicPolicy: false")
    said = ask(request("create-project"), text)
    assert (said["hookStatus"], said["errorCode"]) == ("FAILED", "NonCompliant")
    assert "S3-" in str(said["message"])


def test_deleting_a_stack_passes_without_a_template(ask: Ask) -> None:
    assert ask(request("delete-project"), "")["hookStatus"] == "SUCCESS"


VPC = "/other-prod-eu-west-1/network/vpc"
OTHER = {"Type": "AWS::SSM::Parameter::Value<String>", "Default": VPC}
BAD = {"Type": "AWS::SageMaker::Model", "Properties": {"PrimaryContainer": {"Image": "docker.io/x"}}}


@pytest.mark.parametrize(
    ("parameter", "status"),
    [
        ({**OTHER, "AllowedValues": [VPC]}, "SUCCESS"),
        (OTHER, "FAILED"),  # told otherwise when it is deployed, it names what exists
        ({**OTHER, "AllowedValues": [VPC, "/some-prod-eu-west-1/network/vpc"]}, "FAILED"),
        ({"Type": "String", "Default": VPC, "AllowedValues": [VPC]}, "FAILED"),  # looks nothing up
        ({**OTHER, "AllowedValues": ["/aws/service/ami-amazon-linux-latest/x"]}, "FAILED"),  # everybody has it
        ({**OTHER, "AllowedValues": ["/other-prod-us-east-1/network/vpc"]}, "FAILED"),  # its hook is elsewhere
        ({**OTHER, "AllowedValues": ["/app/eu-west-1/x"]}, "FAILED"),  # no environment's
    ],
)
def test_only_a_stack_that_needs_another_environment_is_left_to_it(
    parameter: Mapping[str, object], status: str, ask: Ask
) -> None:
    template: Json = {"Parameters": {"Vpc": parameter}, "Resources": {"Model": BAD}}
    assert ask(request("create-project"), json.dumps(template))["hookStatus"] == status
    template["Resources"]["Also"] = {"Type": "X", "Properties": {"Y": f"{{{{resolve:ssm:/{PREFIX}/x}}}}"}}
    assert ask(request("create-project"), json.dumps(template))["hookStatus"] == "FAILED"


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", "a: [", "!Ref x", '{"Resources": {}, "Transform": "x"}', '{"Resources": {}, "Resources": {}}'],
)
def test_what_is_no_template_is_no_pass(text: str, ask: Ask) -> None:
    said = ask(request("create-project"), text)
    assert (said["hookStatus"], said["errorCode"]) == ("FAILED", "InternalFailure")


@pytest.mark.parametrize(
    "address",
    ["http://x.amazonaws.com/", "https://example.com/", "https://xamazonaws.com/", "file:///etc/passwd", None],
)
def test_only_aws_is_asked_for_a_template(address: object, ask: Ask) -> None:
    event = request("create-project")
    event["requestData"]["payload"] = address
    said = ask(event, products.text("deploy"))
    assert (said["hookStatus"], said["errorCode"]) == ("FAILED", "InternalFailure")
    assert "no address of S3" in str(said["message"])


def test_a_request_for_something_else_is_no_pass(ask: Ask) -> None:
    event = request("create-project")
    event["requestData"]["targetType"] = "RESOURCE"
    assert ask(event, products.text("deploy"))["hookStatus"] == "FAILED"


def test_a_fault_of_ours_is_no_pass(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("secret")

    monkeypatch.setattr(hook, "check", broken)
    said = ask(request("create-project"), products.text("deploy"))
    assert (said["hookStatus"], said["errorCode"]) == ("FAILED", "InternalFailure")
    assert "secret" not in str(said["message"])


def test_a_long_answer_is_cut_where_cloudformation_would(ask: Ask) -> None:
    resources = {f"Model{index}": copy.deepcopy(BAD) for index in range(100)}
    assert len(str(ask(request("create-project"), json.dumps({"Resources": resources}))["message"])) == 4096


def test_the_function_s_files_answer_alone(tmp_path: Path) -> None:
    files = {name: path.read_text(encoding="utf-8") for name, path in archive.hook_files().items()}
    for name, text in {**files, hook.CONFIGURATION: configuration_of(CONFIG, load(CONFIG).accounts)}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    template = products.text("build_train")
    program = (
        "import json, sys\nfrom policy.adapters import hook\n"
        "event, template = json.load(sys.stdin)\n"
        "hook.fetch = lambda _: json.dumps({'template': template})\n"
        "print(json.dumps(hook.handler(event)))\n"
    )
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-S", "-c", program],
        input=json.dumps([request("create-project"), template]),
        cwd=tmp_path,
        env={},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["hookStatus"] == "SUCCESS", done.stdout


def test_the_published_configuration_has_every_account_of_a_unit() -> None:
    settings = load(CONFIG).with_units(staging=("444444444444",), production=None)
    given = {**CONFIG, "mlops:accounts": json.dumps({"development": "111111111111", "stagingUnit": "ou-ab12-11111111"})}
    config = json.loads(configuration_of(given, settings.accounts))["config"]
    assert "444444444444" in json.loads(config["mlops:accounts"])["staging"]


def test_products_are_yaml_that_the_adapter_reads_as_cfn_lint_does() -> None:
    for product in products.PRODUCTS:
        assert hook.parse(products.text(product)) == products.body(product)
