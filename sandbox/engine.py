"""The in-process front: runs the program against the world, and works out steps as Pulumi's engine does.

Pulumi's own mocks hand every registration to `_Monitor`, which compares it with the state of the last run and creates, updates or replaces.
When the program has ended, what it no longer registers is deleted, newest first. The engine's real one is the other front.
"""

import asyncio
import json
import logging
import runpy
import sys
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, cast

import pulumi
from google.protobuf import empty_pb2
from pulumi.runtime import mocks, rpc_manager, settings
from pulumi.runtime.config import set_all_config
from pulumi.runtime.proto import provider_pb2, resource_pb2
from pulumi.runtime.stack import run_in_stack

from sandbox.deployment import State, from_struct, has_unknown, now, reveal, stored, to_struct, wire, write
from sandbox.kinds import kind_of
from sandbox.kinds.base import Call, Kind
from sandbox.lookups import Lookup, answer
from sandbox.policies import ROLE
from sandbox.refusal import Refusal, UnknownTypeError
from sandbox.world import Properties, Thing, World

STACK = "pulumi:pulumi:Stack"
PROVIDER = "pulumi:providers:"
_ACCOUNT_ID = 12


class StepOp(StrEnum):
    """What happens to a resource; the engine's own words."""

    CREATE = "create"
    SAME = "same"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of a run.

    Attributes:
        op: What happens.
        urn: The resource.
        token: Its type.
        name: Its logical name.
        account: The account it is in; None for components and providers.
        changed: Inputs that differ from the last run.
    """

    op: StepOp
    urn: str
    token: str
    name: str
    account: str | None = None
    changed: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A step that AWS would refuse: the resource and the reason."""

    urn: str
    account: str | None
    message: str


@dataclass(frozen=True, kw_only=True)
class Registration:
    """What the program registered: a resource and its options."""

    urn: str
    token: str
    name: str
    custom: bool
    inputs: Mapping[str, Any]
    provider: str
    parent: str
    protect: bool
    dependencies: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Result:
    """A run: its steps, the stack's outputs, what was refused, and how long it took in seconds."""

    steps: tuple[Step, ...]
    outputs: Mapping[str, Any]
    failures: tuple[Failure, ...]
    seconds: float


class StepFailedError(Exception):
    """Ends the program after a failed step; the failure itself is in the result."""


@dataclass(frozen=True, kw_only=True)
class _Place:
    """Where a provider works: from its configuration."""

    account: str
    region: str
    tags: Mapping[str, str]
    deployer: str
    external_id: str
    allowed: tuple[str, ...]


@dataclass(kw_only=True)
class _Run:
    """What one run knows."""

    preview: bool
    old: dict[str, State]
    steps: list[Step] = field(default_factory=list[Step])
    failures: list[Failure] = field(default_factory=list[Failure])
    registered: dict[str, Registration] = field(default_factory=dict[str, Registration])
    states: dict[str, State] = field(default_factory=dict[str, State])
    aliased: set[str] = field(default_factory=set[str])
    replaced: list[Thing] = field(default_factory=list[Thing])
    places: dict[str, _Place] = field(default_factory=dict[str, _Place])
    positions: dict[str, int] = field(default_factory=dict[str, int])
    outputs: dict[str, Any] = field(default_factory=dict[str, Any])


class Engine:
    """Previews and updates of one stack in the sandbox.

    Args:
        program: The program's `__main__.py`.
        project: Name of the Pulumi project.
        stack: Name of the stack.
        config: Its whole configuration, `namespace:key` -> text.
        directory: Where `world.db` and `stack.json` are kept.
        on_step: Called for every step.
    """

    def __init__(
        self,
        *,
        program: Path,
        project: str,
        stack: str,
        config: Mapping[str, str],
        directory: Path,
        on_step: Callable[[Step], None] | None = None,
    ) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._program = program
        self._project = project
        self._stack = stack
        self._config = dict(config)
        self._directory = directory
        self._on_step = on_step
        self._last: _Run | None = None
        self.world = World(directory / "world.db")

    @property
    def state_file(self) -> Path:
        """The stack in Pulumi's deployment format."""
        return self._directory / "stack.json"

    @property
    def has_state(self) -> bool:
        """Whether an earlier run left resources."""
        return bool(self.world.states())

    def registrations(self) -> Sequence[Registration]:
        """What the program registered in the last run, in its order."""
        return tuple(self._last.registered.values()) if self._last else ()

    def preview(self) -> Result:
        """Run the program against the state of the last run; nothing changes.

        Raises:
            Exception: What the program itself raised, such as a configuration error.
        """
        return self._execute(preview=True)

    def up(self) -> Result:
        """Run the program, apply every step, delete what is gone, and write the state, whatever happens.

        Raises:
            Exception: What the program itself raised; what was applied before it is in the state.
        """
        try:
            return self._execute(preview=False)
        finally:
            write(self.state_file, self.world.states(), f"v{_sdk_version()}")

    def _execute(self, *, preview: bool) -> Result:
        started = time.perf_counter()
        run = _Run(preview=preview, old={str(state["urn"]): state for state in self.world.states()})
        self._last = run
        monitor = _Monitor(self, run)
        try:
            self._run_program(monitor, preview=preview)
        except Exception:
            # The SDK wraps or repeats what the monitor raised; our own failures say it once.
            if not run.failures:
                raise
        if not run.failures:
            monitor.delete_gone()
        return Result(
            steps=tuple(run.steps),
            outputs=run.outputs,
            failures=tuple(run.failures),
            seconds=time.perf_counter() - started,
        )

    def _run_program(self, monitor: "_Monitor", *, preview: bool) -> None:
        set_all_config(self._config)
        loop = asyncio.new_event_loop()
        # One worker: steps are taken in the order in which they become possible, the same in every run.
        executor = ThreadPoolExecutor(max_workers=1)
        loop.set_default_executor(executor)
        asyncio.set_event_loop(loop)
        quiet = logging.getLogger("sandbox.program")
        quiet.addHandler(logging.NullHandler())
        quiet.propagate = False
        settings.configure(
            mocks.MockSettings(
                monitor=monitor,
                monitor_features=set(monitor.GetDeploymentInfo(empty_pb2.Empty()).supportedFeatures),
                engine=mocks.MockEngine(quiet),
                project=self._project,
                stack=self._stack,
                dry_run=preview,
                organization="organization",
                callbacks=None,
            )
        )
        settings.set_root_resource(cast("pulumi.Resource", None))
        root = str(self._program.parent)
        sys.path.insert(0, root)
        try:
            loop.run_until_complete(
                run_in_stack(lambda: cast("None", runpy.run_path(str(self._program), run_name="__main__")))
            )
        finally:
            sys.path.remove(root)
            _cancel_all(loop)
            asyncio.set_event_loop(None)
            loop.close()
            executor.shutdown()
            settings.set_root_resource(cast("pulumi.Resource", None))
            settings.SETTINGS.rpc_manager = rpc_manager.RPCManager()

    def report(self, run: _Run, step: Step) -> None:
        """Take a step into the run's record and tell whoever watches."""
        run.steps.append(step)
        if self._on_step:
            self._on_step(step)


def _cancel_all(loop: asyncio.AbstractEventLoop) -> None:
    """End what a failed program left waiting, so that nothing of it reaches the next run."""
    waiting = asyncio.all_tasks(loop)
    for task in waiting:
        task.cancel()
    if waiting:
        loop.run_until_complete(asyncio.gather(*waiting, return_exceptions=True))


def _sdk_version() -> str:
    from importlib.metadata import version  # noqa: PLC0415 - only needed when a state is written

    return version("pulumi")


class _Monitor(mocks.MockMonitor):
    """What the program talks to instead of the engine's resource monitor; method names are gRPC's."""

    def __init__(self, engine: Engine, run: _Run) -> None:
        super().__init__(cast("mocks.Mocks", None))
        self._engine = engine
        self._world = engine.world
        self._run = run
        self._old_places = {
            f"{urn}::{state['id']}": _place_of(state["inputs"])
            for urn, state in run.old.items()
            if str(state["type"]).startswith(PROVIDER)
        }
        self._lock = threading.RLock()

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        """`urn:pulumi:<stack>::<project>::<parent types>$<type>::<name>`; the stack itself is no parent type."""
        if parent:
            parents = parent.split("::")[2]
            type_ = type_ if parents == STACK else f"{parents}${type_}"
        return f"urn:pulumi:{settings.get_stack()}::{settings.get_project()}::{type_}::{name}"

    def RegisterResource(self, request: resource_pb2.RegisterResourceRequest) -> resource_pb2.RegisterResourceResponse:  # noqa: N802 - gRPC
        with self._lock:
            urn = self.make_urn(request.parent, request.type, request.name)
            inputs = from_struct(request.object)
            self._run.registered[urn] = Registration(
                urn=urn,
                token=request.type,
                name=request.name,
                custom=request.custom,
                inputs=inputs,
                provider=request.provider,
                parent=request.parent,
                protect=request.protect,
                dependencies=tuple(request.dependencies),
            )
            self._run.positions.setdefault(urn, len(self._run.positions))
            old = self._old_state(urn, request)
            try:
                state = self._step(urn, request, inputs, old)
            except (Refusal, UnknownTypeError) as error:
                place = self._run.places.get(request.provider)
                self._run.failures.append(
                    Failure(urn=urn, account=place.account if place else None, message=str(error))
                )
                raise StepFailedError(urn) from error
            return resource_pb2.RegisterResourceResponse(
                urn=urn,
                id=cast("str", state.get("id", "")),
                object=to_struct(cast("dict[str, Any]", wire(state.get("outputs", {})))),
            )

    def RegisterResourceOutputs(self, request: resource_pb2.RegisterResourceOutputsRequest) -> empty_pb2.Empty:  # noqa: N802
        with self._lock:
            outputs = from_struct(request.outputs)
            state = self._run.states.get(request.urn)
            if state is not None:
                state["outputs"] = stored(outputs)
                if not self._run.preview:
                    self._world.put_state(self._run.positions[request.urn], state)
                if state["type"] == STACK:
                    self._run.outputs = outputs
        return empty_pb2.Empty()

    def Invoke(self, request: resource_pb2.ResourceInvokeRequest) -> resource_pb2.ResourceInvokeResponse:  # noqa: N802
        with self._lock:
            place = self._place(request.provider, request.tok)
            lookup = Lookup(
                world=self._world,
                account=place.account,
                region=place.region,
                arguments=reveal(from_struct(request.args)),
            )
            try:
                return resource_pb2.ResourceInvokeResponse(**{"return": to_struct(dict(answer(request.tok, lookup)))})
            except Refusal as refusal:
                failure = provider_pb2.CheckFailure(property="", reason=str(refusal))
                return resource_pb2.ResourceInvokeResponse(failures=[failure])

    def delete_gone(self) -> None:
        """Delete what replacements left and what the program no longer registers, newest first."""
        run = self._run
        for thing in reversed(run.replaced):
            if not run.preview:
                self._remove(thing, f"the replaced {thing.token.rpartition(':')[2]} {thing.id}")
        kept = set(run.states) | run.aliased
        for urn, state in reversed(run.old.items()):
            if urn in kept:
                continue
            self._delete(urn, state)
            if run.failures:
                return

    def _delete(self, urn: str, state: State) -> None:
        run = self._run
        name = urn.rpartition("::")[2]
        if state.get("protect"):
            run.failures.append(
                Failure(
                    urn=urn,
                    account=self._account(state),
                    message=f"{name} is protected and would be deleted. Set mlops:protection to false and run again first",
                )
            )
            return
        if not run.preview:
            thing = self._thing(state)
            with self._world.transaction():
                if thing is not None and not state.get("retainOnDelete"):
                    self._remove(thing, urn)
                if not run.failures:
                    self._world.remove_state(urn)
        if not run.failures:
            self._engine.report(
                run, Step(op=StepOp.DELETE, urn=urn, token=str(state["type"]), name=name, account=self._account(state))
            )

    def _remove(self, thing: Thing, urn: str) -> None:
        reason = kind_of(thing.token).in_use(self._world, thing)
        if reason:
            self._run.failures.append(Failure(urn=urn, account=thing.account, message=reason))
        else:
            self._world.remove(thing)

    def _old_state(self, urn: str, request: resource_pb2.RegisterResourceRequest) -> State | None:
        """The resource's state of the last run, under its own URN or an alias."""
        for candidate in (urn, *self._aliases(request)):
            if candidate in self._run.old:
                if candidate != urn:
                    self._run.aliased.add(candidate)
                return self._run.old[candidate]
        return None

    def _aliases(self, request: resource_pb2.RegisterResourceRequest) -> Sequence[str]:
        found: list[str] = list(request.aliasURNs)
        for alias in request.aliases:
            if alias.urn:
                found.append(alias.urn)
                continue
            spec = alias.spec
            parent = "" if spec.noParent else spec.parentUrn or request.parent
            found.append(self.make_urn(parent, spec.type or request.type, spec.name or request.name))
        return found

    def _step(
        self, urn: str, request: resource_pb2.RegisterResourceRequest, inputs: Properties, old: State | None
    ) -> State:
        """Work out and take the step of one registration; its new state."""
        if request.custom and not request.type.startswith(PROVIDER):
            return self._custom(urn, request, inputs, old)
        state = self._base_state(urn, request, inputs, old)
        if request.type.startswith(PROVIDER):
            state["id"] = old["id"] if old else str(uuid.uuid5(uuid.NAMESPACE_URL, urn))
            state["outputs"] = state["inputs"]
            self._configure(f"{urn}::{state['id']}", inputs)
        else:
            state["outputs"] = old.get("outputs", {}) if old else {}
        changed = _differences(old, state["inputs"]) if old else ()
        op = StepOp.CREATE if old is None else StepOp.UPDATE if changed else StepOp.SAME
        return self._done(request, state, op, account=None, changed=changed)

    def _custom(
        self, urn: str, request: resource_pb2.RegisterResourceRequest, inputs: Properties, old: State | None
    ) -> State:
        place = self._place(request.provider, request.type)
        kind = kind_of(request.type)
        state = self._base_state(urn, request, _named(kind, request, inputs, old), old)
        plain = reveal(state["inputs"])
        thing = self._thing(old) if old else None
        changed = self._changes(kind, old, state, place, request)
        moved = thing is not None and (thing.account, thing.region) != (place.account, kind.place(place.region))
        if old is None or thing is None:
            op = StepOp.CREATE
        elif moved or set(changed) & kind.replaces:
            op = StepOp.REPLACE
        else:
            op = StepOp.UPDATE if changed else StepOp.SAME
        if op is StepOp.REPLACE and old and old.get("protect"):
            raise Refusal(
                "protected",
                f"{request.name} is protected and would be replaced ({', '.join(changed)}). Set mlops:protection to false first",
            )
        if op is StepOp.SAME and old:
            state["id"], state["outputs"] = old["id"], old["outputs"]
        elif self._run.preview:
            keep = old if op is StepOp.UPDATE and old else None
            state["id"] = keep["id"] if keep else ""
            state["outputs"] = {**(keep["outputs"] if keep else {}), **state["inputs"]}
        else:
            self._apply(
                kind,
                request,
                state,
                plain,
                place,
                thing if op is StepOp.UPDATE else None,
                replaced=thing if op is StepOp.REPLACE else None,
            )
        return self._done(request, state, op, account=place.account, changed=changed)

    def _apply(
        self,
        kind: Kind,
        request: resource_pb2.RegisterResourceRequest,
        state: State,
        plain: Properties,
        place: _Place,
        old: Thing | None,
        *,
        replaced: Thing | None,
    ) -> None:
        """Create or change the thing in the world, in one transaction with its state."""
        if has_unknown(plain):
            raise Refusal("internal", f"{request.name} has an input that never became known")
        with self._world.transaction():
            if replaced is not None:
                self._replace(kind, replaced, plain)
            call = Call(
                world=self._world,
                account=place.account,
                region=place.region,
                token=request.type,
                name=request.name,
                inputs=plain,
                deployer=place.deployer,
                old=old,
            )
            kind.check(call)
            made = kind.make(call)
            outputs = {**state["inputs"], **made.outputs, "id": made.id}
            if kind.tagged:
                outputs["tagsAll"] = {**place.tags, **plain.get("tags", {})}
            state["id"], state["outputs"] = made.id, outputs
            self._world.put(
                Thing(
                    account=place.account,
                    region=kind.place(place.region),
                    token=request.type,
                    id=made.id,
                    inputs=plain,
                    outputs=cast("Properties", reveal(outputs)),
                )
            )
            self._world.put_state(self._run.positions[str(state["urn"])], state)

    def _replace(self, kind: Kind, replaced: Thing, plain: Properties) -> None:
        """The old thing goes first where two cannot have the same name, else when everything new is there."""
        if kind.named and replaced.inputs.get(kind.named) == plain.get(kind.named):
            self._world.remove(replaced)
        else:
            self._run.replaced.append(replaced)

    def _changes(
        self, kind: Kind, old: State | None, state: State, place: _Place, request: resource_pb2.RegisterResourceRequest
    ) -> tuple[str, ...]:
        """Inputs that differ from the last run, `ignoreChanges` left out; the provider's default tags count as `tagsAll`."""
        if old is None:
            return ()
        changed = tuple(key for key in _differences(old, state["inputs"]) if key not in set(request.ignoreChanges))
        if kind.tagged and old.get("outputs", {}).get("tagsAll", {}) != {
            **place.tags,
            **reveal(state["inputs"]).get("tags", {}),
        }:
            changed = (*changed, "tagsAll")
        return changed

    def _done(
        self,
        request: resource_pb2.RegisterResourceRequest,
        state: State,
        op: StepOp,
        *,
        account: str | None,
        changed: tuple[str, ...],
    ) -> State:
        run = self._run
        run.states[str(state["urn"])] = state
        if not run.preview:
            with self._world.transaction():
                self._world.put_state(run.positions[str(state["urn"])], state)
                for alias in run.aliased:
                    self._world.remove_state(alias)
        self._engine.report(
            run,
            Step(op=op, urn=str(state["urn"]), token=request.type, name=request.name, account=account, changed=changed),
        )
        return state

    def _base_state(
        self, urn: str, request: resource_pb2.RegisterResourceRequest, inputs: Properties, old: State | None
    ) -> State:
        state: State = {"urn": urn, "custom": request.custom, "type": request.type, "inputs": stored(inputs)}
        if request.type.startswith(PROVIDER):
            state["inputs"] = {"version": request.version, **state["inputs"]} if request.version else state["inputs"]
        if request.parent:
            state["parent"] = request.parent
        if request.provider:
            state["provider"] = request.provider
        if request.dependencies:
            state["dependencies"] = sorted(request.dependencies)
        properties = {key: sorted(value.urns) for key, value in request.propertyDependencies.items() if value.urns}
        if properties:
            state["propertyDependencies"] = properties
        for key, flag in (("protect", request.protect), ("retainOnDelete", request.retainOnDelete)):
            if flag:
                state[key] = True
        if request.ignoreChanges:
            state["ignoreChanges"] = list(request.ignoreChanges)
        state["created"] = old["created"] if old and "created" in old else now()
        state["modified"] = now() if old is None or old["inputs"] != state["inputs"] else old.get("modified", now())
        return state

    def _configure(self, reference: str, inputs: Properties) -> None:
        """What the plugin's Configure does: take the deploy role, refuse any other account."""
        place = _place_of(inputs)
        if len(place.account) != _ACCOUNT_ID:
            raise Refusal("InvalidClientTokenId", "the provider has neither allowed_account_ids nor a role to assume")
        if place.allowed and place.account not in place.allowed:
            raise Refusal("AccountNotAllowed", f"AWS account ID not allowed: {place.account}")
        if place.deployer:
            self._assume(place)
        self._run.places[reference] = place

    def _assume(self, place: _Place) -> None:
        role = self._world.find(place.account, "", ROLE, place.deployer.rpartition("/")[2])
        refused = f"not authorized to perform: sts:AssumeRole on resource: {place.deployer}"
        if role is None:
            raise Refusal("AccessDenied", f"{refused}. Apply bootstrap/ in account {place.account} first")
        wanted = role.inputs.get("externalId")
        if wanted and wanted != place.external_id:
            raise Refusal("AccessDenied", f"{refused}: the external id is wrong")

    def _place(self, provider: str, token: str) -> _Place:
        if provider not in self._run.places:
            raise Refusal(
                "default provider",
                f"Default provider for '{token.partition(':')[0]}' disabled. '{token}' must use an explicit provider.",
            )
        return self._run.places[provider]

    def _thing(self, state: State | None) -> Thing | None:
        """The thing in the world that a state describes."""
        place = self._old_places.get(str(state.get("provider", ""))) if state else None
        if state is None or place is None:
            return None
        return self._world.find(place.account, place.region, str(state["type"]), str(state["id"]))

    def _account(self, state: State) -> str | None:
        place = self._old_places.get(str(state.get("provider", "")))
        return place.account if place else None


def _place_of(inputs: Properties) -> _Place:
    """Where a provider works; its lists and objects come as JSON text."""
    plain = {
        key: json.loads(value) if isinstance(value, str) and value.startswith(("[", "{")) else value
        for key, value in cast("Properties", reveal(inputs)).items()
    }
    role = (plain.get("assumeRoles") or [{}])[0]
    arn = str(role.get("roleArn", ""))
    allowed = tuple(str(account) for account in plain.get("allowedAccountIds") or [])
    return _Place(
        account=arn.split(":")[4] if arn.startswith("arn:") else (allowed[0] if allowed else ""),
        region=str(plain.get("region", "")),
        tags=(plain.get("defaultTags") or {}).get("tags", {}),
        deployer=arn,
        external_id=str(role.get("externalId", "")),
        allowed=allowed,
    )


def _differences(old: State, inputs: Properties) -> tuple[str, ...]:
    """Inputs whose stored value is another one, or not known yet."""
    before = old.get("inputs", {})
    return tuple(
        sorted(key for key in {*before, *inputs} if before.get(key) != inputs.get(key) or has_unknown(inputs.get(key)))
    )


def _named(
    kind: Kind, request: resource_pb2.RegisterResourceRequest, inputs: Properties, old: State | None
) -> Properties:
    """Inputs with a name: Pulumi's auto-naming adds seven hexadecimal digits to the logical name."""
    if kind.named is None or kind.named in inputs:
        return inputs
    given = old["inputs"].get(kind.named) if old else None
    return {kind.named: given or f"{request.name}-{uuid.uuid5(uuid.NAMESPACE_URL, request.name).hex[:7]}", **inputs}
