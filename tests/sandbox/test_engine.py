"""The in-process engine takes the steps that Pulumi's engine takes."""

import gc
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.deployment import SECRET, SIGNATURE
from sandbox.engine import Step, StepOp
from tests.sandbox.programs import ACCOUNT, OTHER, REGION, Stack, refusals, steps

ROOT = Path(__file__).resolve().parents[2]
VPC, GROUP = "aws:ec2/vpc:Vpc", "aws:ec2/securityGroup:SecurityGroup"


def bucket(name: str = "data", physical: str = "data-of-tests", options: str = "", more: str = "") -> str:
    return f's3.Bucket("{name}", bucket="{physical}", {more} opts=opts({options}))\n'


def network(block: str = "10.0.0.0/16", subnet: str = "10.0.0.0/24", options: str = "", more: str = "") -> str:
    return (
        f'net = ec2.Vpc("net", cidr_block="{block}", {more} opts=opts({options}))\n'
        f'ec2.Subnet("sub", vpc_id=net.id, cidr_block="{subnet}", opts=opts())\n'
    )


def group(name: str, description: str) -> str:
    return f'ec2.SecurityGroup("group", name="{name}", description="{description}", opts=opts())\n'


def files(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


# What a change of the program does


def test_a_second_run_changes_nothing(stack: Stack) -> None:
    program = bucket() + network()
    assert steps(stack.up(program)) == [("create", "data"), ("create", "net"), ("create", "sub")]
    before = stack.things()
    second = stack.up(program)
    assert not refusals(second)
    assert steps(second) == []
    assert stack.things() == before == stack.custom()


@pytest.mark.parametrize(
    ("before", "after", "planned"),
    [
        (bucket(), bucket(more="force_destroy=True,"), [("update", "data")]),
        (bucket(), bucket(more='tags={"a": "b"},'), [("update", "data")]),
        (bucket(), bucket(physical="other-of-tests"), [("replace", "data")]),
        (bucket(), "", [("delete", "data")]),
        (bucket(), bucket() + bucket("more", "more-of-tests"), [("create", "more")]),
        (network(), network(more="enable_dns_hostnames=True,"), [("update", "net")]),
        (network(), network(block="10.0.0.0/17"), [("replace", "net"), ("replace", "sub")]),
        (network(), "", [("delete", "sub"), ("delete", "net")]),
        (group("a", "one"), group("a", "two"), [("replace", "group")]),
        (group("a", "one"), group("b", "one"), [("replace", "group")]),
        (bucket(), bucket(options="protect=True"), []),
    ],
)
def test_preview_and_up_take_the_same_steps(
    stack: Stack, before: str, after: str, planned: list[tuple[str, str]]
) -> None:
    stack.up(before)
    plan, done = stack.preview(after), stack.up(after)
    assert steps(plan) == planned
    assert steps(done) == planned
    assert not refusals(plan)
    assert not refusals(done)
    assert stack.things() == stack.custom()
    assert steps(stack.up(after)) == []


def test_a_step_names_the_inputs_that_changed(stack: Stack) -> None:
    stack.up(network())
    changed = {step.name: step.changed for step in stack.preview(network(more="enable_dns_hostnames=True,")).steps}
    assert changed["net"] == ("enableDnsHostnames",)
    assert changed["sub"] == ()


def test_default_tags_of_the_provider_are_a_change_of_what_it_made(stack: Stack) -> None:
    def tagged(value: str) -> str:
        return f"""
            tagged = provider("tagged", "{ACCOUNT}", tags={{"owner": "{value}"}})
            s3.Bucket("data", bucket="data-of-tests", opts=ResourceOptions(provider=tagged))
        """

    stack.up(tagged("a"))
    assert stack.resource("data")["outputs"]["tagsAll"] == {"owner": "a"}
    assert steps(stack.up(tagged("b")))[-1] == ("update", "data")
    assert stack.resource("data")["outputs"]["tagsAll"] == {"owner": "b"}


def test_a_new_name_is_created_before_the_old_thing_goes(stack: Stack) -> None:
    stack.up(bucket())
    seen: list[tuple[str, bool]] = []

    def look(step: Step) -> None:
        if step.name == "data":
            seen.append((step.op.value, stack.world.bucket("data-of-tests") is not None))

    stack.on_step = look
    stack.up(bucket(physical="other-of-tests"))
    assert seen == [("replace", True), ("delete-replaced", False)]


def test_replaced_things_go_when_everything_new_is_there_dependents_first(stack: Stack) -> None:
    stack.up(network())
    for result in (stack.preview(network(block="10.0.0.0/17")), stack.up(network(block="10.0.0.0/17"))):
        assert steps(result, *StepOp)[-4:] == [
            ("replace", "net"),
            ("replace", "sub"),
            ("delete-replaced", "sub"),
            ("delete-replaced", "net"),
        ]


def test_the_old_thing_goes_first_where_two_cannot_have_one_name(stack: Stack) -> None:
    stack.up(group("same", "one"))
    result = stack.up(group("same", "two"))
    assert not refusals(result)
    (left,) = stack.world.things(ACCOUNT, REGION, GROUP)
    assert left.inputs["description"] == "two"


def test_a_replacement_that_is_refused_leaves_the_old_thing(stack: Stack) -> None:
    stack.up(group("old", "one"))
    before = stack.things()
    assert refusals(stack.up(group("new", "it's refused")))
    assert stack.things() == before == stack.custom()
    assert steps(stack.up(group("new", "two"))) == [("replace", "group")]
    assert stack.things() == stack.custom()


@pytest.mark.parametrize(("then", "planned"), [(group("same", "two"), [("replace", "group")]), ("", [])])
def test_where_the_old_thing_had_to_go_first_a_refused_replacement_is_made_by_the_next_run(
    stack: Stack, then: str, planned: list[tuple[str, str]]
) -> None:
    stack.up(group("same", "one"))
    assert refusals(stack.up(group("same", "it's refused")))
    assert stack.resource("group")["pendingReplacement"] is True
    assert stack.things() == set()
    assert steps(stack.preview(then)) == steps(stack.up(then)) == planned
    assert stack.things() == stack.custom()
    assert len(stack.things()) == len(planned)


def test_what_cannot_be_without_a_thing_goes_and_comes_with_it(stack: Stack) -> None:
    def guarded(description: str) -> str:
        return f"""
            group = ec2.SecurityGroup("group", name="same", description="{description}", opts=opts())
            aws.vpc.SecurityGroupIngressRule(
                "rule", security_group_id=group.id, ip_protocol="-1", cidr_ipv4="10.0.0.0/8", opts=opts()
            )
        """

    stack.up(guarded("one"))
    plan, done = stack.preview(guarded("two")), stack.up(guarded("two"))
    assert steps(plan, *StepOp)[-2:] == steps(done, *StepOp)[-2:] == [("replace", "group"), ("replace", "rule")]
    assert not refusals(done)
    assert stack.things() == stack.custom()
    assert len(stack.things()) == 2


def test_what_keeps_a_thing_from_going_goes_before_it(stack: Stack) -> None:
    def role(path: str) -> str:
        trust = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": "*"}]}'
        policy = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}'
        return f"""
            role = aws.iam.Role("role", name="same", path="{path}", assume_role_policy='{trust}', opts=opts())
            aws.iam.RolePolicy("policy", name="same", role=role.name, policy='{policy}', opts=opts())
        """

    stack.up(role("/one/"))
    result = stack.up(role("/two/"))
    assert not refusals(result)
    assert steps(result) == [("replace", "role"), ("replace", "policy")]
    assert stack.things() == stack.custom()


def test_delete_is_newest_first(stack: Stack) -> None:
    stack.up("".join(bucket(name, f"{name}-of-tests") for name in ("one", "two", "three")))
    assert steps(stack.up("")) == [("delete", "three"), ("delete", "two"), ("delete", "one")]
    assert stack.things() == set()


def test_what_another_account_uses_is_made_there(stack: Stack) -> None:
    stack.up(
        f's3.Bucket("data", bucket="data-of-tests", opts=ResourceOptions(provider=provider("other", "{OTHER}")))\n'
    )
    made = stack.world.bucket("data-of-tests")
    assert made is not None
    assert made.account == OTHER


MOVES = [
    # Another provider, or the same in another account.
    ('p = provider("p{account}", "{account}")', 'ec2.Vpc("net", cidr_block="10.0.0.0/16", opts=ResourceOptions(provider=p))'),
    ('p = provider("p", "{account}")', 'ec2.Vpc("net", cidr_block="10.0.0.0/16", opts=ResourceOptions(provider=p))'),
]  # fmt: skip


@pytest.mark.parametrize(("where", "thing"), MOVES)
def test_a_thing_whose_provider_moves_to_another_account_stays_behind(stack: Stack, where: str, thing: str) -> None:
    before, after = (f"{where.format(account=account)}\n{thing}" for account in (ACCOUNT, OTHER))
    stack.up(before)
    plan, done = stack.preview(after), stack.up(after)
    for result in (plan, done):
        assert steps(result) == []
        assert [(step.name, step.left, step.account) for step in result.steps if step.left] == [("net", ACCOUNT, OTHER)]
    assert len(list(stack.world.things(ACCOUNT, REGION, VPC))) == 1
    assert [step.left for step in stack.up(after).steps if step.left] == []


def test_what_a_moved_provider_no_longer_finds_is_forgotten(stack: Stack) -> None:
    def at(account: str, thing: str) -> str:
        return f'p = provider("p", "{account}")\n{thing}'

    thing = 'ec2.Vpc("net", cidr_block="10.0.0.0/16", opts=ResourceOptions(provider=p))'
    stack.up(at(ACCOUNT, thing))
    replaced = stack.preview(at(OTHER, thing.replace("10.0", "10.1")))
    assert [(step.op, step.left, step.account) for step in replaced.steps if step.left] == [
        (StepOp.REPLACE, ACCOUNT, OTHER)
    ]
    changed = stack.up(at(OTHER, thing.replace("opts", "tags={'a': 'b'}, opts")))
    assert [failure.split(":")[0] for failure in refusals(changed)] == ["ResourceNotFoundException"]
    gone = stack.up(at(OTHER, ""))
    assert steps(gone) == [("delete", "net")]
    assert len(list(stack.world.things(ACCOUNT, REGION, VPC))) == 1


def test_another_region_replaces_a_provider_and_what_it_made(stack: Stack) -> None:
    def at(region: str) -> str:
        return f"""
            moved = provider("moved", "{ACCOUNT}", region="{region}")
            ec2.Vpc("net", cidr_block="10.0.0.0/16", opts=ResourceOptions(provider=moved))
        """

    stack.up(at(REGION))
    result = stack.up(at("eu-west-2"))
    assert steps(result) == [("replace", "net")]
    assert not list(stack.world.things(ACCOUNT, REGION, VPC))
    assert len(list(stack.world.things(ACCOUNT, "eu-west-2", VPC))) == 1
    assert sum(str(state["urn"]).endswith("::moved") for state in stack.resources()) == 1


def test_two_resources_of_one_name_are_refused(stack: Stack) -> None:
    assert "Duplicate resource URN" in refusals(stack.up(bucket() + bucket(physical="other-of-tests")))[0]
    assert stack.things() == stack.custom() == {("aws:s3/bucket:Bucket", "data-of-tests")}


# Resource options


@pytest.mark.parametrize("after", ["", bucket(physical="other-of-tests", options="protect=True")])
def test_a_protected_thing_is_neither_deleted_nor_replaced(stack: Stack, after: str) -> None:
    stack.up(bucket(options="protect=True"))
    before = stack.things()
    for result in (stack.preview(after), stack.up(after)):
        assert [message for message in refusals(result) if "protected" in message]
    assert stack.things() == before == stack.custom()


def test_an_unprotected_thing_goes(stack: Stack) -> None:
    stack.up(bucket(options="protect=True"))
    stack.up(bucket())
    assert steps(stack.up("")) == [("delete", "data")]
    assert stack.things() == set()


def test_a_retained_thing_stays_when_its_resource_goes(stack: Stack) -> None:
    stack.up(bucket(options="retain_on_delete=True"))
    assert steps(stack.up("")) == [("delete", "data")]
    assert stack.things() == {("aws:s3/bucket:Bucket", "data-of-tests")}
    assert stack.custom() == set()


def test_a_retained_thing_stays_when_its_resource_is_replaced(stack: Stack) -> None:
    stack.up(bucket(options="retain_on_delete=True"))
    stack.up(bucket(physical="other-of-tests", options="retain_on_delete=True"))
    assert stack.world.bucket("data-of-tests") is not None
    assert stack.world.bucket("other-of-tests") is not None


def test_an_alias_keeps_the_thing(stack: Stack) -> None:
    stack.up(bucket("old"))
    renamed = bucket("new", options='aliases=[pulumi.Alias(name="old")]')
    before = stack.things()
    assert steps(stack.preview(renamed)) == []
    assert steps(stack.up(renamed)) == []
    assert stack.things() == before == stack.custom()
    assert steps(stack.up(bucket("new"))) == []
    assert stack.things() == before == stack.custom()


def test_a_provider_with_an_alias_keeps_what_it_made(stack: Stack) -> None:
    def by(name: str, options: str = "") -> str:
        return f"""
            named = provider("{name}", "{ACCOUNT}", opts=ResourceOptions({options}))
            ec2.Vpc("net", cidr_block="10.0.0.0/16", opts=ResourceOptions(provider=named))
        """

    stack.up(by("old"))
    assert steps(stack.up(by("new", 'aliases=[pulumi.Alias(name="old")]'))) == []
    assert steps(stack.up(by("new"))) == []
    assert steps(stack.up(by("other"))) == [], "another provider of the same account keeps it too"
    assert stack.things() == stack.custom()


def test_without_an_alias_a_renamed_resource_is_another(stack: Stack) -> None:
    stack.up(bucket("old", "old-of-tests"))
    assert steps(stack.up(bucket("new", "new-of-tests"))) == [("create", "new"), ("delete", "old")]


def test_ignored_changes_are_neither_planned_nor_sent(stack: Stack) -> None:
    ignoring = 'ignore_changes=["forceDestroy"]'
    stack.up(bucket(more="force_destroy=False,"))
    assert steps(stack.up(bucket(more="force_destroy=True,", options=ignoring))) == []
    sent = stack.up(bucket(more='force_destroy=True, tags={"a": "b"},', options=ignoring))
    assert steps(sent) == [("update", "data")]
    made = stack.world.bucket("data-of-tests")
    assert made is not None
    assert made.inputs["forceDestroy"] is False
    assert made.inputs["tags"] == {"a": "b"}
    assert steps(stack.up(bucket(more='force_destroy=True, tags={"a": "b"},'))) == [("update", "data")]


def test_delete_before_replace_frees_what_two_things_cannot_share(stack: Stack) -> None:
    def subnet(zone: str, options: str = "") -> str:
        return (
            'net = ec2.Vpc("net", cidr_block="10.0.0.0/16", opts=opts())\n'
            f'ec2.Subnet("sub", vpc_id=net.id, cidr_block="10.0.0.0/24", availability_zone="{zone}", opts=opts({options}))\n'
        )

    stack.up(subnet("eu-west-1a"))
    assert refusals(stack.up(subnet("eu-west-1b")))[0].startswith("InvalidSubnet.Conflict")
    assert not refusals(stack.up(subnet("eu-west-1b", "delete_before_replace=True")))
    assert stack.things() == stack.custom()


# Names and ids


def test_two_worlds_with_the_same_history_have_the_same_ids(tmp_path: Path) -> None:
    found: list[set[tuple[str, str]]] = []
    for name in ("one", "two"):
        stack = Stack(tmp_path / name)
        stack.up(network() + group("a", "one"))
        stack.up(network(block="10.0.0.0/17"))
        found.append(stack.things())
        stack.close()
    assert found[0] == found[1]
    assert len(found[0]) == 2


def test_a_thing_without_a_name_gets_one_and_keeps_it(stack: Stack) -> None:
    program = 's3.Bucket("data", opts=opts())'
    stack.up(program)
    name = stack.resource("data")["id"]
    assert name.startswith("data-")
    assert len(name) == len("data-") + 7
    assert steps(stack.up(program)) == []


# What is refused before AWS is asked


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ('s3.Bucket("data", bucket="data-of-tests")', "must use an explicit provider"),
        ('aws.get_availability_zones(state="available")', "must use an explicit provider"),
        ('provider("wrong", "111111111111", allowed="222222222222")', "AccountNotAllowed: AWS account ID not allowed"),
        ('provider("wrong", "111111111111", external_id="guess")', "external id is wrong"),
        ('provider("wrong", "111111111111", role="nobody")', "Apply bootstrap/ in account 111111111111 first"),
        ('provider("wrong", "333333333333")', "Apply bootstrap/ in account 333333333333 first"),
        ('aws.Provider("wrong", region="eu-west-1")', "neither allowed_account_ids nor a role"),
        ('aws.sqs.Queue("queue", opts=opts())', "does not simulate aws:sqs/queue:Queue"),
        ("aws.get_caller_identity(opts=pulumi.InvokeOptions(provider=main))", "aws:index/getCallerIdentity"),
    ],
)
def test_a_program_is_refused_with_the_reason(stack: Stack, program: str, message: str) -> None:
    for run in (stack.preview, stack.up):
        try:
            found = "\n".join(refusals(run(program)))
        except Exception as error:  # noqa: BLE001 - a look-up fails in the program itself
            found = str(error)
        assert message in found
    assert stack.things() == set()


def test_an_explicit_provider_of_the_right_account_and_id_is_taken(stack: Stack) -> None:
    assert not refusals(stack.up(f'provider("right", "{OTHER}")'))


# Preview


@pytest.mark.parametrize("before", ["", bucket() + network()])
@pytest.mark.parametrize("after", ["", bucket(physical="other-of-tests"), network(block="10.0.0.0/17"), "oops"])
def test_preview_changes_nothing_on_disk(stack: Stack, before: str, after: str) -> None:
    stack.up(before)
    found = files(stack.directory / "state")
    if after == "oops":
        with pytest.raises(Exception, match="oops"):
            stack.preview(after)
    else:
        stack.preview(after)
    assert files(stack.directory / "state") == found
    assert {"stack.json", "world.db"} <= set(found)


@pytest.mark.timeout(20)
def test_a_program_that_fails_ends_whatever_still_waits(stack: Stack) -> None:
    program = """
        import asyncio

        async def stubborn():
            for _ in range(3):
                try:
                    await asyncio.get_running_loop().create_future()
                except asyncio.CancelledError:
                    pass

        asyncio.ensure_future(stubborn())
        raise ValueError("oops")
    """
    with pytest.raises(Exception, match="oops"):
        stack.up(program)
    assert not refusals(stack.up(bucket()))


def test_outputs_are_unknown_until_a_thing_is_made(stack: Stack, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    program = f'net.id.apply(lambda vpc: pathlib.Path(r"{seen}").write_text(vpc) and None)\n'
    stack.preview(network() + program)
    assert not seen.exists()
    stack.up(network())
    stack.preview(network() + program)
    assert seen.read_text(encoding="utf-8").startswith("vpc-")
    seen.unlink()
    stack.preview(network(block="10.0.0.0/17") + program)
    assert not seen.exists()


# Secrets


def test_a_secret_stays_a_secret_in_the_state(stack: Stack) -> None:
    program = """
        bus = cloudwatch.EventBus("bus", name="bus", description=pulumi.Output.secret("hidden"), opts=opts())
        pulumi.export("shown", bus.name)
        pulumi.export("told", bus.description)
    """
    secret = {SIGNATURE: SECRET, "plaintext": '"hidden"'}
    for expected in ([("create", "bus")], []):
        result = stack.up(program)
        state, root = stack.resource("bus"), stack.resource("tiny-test")
        assert state["inputs"]["description"] == state["outputs"]["description"] == secret
        assert root["outputs"] == {"shown": "bus", "told": secret}
        assert not refusals(result)
        assert steps(result) == expected
    (thing,) = stack.world.things(ACCOUNT, REGION, "aws:cloudwatch/eventBus:EventBus")
    assert thing.inputs["description"] == "hidden"


# Interrupted runs


class CrashError(Exception):
    """What ends a run in the middle."""


def _crash_after(stack: Stack, number: int) -> None:
    left = number

    def on_step(step: Step) -> None:
        nonlocal left
        if not step.token.startswith("pulumi:"):
            left -= 1
            if left == 0:
                raise CrashError

    stack.on_step = on_step


FIRST = bucket() + network() + group("same", "one")
SECOND = bucket(physical="other-of-tests") + network(block="10.0.0.0/17") + group("same", "two")


@pytest.mark.parametrize(
    ("before", "number"), [*(("", number) for number in (1, 4)), *((FIRST, number) for number in range(1, 8))]
)
def test_a_run_that_breaks_off_is_continued_by_the_next(stack: Stack, before: str, number: int) -> None:
    stack.up(before)
    _crash_after(stack, number)
    with pytest.raises(CrashError):
        stack.up(SECOND)
    again = stack.reopened()
    assert not refusals(again.up(SECOND))
    assert again.things() == again.custom()
    assert len(again.things()) == 4
    assert steps(again.preview(SECOND)) == []
    again.close()


def test_a_pending_delete_is_in_the_state_as_pulumi_writes_it(stack: Stack) -> None:
    stack.up(network())
    _crash_after(stack, 1)
    with pytest.raises(CrashError):
        stack.up(network(block="10.0.0.0/17"))
    left = [(str(state["urn"]).rpartition("::")[2], state.get("delete", False)) for state in stack.resources()]
    assert left[-3:] == [("net", False), ("net", True), ("sub", False)]


@pytest.mark.parametrize("broken", [SECOND + bucket("bad", "Not_A_Bucket"), bucket("bad", "Not_A_Bucket") + SECOND])
def test_a_run_that_is_refused_leaves_nothing_behind(
    stack: Stack, broken: str, caplog: pytest.LogCaptureFixture
) -> None:
    stack.up(FIRST)
    assert len(refusals(stack.up(broken))) == 1
    gc.collect()
    assert not caplog.records
    assert not refusals(stack.up(SECOND))
    assert stack.things() == stack.custom()
    assert len(stack.things()) == 4


def test_a_program_that_fails_leaves_nothing_behind(stack: Stack) -> None:
    stack.up(FIRST)
    with pytest.raises(RuntimeError, match="broken off"):
        stack.up(SECOND + "raise RuntimeError('broken off')\n")
    assert not refusals(stack.up(SECOND))
    assert stack.things() == stack.custom()
    assert len(stack.things()) == 4


@pytest.mark.parametrize("name", ["SIGINT", "SIGKILL"])
def test_a_process_that_is_ended_leaves_a_state_to_continue_from(tmp_path: Path, name: str) -> None:
    stack = Stack(tmp_path)
    stack.up(FIRST)
    stack.close()
    script = f"""
import os, signal, sys
from pathlib import Path
from tests.sandbox.programs import Stack
done = []
def on_step(step):
    done.append(step)
    if step.name == "sub":
        os.kill(os.getpid(), signal.{name})
Stack(Path(sys.argv[1]), on_step).up(sys.argv[2])
"""
    ended = subprocess.run(  # noqa: S603 - our own interpreter and script
        [sys.executable, "-W", "ignore", "-c", script, str(tmp_path), SECOND],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=False,
    )
    assert ended.returncode != 0
    if name == "SIGKILL":
        assert ended.returncode == -signal.SIGKILL
    again = Stack(tmp_path)
    assert not refusals(again.up(SECOND))
    assert again.things() == again.custom()
    assert len(again.things()) == 4
    again.close()


# Laws

NAMES = st.sampled_from(["one", "two", "three"])
BLOCKS = st.sampled_from(["10.0.0.0/16", "10.1.0.0/16"])
PROGRAMS = st.fixed_dictionaries(
    {
        "buckets": st.dictionaries(NAMES, st.booleans(), max_size=3),
        "networks": st.dictionaries(NAMES, st.tuples(BLOCKS, st.sets(st.integers(0, 2))), max_size=2),
        "groups": st.dictionaries(NAMES, st.sampled_from(["a", "b"]), max_size=2),
    }
)


def _program(buckets: dict[str, bool], networks: dict[str, tuple[str, set[int]]], groups: dict[str, str]) -> str:
    lines = [bucket(f"bucket-{name}", f"{name}-{str(big).lower()}-of-tests") for name, big in sorted(buckets.items())]
    for name, (block, subnets) in sorted(networks.items()):
        lines.append(f'{name} = ec2.Vpc("{name}", cidr_block="{block}", opts=opts())\n')
        lines.extend(
            f'ec2.Subnet("{name}-{index}", vpc_id={name}.id, cidr_block="{block[:5]}{index}.0/24", opts=opts())\n'
            for index in sorted(subnets)
        )
    lines.extend(
        f'ec2.SecurityGroup("group-{name}", name="{name}", description="{text}", opts=opts())\n'
        for name, text in sorted(groups.items())
    )
    return "".join(lines)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(runs=st.lists(PROGRAMS, min_size=1, max_size=4))
def test_after_any_history_the_state_is_the_world(
    tmp_path_factory: pytest.TempPathFactory, runs: list[dict[str, dict[str, object]]]
) -> None:
    stack = Stack(tmp_path_factory.mktemp("law"))
    try:
        for run in runs:
            program = _program(**run)  # type: ignore[arg-type]
            assert not refusals(stack.up(program))
            assert steps(stack.preview(program)) == []
            assert stack.things() == stack.custom()
    finally:
        stack.close()
