"""Tiny Pulumi programs in the sandbox: a test reads as program -> up -> assert."""

import json
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from textwrap import dedent
from typing import Any, cast

from sandbox.engine import Engine, Result, Step, StepOp
from sandbox.policies import ROLE
from sandbox.world import World

with warnings.catch_warnings():
    # The SDK's modules are loaded when an attribute is first used, and then warn about old names of their own.
    warnings.simplefilter("ignore", DeprecationWarning)
    from pulumi_aws import cloudwatch, ec2, iam, lambda_, s3

    _LOADED = (cloudwatch.LogGroup, ec2.Vpc, iam.Role, lambda_.Function, s3.Bucket)

ACCOUNT, OTHER = "111111111111", "222222222222"
REGION = "eu-west-1"
EXTERNAL_ID = "external-id"
PROJECT, STACK = "tiny", "test"

_HEAD = '''
"""A program of the tests."""

import pathlib

import pulumi
import pulumi_aws as aws
from pulumi import ResourceOptions
from pulumi_aws import cloudwatch, ec2, s3


def provider(name, account, *, role="deployer", external_id="{external_id}", region="{region}", allowed=None, tags=None, opts=None):
    """The explicit provider of an account."""
    return aws.Provider(
        name,
        region=region,
        allowed_account_ids=[allowed or account],
        assume_roles=[
            aws.ProviderAssumeRoleArgs(role_arn=f"arn:aws:iam::{{account}}:role/{{role}}", external_id=external_id)
        ],
        default_tags=aws.ProviderDefaultTagsArgs(tags=tags or {{}}),
        opts=opts,
    )


main = provider("main", "{account}")


def opts(**options):
    """Options of a resource in the main account."""
    return ResourceOptions(provider=main, **options)


'''


def source(body: str) -> str:
    """A whole program: imports, the main account's provider, and a body."""
    return _HEAD.format(account=ACCOUNT, region=REGION, external_id=EXTERNAL_ID) + dedent(body)


def seed(world: World) -> None:
    """The deploy roles of both accounts, as `bootstrap/` makes them."""
    for account in (ACCOUNT, OTHER):
        world.seed(
            account=account,
            region="",
            token=ROLE,
            id="deployer",
            inputs={"assumeRolePolicy": '{"Statement":[]}', "externalId": EXTERNAL_ID},
            outputs={"arn": f"arn:aws:iam::{account}:role/deployer"},
        )


class Stack:
    """One stack in the sandbox whose program may change from run to run.

    Args:
        directory: Where program, world and state are.
        on_step: Called for every step.
    """

    def __init__(self, directory: Path, on_step: Callable[[Step], None] | None = None) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self._program = directory / "program" / "__main__.py"
        self._program.parent.mkdir(exist_ok=True)
        self.on_step = on_step
        self.engine = Engine(
            program=self._program,
            project=PROJECT,
            stack=STACK,
            config={},
            directory=directory / "state",
            on_step=self._report,
        )
        seed(self.world)

    def _report(self, step: Step) -> None:
        if self.on_step:
            self.on_step(step)

    @property
    def world(self) -> World:
        """The simulated accounts."""
        return self.engine.world

    def write(self, body: str) -> Path:
        """Write the program."""
        self._program.write_text(source(body), encoding="utf-8")
        return self._program

    def up(self, body: str) -> Result:
        """Run a program and apply it."""
        self.write(body)
        return self.engine.up()

    def preview(self, body: str) -> Result:
        """Run a program and change nothing."""
        self.write(body)
        return self.engine.preview()

    def reopened(self) -> "Stack":
        """The same stack as a new process finds it."""
        self.world.close()
        return Stack(self.directory)

    def close(self) -> None:
        """Close the world's file."""
        self.world.close()

    def deployment(self) -> dict[str, Any]:
        """The exported stack, as it is on disk."""
        return cast("dict[str, Any]", json.loads(self.engine.state_file.read_text(encoding="utf-8")))

    def resources(self) -> Sequence[Mapping[str, Any]]:
        """The resources of the exported stack."""
        return self.deployment()["deployment"]["resources"]

    def resource(self, name: str) -> Mapping[str, Any]:
        """The resource of a name, which is the only one of it that is no provider or stack."""
        (found,) = [state for state in self.resources() if str(state["urn"]).endswith(f"::{name}")]
        return found

    def things(self) -> set[tuple[str, str]]:
        """(token, id) of what was made in the accounts."""
        return {
            (token, thing.id)
            for account in (ACCOUNT, OTHER)
            for region in ("", REGION)
            for token in {token for owner, token, _ in self.world.counts() if owner == account}
            for thing in self.world.things(account, region, token)
            if not thing.seeded
        }

    def custom(self) -> set[tuple[str, str]]:
        """(token, id) of the custom resources whose things the state says are there."""
        return {
            (str(state["type"]), str(state["id"]))
            for state in self.resources()
            if state["custom"] and not str(state["type"]).startswith("pulumi:") and not state.get("pendingReplacement")
        }


def steps(result: Result, *ops: StepOp) -> list[tuple[str, str]]:
    """(what happens, name) of steps, in their order: of some ops, or of those that a plan counts."""
    counted = ops or (StepOp.CREATE, StepOp.UPDATE, StepOp.REPLACE, StepOp.DELETE)
    return [
        (step.op.value, step.name)
        for step in result.steps
        if not step.token.startswith("pulumi:") and step.op in counted
    ]


def refusals(result: Result) -> list[str]:
    """What was refused."""
    return [failure.message for failure in result.failures]
