"""The provider plugin behaves as the real one does where the program relies on it: by itself, and under Pulumi's engine."""

import io
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, TextIO

import grpc
import pytest
from google.protobuf import empty_pb2
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from ops.rehearse import PLANNED
from sandbox.deployment import SECRET, SIGNATURE, UNKNOWN, from_struct, to_struct
from sandbox.engine import Result, StepOp
from sandbox.faults import Faults
from sandbox.plugin import Plugin, main, serve
from sandbox.refusal import Refusal
from sandbox.service import is_auto_named
from sandbox.world import BUCKET, World
from tests.sandbox.engines import EngineStack
from tests.sandbox.programs import ACCOUNT, EXTERNAL_ID, OTHER, REGION, Stack, refusals, seed, steps

ROOT = Path(__file__).resolve().parents[2]
GROUP, VPC, SUBNET = "aws:ec2/securityGroup:SecurityGroup", "aws:ec2/vpc:Vpc", "aws:ec2/subnet:Subnet"
SECRET_TEXT = {SIGNATURE: SECRET, "value": "hush"}


def urn(token: str, name: str = "thing") -> str:
    return f"urn:pulumi:test::tiny::mlops:index:Parent${token}::{name}"


def settings(
    account: str = ACCOUNT, *, external_id: str = EXTERNAL_ID, tags: str = "{}", region: str = REGION
) -> Struct:
    role = f'[{{"roleArn": "arn:aws:iam::{account}:role/deployer", "externalId": "{external_id}"}}]'
    inputs = {"region": region, "allowedAccountIds": f'["{account}"]', "assumeRoles": role}
    return to_struct({**inputs, "defaultTags": f'{{"tags": {tags}}}'})


def configured(world: World, account: str = ACCOUNT, *, tags: str = "{}") -> Plugin:
    plugin = Plugin(world)
    plugin.configure(provider_pb2.ConfigureRequest(args=settings(account, tags=tags)))
    return plugin


def create(plugin: Plugin, token: str, *, preview: bool = False, **inputs: object) -> tuple[str, dict[str, Any]]:
    request = provider_pb2.CreateRequest(urn=urn(token), properties=to_struct(inputs), preview=preview)
    answer = plugin.create(request)
    return answer.id, from_struct(answer.properties)


def diff(
    plugin: Plugin,
    token: str,
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    *,
    outputs: Mapping[str, Any] | None = None,
) -> provider_pb2.DiffResponse:
    known: dict[str, Any] = {**old, "tagsAll": {}, **(outputs or {})}
    request = provider_pb2.DiffRequest(
        urn=urn(token), olds=to_struct(known), old_inputs=to_struct(old), news=to_struct(new)
    )
    return plugin.diff(request)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "world.db")
    seed(made)
    yield made
    made.close()


@pytest.fixture
def plugin(world: World) -> Plugin:
    return configured(world)


# Configure


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (settings(external_id="wrong"), "AccessDenied"),
        (settings("999999999999"), "AccessDenied"),
        (to_struct({"region": REGION}), "InvalidClientTokenId"),
        (
            to_struct(
                {
                    "allowedAccountIds": f'["{OTHER}"]',
                    "assumeRoles": f'[{{"roleArn": "arn:aws:iam::{ACCOUNT}:role/deployer"}}]',
                }
            ),
            "AccountNotAllowed",
        ),
    ],
)
def test_configure_refuses_what_aws_refuses(world: World, given: Struct, code: str) -> None:
    with pytest.raises(Refusal, match=code):
        Plugin(world).configure(provider_pb2.ConfigureRequest(args=given))


def test_the_native_provider_names_its_role_and_itself_otherwise(world: World) -> None:
    native = Plugin(world, package="aws-native")
    assert native.get_plugin_info(empty_pb2.Empty()).version == version("pulumi-aws-native")
    role = f'{{"roleArn": "arn:aws:iam::{ACCOUNT}:role/deployer", "externalId": "wrong"}}'
    given = {"region": REGION, "allowedAccountIds": f'["{ACCOUNT}"]', "assumeRole": role}
    with pytest.raises(Refusal, match="AccessDenied"):
        native.configure(provider_pb2.ConfigureRequest(args=to_struct(given)))
    given["assumeRole"] = role.replace("wrong", EXTERNAL_ID)
    assert native.configure(provider_pb2.ConfigureRequest(args=to_struct(given))).acceptSecrets


def test_nothing_is_answered_before_configure(world: World) -> None:
    with pytest.raises(Refusal, match="not configured"):
        create(Plugin(world), BUCKET, bucket="data-of-tests")
    assert world.bucket("data-of-tests") is None


@pytest.mark.parametrize(
    ("new", "differs", "replaces"),
    [
        (settings(), [], []),
        (settings(tags='{"a": "b"}'), ["defaultTags"], []),
        (settings(OTHER), ["allowedAccountIds", "assumeRoles"], []),
        (settings(region="eu-central-1"), ["region"], ["region"]),
    ],
)
def test_only_another_region_replaces_what_a_provider_made(
    plugin: Plugin, new: Struct, differs: list[str], replaces: list[str]
) -> None:
    answer = plugin.diff_config(provider_pb2.DiffRequest(old_inputs=settings(), news=new))
    assert (list(answer.diffs), list(answer.replaces)) == (differs, replaces)


# Check and Diff


def check(plugin: Plugin, seed_bytes: bytes, old: Mapping[str, Any] | None = None, **inputs: object) -> dict[str, Any]:
    request = provider_pb2.CheckRequest(
        urn=urn(GROUP), olds=to_struct(old or {}), news=to_struct(inputs), randomSeed=seed_bytes
    )
    return from_struct(plugin.check(request).inputs)


def test_check_names_what_has_no_name(plugin: Plugin) -> None:
    name = check(plugin, b"1")["name"]
    assert is_auto_named("thing", name)
    assert check(plugin, b"1")["name"] == name
    assert check(plugin, b"2", {"name": "thing-old"})["name"] == "thing-old"
    assert check(plugin, b"2")["name"] != name, "a replacement, which is checked without the old inputs, has another"
    assert check(plugin, b"1", name="given") == {"name": "given"}


@pytest.mark.parametrize(
    ("token", "old", "new", "changed", "replaces", "old_first"),
    [
        (BUCKET, {"bucket": "a"}, {"bucket": "a"}, [], [], False),
        (BUCKET, {"bucket": "a"}, {"bucket": "a", "forceDestroy": True}, ["forceDestroy"], [], False),
        (BUCKET, {"bucket": "a"}, {"bucket": "b"}, ["bucket"], ["bucket"], False),
        (BUCKET, {"bucket": "a", "tags": {"a": "b"}}, {"bucket": "a"}, ["tags"], [], False),
        (SUBNET, {"vpcId": "vpc-1"}, {"vpcId": UNKNOWN}, ["vpcId"], ["vpcId"], False),
        (
            GROUP,
            {"name": "given", "description": "a"},
            {"name": "given", "description": "b"},
            ["description"],
            ["description"],
            True,
        ),
        (
            GROUP,
            {"name": "thing-0123456", "description": "a"},
            {"name": "thing-0123456", "description": "b"},
            ["description"],
            ["description"],
            False,
        ),
    ],
)
def test_diff_says_what_replaces(
    plugin: Plugin,
    token: str,
    old: dict[str, Any],
    new: dict[str, Any],
    changed: list[str],
    replaces: list[str],
    old_first: bool,
) -> None:
    answer = diff(plugin, token, old, new)
    assert (list(answer.diffs), list(answer.replaces)) == (changed, replaces)
    assert answer.deleteBeforeReplace is old_first
    some = provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE
    assert answer.changes == some


def test_diff_counts_the_providers_default_tags(world: World) -> None:
    plugin = configured(world, tags='{"owner": "us"}')
    same, other = {"tagsAll": {"owner": "us"}}, {"tagsAll": {"owner": "them"}}
    assert list(diff(plugin, BUCKET, {"bucket": "a"}, {"bucket": "a"}, outputs=same).diffs) == []
    assert list(diff(plugin, BUCKET, {"bucket": "a"}, {"bucket": "a"}, outputs=other).diffs) == ["tagsAll"]


# Create, Read, Update, Delete


def test_a_preview_makes_nothing_and_knows_only_the_inputs(plugin: Plugin, world: World) -> None:
    made, outputs = create(plugin, BUCKET, preview=True, bucket="data-of-tests", tags=UNKNOWN)
    assert (made, outputs) == ("", {"bucket": "data-of-tests", "tags": UNKNOWN, "tagsAll": UNKNOWN})
    assert world.bucket("data-of-tests") is None


def test_create_makes_a_thing_with_outputs(world: World) -> None:
    made, outputs = create(configured(world, tags='{"owner": "us"}'), BUCKET, bucket="data-of-tests", tags={"a": "b"})
    assert made == outputs["id"] == "data-of-tests"
    assert outputs["arn"] == "arn:aws:s3:::data-of-tests"
    assert outputs["tagsAll"] == {"owner": "us", "a": "b"}


def test_a_refused_create_changes_nothing(plugin: Plugin, world: World) -> None:
    create(plugin, BUCKET, bucket="data-of-tests")
    with pytest.raises(Refusal, match="BucketAlreadyOwnedByYou"):
        create(plugin, BUCKET, bucket="data-of-tests", forceDestroy=True)
    assert [thing.inputs for thing in world.things(ACCOUNT, REGION, BUCKET)] == [{"bucket": "data-of-tests"}]


def test_secrets_stay_secret_and_the_world_holds_them_plain(plugin: Plugin, world: World) -> None:
    _, outputs = create(plugin, VPC, cidrBlock="10.0.0.0/16", tags={"a": SECRET_TEXT})
    assert outputs["tags"] == outputs["tagsAll"] == {"a": SECRET_TEXT}
    (thing,) = world.things(ACCOUNT, REGION, VPC)
    assert thing.inputs["tags"] == {"a": "hush"}
    request = provider_pb2.ReadRequest(
        urn=urn(VPC), id=thing.id, inputs=to_struct({"tags": {"a": SECRET_TEXT}}), properties=to_struct(outputs)
    )
    answer = plugin.read(request)
    assert from_struct(answer.inputs)["tags"] == {"a": SECRET_TEXT}
    assert from_struct(answer.properties) == outputs


def test_read_tells_what_is_there_now(plugin: Plugin, world: World) -> None:
    made, _ = create(plugin, VPC, cidrBlock="10.0.0.0/16")
    request = provider_pb2.ReadRequest(urn=urn(VPC), id=made)
    assert from_struct(plugin.read(request).inputs) == {"cidrBlock": "10.0.0.0/16"}
    (thing,) = world.things(ACCOUNT, REGION, VPC)
    thing.inputs["enableDnsHostnames"] = True
    world.put(thing)
    assert from_struct(plugin.read(request).inputs)["enableDnsHostnames"] is True
    world.remove(thing)
    assert plugin.read(request).id == ""


def test_update_keeps_the_thing(plugin: Plugin, world: World) -> None:
    made, outputs = create(plugin, VPC, cidrBlock="10.0.0.0/16")
    news = to_struct({"cidrBlock": "10.0.0.0/16", "enableDnsHostnames": True})
    request = provider_pb2.UpdateRequest(urn=urn(VPC), id=made, olds=to_struct(outputs), news=news, preview=True)
    assert from_struct(plugin.update(request).properties)["arn"] == outputs["arn"], "a preview knows the old outputs"
    assert "enableDnsHostnames" not in next(world.things(ACCOUNT, REGION, VPC)).inputs
    request.preview = False
    assert from_struct(plugin.update(request).properties)["id"] == made
    assert next(world.things(ACCOUNT, REGION, VPC)).inputs["enableDnsHostnames"] is True
    request.id = "vpc-gone"
    with pytest.raises(Refusal, match="ResourceNotFoundException"):
        plugin.update(request)


def test_delete_takes_no_notice_of_what_is_gone_and_refuses_what_is_used(plugin: Plugin, world: World) -> None:
    made, _ = create(plugin, VPC, cidrBlock="10.0.0.0/16")
    subnet, _ = create(plugin, SUBNET, vpcId=made, cidrBlock="10.0.0.0/24", availabilityZone="eu-west-1a")
    with pytest.raises(Refusal, match="DependencyViolation"):
        plugin.delete(provider_pb2.DeleteRequest(urn=urn(VPC), id=made))
    for _ in range(2):
        plugin.delete(provider_pb2.DeleteRequest(urn=urn(SUBNET), id=subnet))
    plugin.delete(provider_pb2.DeleteRequest(urn=urn(VPC), id=made))
    assert not list(world.counts())


# Over the wire


def _calls(channel: grpc.Channel) -> Any:  # noqa: ANN401
    """The protocol's methods; Pulumi's own types of them are incomplete."""
    return provider_pb2_grpc.ResourceProviderStub(channel)


@contextmanager
def stub(plugin: Plugin, times: TextIO | None = None) -> Generator[Any]:
    server, port = serve(plugin, times=times)
    channel = grpc.insecure_channel(f"127.0.0.1:{port}")
    try:
        yield _calls(channel)
    finally:
        channel.close()
        server.stop(None).wait()


def _error(call: Any, request: Message) -> tuple[grpc.StatusCode, str]:  # noqa: ANN401
    with pytest.raises(grpc.RpcError) as caught:
        call(request)
    error: Any = caught.value
    return error.code(), error.details()


def test_a_refusal_is_awss_message_and_no_traceback(plugin: Plugin) -> None:
    times = io.StringIO()
    with stub(plugin, times) as calls:
        wrong = provider_pb2.CreateRequest(urn=urn(BUCKET), properties=to_struct({"bucket": "Not_A_Bucket"}))
        assert _error(calls.Create, wrong) == (
            grpc.StatusCode.UNKNOWN,
            "InvalidBucketName: The specified bucket is not valid: Not_A_Bucket",
        )
        code, text = _error(calls.Check, provider_pb2.CheckRequest(urn=urn("aws:sqs/queue:Queue")))
        assert (code, "aws:sqs/queue:Queue" in text) == (grpc.StatusCode.UNKNOWN, True)
        assert _error(calls.Handshake, provider_pb2.ProviderHandshakeRequest())[0] is grpc.StatusCode.UNIMPLEMENTED
        assert _error(calls.Attach, plugin_pb2.PluginAttach())[0] is grpc.StatusCode.UNIMPLEMENTED
    noted = [line.split() for line in times.getvalue().splitlines()]
    assert [name for name, _ in noted] == ["Create", "Check"]
    assert all(0 < float(seconds) < 1 for _, seconds in noted)


def test_a_look_up_that_aws_refuses_is_a_failure_of_the_look_up(plugin: Plugin) -> None:
    with stub(plugin) as calls:
        token = "aws:ec2/getVpcEndpointService:getVpcEndpointService"
        request = provider_pb2.InvokeRequest(tok=token, args=to_struct({"serviceName": "nope"}))
        (failure,) = calls.Invoke(request).failures
        assert failure.reason.startswith("InvalidServiceName: ")
        request = provider_pb2.InvokeRequest(tok="aws:index/getAvailabilityZones:getAvailabilityZones")
        found = from_struct(getattr(calls.Invoke(request), "return"))
        assert found["names"][0] == "eu-west-1a"


def test_a_taken_address_is_one_message(world: World, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    del world
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        given = ["pulumi-resource-aws", "--world", str(tmp_path / "world.db"), "--address", address]
        before = sys.argv, signal.getsignal(signal.SIGINT)
        try:
            sys.argv = given
            assert main() == 2
        finally:
            sys.argv = before[0]
            signal.signal(signal.SIGINT, before[1])
    assert f"error: {address} cannot be listened on" in capsys.readouterr().err


def _spawn(world: Path, *arguments: str) -> tuple[subprocess.Popen[str], int]:
    process = subprocess.Popen(  # noqa: S603 - our own plugin
        [sys.executable, "-m", "sandbox.plugin", "--world", str(world), *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, int(process.stdout.readline())


def test_faults_count_the_changes_of_all_plugins_and_end_one(world: World, tmp_path: Path) -> None:
    """Plugins in processes of their own: the third change in either ends the one that was to make it, and no preview counts."""
    faults = ["--faults", Faults(crash_after=2).to_json()]
    processes = [_spawn(tmp_path / "world.db", *faults) for _ in range(2)]
    channels = [grpc.insecure_channel(f"127.0.0.1:{port}") for _, port in processes]
    try:
        for channel, account in zip(channels, (ACCOUNT, OTHER), strict=True):
            calls = _calls(channel)
            calls.Configure(provider_pb2.ConfigureRequest(args=settings(account)))
            create = provider_pb2.CreateRequest(
                urn=urn(BUCKET), properties=to_struct({"bucket": f"data-of-{account}"}), preview=True
            )
            calls.Create(create)
            create.preview = False
            calls.Create(create)
        delete = provider_pb2.DeleteRequest(urn=urn(BUCKET), id=f"data-of-{ACCOUNT}")
        broken = (grpc.StatusCode.UNAVAILABLE, "broken off after 2 changes, as asked for")
        assert _error(_calls(channels[0]).Delete, delete) == broken
        assert processes[0][0].wait(timeout=10) == 1
        assert processes[1][0].poll() is None
        world.catch_up()
        assert sum(number for _, _, number in world.counts()) == 2
    finally:
        for channel in channels:
            channel.close()
        for process, _ in processes:
            process.kill()
            process.communicate(timeout=10)


def test_two_processes_work_in_one_world(world: World, tmp_path: Path) -> None:
    processes = [_spawn(tmp_path / "world.db") for _ in range(2)]
    try:
        ours, theirs = (_calls(grpc.insecure_channel(f"127.0.0.1:{port}")) for _, port in processes)
        for calls, account in ((ours, ACCOUNT), (theirs, OTHER)):
            calls.Configure(provider_pb2.ConfigureRequest(args=settings(account)))
        for index in range(20):
            name = f"data-of-tests-{index}"
            request = provider_pb2.CreateRequest(urn=urn(BUCKET), properties=to_struct({"bucket": name}))
            first, second = (ours, theirs) if index % 2 else (theirs, ours)
            first.Create(request)
            assert _error(second.Create, request)[1].startswith("BucketAlreadyExists: ")
            if index < 2:
                first.Delete(provider_pb2.DeleteRequest(urn=urn(BUCKET), id=name))
                second.Create(request)
        world.catch_up()
        assert sum(number for _, _, number in world.counts()) == 20
        read = provider_pb2.ReadRequest(urn=urn(BUCKET), id="data-of-tests-3")
        assert theirs.Read(read).id == "" != ours.Read(read).id, "it is the first one's"
        (thing,) = [thing for thing in world.things(ACCOUNT, REGION, BUCKET) if thing.id == read.id]
        with world.transaction():
            world.remove(thing)
        assert ours.Read(read).id == ""
    finally:
        for process, _ in processes:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=10)
    assert [process.returncode for process, _ in processes] == [-signal.SIGINT, -signal.SIGINT]


# Under the engine

BEFORE = """
s3.Bucket("changed", bucket="changed-of-tests", opts=opts())
s3.Bucket("renamed", bucket="renamed-of-tests", opts=opts())
s3.Bucket("gone", bucket="gone-of-tests", opts=opts())
s3.Bucket("same", bucket="same-of-tests", opts=opts())
s3.Bucket("old-name", bucket="aliased-of-tests", opts=opts())
net = ec2.Vpc("net", cidr_block="10.0.0.0/16", opts=opts())
ec2.Subnet("sub", vpc_id=net.id, cidr_block="10.0.0.0/24", opts=opts())
ec2.SecurityGroup("named", name="group-of-tests", description="one", opts=opts())
ec2.SecurityGroup("unnamed", description="one", opts=opts())
second = provider("second", "222222222222", tags={"owner": "a"})
s3.Bucket("tagged", bucket="tagged-of-tests", opts=ResourceOptions(provider=second))
s3.Bucket("retained", bucket="retained-of-tests", opts=opts(retain_on_delete=True))
s3.Bucket("kept", bucket="kept-of-tests", opts=opts(protect=True))
ec2.Vpc("secret", cidr_block="10.0.0.0/16", tags={"a": pulumi.Output.secret("hush")}, opts=opts())
"""
AFTER = """
s3.Bucket("changed", bucket="changed-of-tests", force_destroy=True, opts=opts())
s3.Bucket("renamed", bucket="other-of-tests", opts=opts())
s3.Bucket("same", bucket="same-of-tests", opts=opts())
s3.Bucket("new-name", bucket="aliased-of-tests", opts=opts(aliases=[pulumi.Alias(name="old-name")]))
s3.Bucket("new", bucket="new-of-tests", opts=opts())
net = ec2.Vpc("net", cidr_block="10.0.0.0/17", opts=opts())
ec2.Subnet("sub", vpc_id=net.id, cidr_block="10.0.0.0/24", opts=opts())
ec2.SecurityGroup("named", name="group-of-tests", description="two", opts=opts())
ec2.SecurityGroup("unnamed", description="two", opts=opts())
second = provider("second", "222222222222", tags={"owner": "b"})
s3.Bucket("tagged", bucket="tagged-of-tests", opts=ResourceOptions(provider=second))
s3.Bucket("kept", bucket="kept-of-tests", opts=opts(protect=True))
ec2.Vpc("secret", cidr_block="10.0.0.0/16", tags={"a": pulumi.Output.secret("hush")}, opts=opts())
"""
CHANGES = [
    ("create", "new"),
    ("delete", "gone"),
    ("delete", "retained"),
    ("replace", "named"),
    ("replace", "net"),
    ("replace", "renamed"),
    ("replace", "sub"),
    ("replace", "unnamed"),
    ("update", "changed"),
    ("update", "tagged"),
]


def rows(result: Result) -> set[tuple[object, ...]]:
    """What a plan's table shows, what stays as it is, and what stays behind in another account."""
    return {
        (step.op.value, step.account, step.token, step.name, step.changed, step.left)
        for step in result.steps
        if step.op in (*PLANNED, StepOp.SAME)
    }


@pytest.fixture
def engine_stack(tmp_path: Path) -> EngineStack:
    return EngineStack(tmp_path / "engine")


@pytest.mark.engine
def test_the_engine_takes_the_steps_of_the_in_process_one(engine_stack: EngineStack, stack: Stack) -> None:
    assert not refusals(engine_stack.up(BEFORE))
    assert not refusals(stack.up(BEFORE))
    plan, done = engine_stack.preview(AFTER), engine_stack.up(AFTER)
    assert sorted(steps(plan)) == sorted(steps(done)) == CHANGES
    assert not refusals(done)
    assert rows(plan) == rows(stack.preview(AFTER))
    assert engine_stack.things() - engine_stack.custom() == {(BUCKET, "retained-of-tests")}
    (secret,) = [state for state in engine_stack.resources() if str(state["urn"]).endswith("::secret")]
    for values in (secret["inputs"], secret["outputs"]):
        assert values["tags"] == {"a": {SIGNATURE: SECRET, "plaintext": '"hush"'}}
    assert steps(engine_stack.preview(AFTER)) == []
    assert refusals(engine_stack.preview("")) == [
        "kept is protected and would be deleted. Set mlops:protection to false and run again first"
    ]


NATIVE = """
import json
import pulumi_aws_native as native
from pulumi_aws import iam, lambda_
from pulumi_aws_native import cloudformation

pathlib.Path(__file__).with_name("index.py").write_text("")


def role(name, service):
    trust = {{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {{"Service": service}}}}
    return iam.Role(name, name=name, assume_role_policy=json.dumps({{"Version": "2012-10-17", "Statement": [trust]}}), opts=opts())


function = lambda_.Function(
    "function",
    name="function",
    runtime="python3.13",
    handler="index.handler",
    role=role("function", "lambda.amazonaws.com").arn,
    code=pulumi.AssetArchive({{"index.py": pulumi.FileAsset("index.py"), "text": pulumi.StringAsset("{text}")}}),
    source_code_hash="{text}",
    opts=opts(),
)
deployer = native.ProviderAssumeRoleArgs(role_arn="arn:aws:iam::{account}:role/deployer", external_id="external-id")
cloudformation.LambdaHook(
    "hook",
    alias="{alias}",
    execution_role=role("hook", "hooks.cloudformation.amazonaws.com").arn,
    failure_mode="{mode}",
    hook_status="ENABLED",
    lambda_function=function.arn,
    target_operations=["STACK"],
    opts=ResourceOptions(
        provider=native.Provider("main", region="{region}", allowed_account_ids=["{account}"], assume_role=deployer)
    ),
)
"""


@pytest.mark.engine
def test_a_native_resource_and_an_archive_are_as_in_process(engine_stack: EngineStack, stack: Stack) -> None:
    first = {"account": ACCOUNT, "region": REGION, "alias": "Our::Tests::Hook", "mode": "WARN", "text": "one"}
    for change, expected in (
        ({}, [("create", name) for name in ("function", "function", "hook", "hook")]),
        ({}, []),
        ({"text": "two"}, [("update", "function")]),
        ({"mode": "FAIL"}, [("update", "function"), ("update", "hook")]),
        ({"alias": "Our::Other::Hook"}, [("replace", "hook")]),
    ):
        program = NATIVE.format_map({**first, **change})
        done, same = engine_stack.up(program), stack.up(program)
        assert refusals(done) == refusals(same) == []
        assert rows(done) == rows(same)
        assert [step for step in sorted(steps(done)) if step[1] in ("function", "hook")] == expected, change
    # The native provider stays itself in another region; what it made does not move along.
    elsewhere = NATIVE.format_map({**first, "alias": "Our::Other::Hook", "region": "us-east-1"})
    assert steps(engine_stack.preview(elsewhere)) == steps(stack.preview(elsewhere)) == []
    refused = NATIVE.format_map({**first, "alias": "AWS::Tests::Hook"})
    assert refusals(engine_stack.up(refused)) == refusals(stack.up(refused))


SEVERAL_ACCOUNTS = """
p = provider("{name}", "{account}", region="{region}")
ec2.Vpc("same", cidr_block="10.0.0.0/16", opts=ResourceOptions(provider=p))
ec2.Vpc("replaced", cidr_block="{block}", opts=ResourceOptions(provider=p))
{more}
"""
MORE = 'ec2.Vpc("gone", cidr_block="10.0.0.0/16", opts=ResourceOptions(provider=p))'


MOVES: list[tuple[dict[str, str], list[str]]] = [
    ({"account": OTHER}, ["gone", "replaced", "same"]),
    ({"account": OTHER, "name": "q"}, ["same"]),
    ({"account": OTHER, "region": "eu-west-2"}, []),
    ({"name": "q", "region": "eu-west-2"}, []),
    ({"name": "q"}, []),
]


@pytest.mark.engine
def test_a_provider_moves_as_in_process(engine_stack: EngineStack, stack: Stack) -> None:
    first = {"name": "p", "account": ACCOUNT, "region": REGION, "block": "10.0.0.0/16", "more": MORE}
    before = SEVERAL_ACCOUNTS.format_map(first)
    engine_stack.up(before)
    stack.up(before)
    for change, left in MOVES:
        after = SEVERAL_ACCOUNTS.format_map({**first, "block": "10.1.0.0/16", "more": "", **change})
        plan = engine_stack.preview(after)
        assert rows(plan) == rows(stack.preview(after))
        assert sorted(step.name for step in plan.steps if step.left) == left
        assert all((step.left, step.account) == (ACCOUNT, OTHER) for step in plan.steps if step.left)
    moved = SEVERAL_ACCOUNTS.format_map({**first, "account": OTHER})
    assert rows(engine_stack.up(moved)) == rows(stack.up(moved))
    with engine_stack.world() as world:
        assert len(list(world.things(ACCOUNT, REGION, VPC))) == 3
        assert not list(world.things(OTHER, REGION, VPC))


@pytest.mark.engine
@pytest.mark.parametrize("first", ["", "group-of-tests"])
def test_a_refused_replacement_is_no_step_as_in_process(engine_stack: EngineStack, stack: Stack, first: str) -> None:
    """Refused when the new thing is to be made: beside the old one, and where the old one went first."""
    name = f'name="{first}", ' if first else ""
    group = f'ec2.SecurityGroup("group", {name}description="{{text}}", opts=opts())'
    engine_stack.up(group.format(text="one"))
    stack.up(group.format(text="one"))
    done, same = engine_stack.up(group.format(text="one?")), stack.up(group.format(text="one?"))
    assert refusals(done) == refusals(same)
    assert len(refusals(done)) == 1
    assert rows(done) == rows(same)
    assert steps(done) == []


@pytest.mark.engine
def test_refresh_import_and_destroy(engine_stack: EngineStack) -> None:
    program = """
s3.Bucket("data", bucket="data-of-tests", opts=opts())
net = ec2.Vpc("net", cidr_block="10.0.0.0/16", opts=opts())
"""
    engine_stack.up(program)
    with engine_stack.world() as world, world.transaction():
        (bucket,) = world.things(ACCOUNT, REGION, BUCKET)
        world.remove(bucket)
        (net,) = world.things(ACCOUNT, REGION, VPC)
        net.inputs["enableDnsHostnames"] = True
        world.put(net)
        world.seed(account=ACCOUNT, region=REGION, token=BUCKET, id="old-of-tests", inputs={"bucket": "old-of-tests"})
    engine_stack.run(program, "refresh", "--yes", "--skip-preview")
    assert engine_stack.custom() == {(VPC, net.id)}
    (state,) = [state for state in engine_stack.resources() if state["type"] == VPC]
    assert state["inputs"]["enableDnsHostnames"] is True

    imported = program + 's3.Bucket("old", bucket="old-of-tests", opts=opts(import_="old-of-tests"))\n'
    result = engine_stack.up(imported)
    assert sorted(steps(result)) == [("create", "data"), ("create", "old"), ("update", "net")]
    assert (BUCKET, "old-of-tests") in engine_stack.custom()
    assert not refusals(engine_stack.run(imported, "destroy", "--yes", "--skip-preview"))
    assert engine_stack.custom() == engine_stack.things() == set()


@pytest.mark.engine
def test_what_aws_refuses_stops_the_engine_with_awss_message(engine_stack: EngineStack) -> None:
    program = """
second = provider("second", "222222222222")
net = ec2.Vpc("net", cidr_block="10.0.0.0/16", opts=ResourceOptions(provider=second))
first = s3.Bucket("first", bucket="data-of-tests", opts=opts())
s3.Bucket("{name}", bucket="{bucket}", opts=ResourceOptions(provider=second, depends_on=[first, net]))
"""
    refused = engine_stack.up(program.format(name="taken", bucket="data-of-tests"))
    (failure,) = refused.failures
    assert failure.account == OTHER
    assert failure.message.startswith("BucketAlreadyExists: The requested bucket name is not available")
    assert sorted(steps(refused)) == [("create", "first"), ("create", "net")]
    assert engine_stack.things() == engine_stack.custom()
    again = engine_stack.up(program.format(name="taken", bucket="other-of-tests"))
    assert (steps(again), refusals(again)) == ([("create", "taken")], [])


def test_a_plugin_ends_with_its_engine(tmp_path: Path) -> None:
    """An engine that is killed has no time to end its plugins."""
    script = f"""
import subprocess, sys
plugin = subprocess.Popen([sys.executable, "-m", "sandbox.plugin", "--world", {str(tmp_path / "world.db")!r}],
    stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
plugin.stdout.readline()
print(plugin.pid)
"""
    engine = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    deadline = time.monotonic() + 20
    while Path(f"/proc/{int(engine.stdout)}").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not Path(f"/proc/{int(engine.stdout)}").exists()
