"""The resource monitor that the program talks to: it works out and takes steps as Pulumi's engine does."""

import threading
import uuid
from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

from google.protobuf import empty_pb2
from pulumi.runtime import mocks, settings
from pulumi.runtime.proto import provider_pb2, resource_pb2

from sandbox.deployment import State, from_struct, has_unknown, now, reveal, stored, to_struct, wire
from sandbox.kinds import kind_of
from sandbox.kinds.base import Call, Kind
from sandbox.lookups import Lookup, answer
from sandbox.places import PROVIDER, Place, place_of
from sandbox.policies import ROLE
from sandbox.refusal import Refusal, UnknownTypeError
from sandbox.steps import Failure, Registration, Run, Step, StepFailedError, StepOp
from sandbox.world import Properties, Thing, World

STACK = "pulumi:pulumi:Stack"
_ACCOUNT_ID = 12


class Monitor(mocks.MockMonitor):
    """The monitor of one run; method names are gRPC's.

    Args:
        world: The simulated accounts.
        run: What the run knows and finds.
        report: Called for every step.
    """

    def __init__(self, world: World, run: Run, report: Callable[[Step], None]) -> None:
        super().__init__(cast("mocks.Mocks", None))
        self._world = world
        self._run = run
        self._report = report
        self._old_places = {
            f"{urn}::{state['id']}": place_of(state["inputs"])
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
        """The outputs of a resource, made or changed as its inputs ask."""
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
        """What a component or the stack exports."""
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
        """A look-up in the simulated accounts."""
        with self._lock:
            place = self._place(request.provider, request.tok)
            lookup = Lookup(
                world=self._world,
                account=place.account,
                region=place.region,
                arguments=reveal(from_struct(request.args)),
            )
            try:
                return resource_pb2.ResourceInvokeResponse(
                    **cast("Any", {"return": to_struct(dict(answer(request.tok, lookup)))})
                )
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
            self._done_step(
                Step(op=StepOp.DELETE, urn=urn, token=str(state["type"]), name=name, account=self._account(state))
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
        for alias in cast("Iterable[Any]", request.aliases):
            spec = alias.spec
            parent = "" if spec.noParent else spec.parentUrn or request.parent
            found.append(alias.urn or self.make_urn(parent, spec.type or request.type, spec.name or request.name))
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
        changed = differences(old, state["inputs"]) if old else ()
        op = StepOp.CREATE if old is None else StepOp.UPDATE if changed else StepOp.SAME
        return self._done(request, state, op, account=None, changed=changed)

    def _custom(
        self, urn: str, request: resource_pb2.RegisterResourceRequest, inputs: Properties, old: State | None
    ) -> State:
        place = self._place(request.provider, request.type)
        kind = kind_of(request.type)
        state = self._base_state(urn, request, named(kind, request, inputs, old), old)
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
        place: Place,
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

    def _done_step(self, step: Step) -> None:
        self._run.steps.append(step)
        self._report(step)

    def _replace(self, kind: Kind, replaced: Thing, plain: Properties) -> None:
        """The old thing goes first where two cannot have the same name, else when everything new is there."""
        if kind.named and replaced.inputs.get(kind.named) == plain.get(kind.named):
            self._world.remove(replaced)
        else:
            self._run.replaced.append(replaced)

    def _changes(
        self, kind: Kind, old: State | None, state: State, place: Place, request: resource_pb2.RegisterResourceRequest
    ) -> tuple[str, ...]:
        """Inputs that differ from the last run, `ignoreChanges` left out; the provider's default tags count as `tagsAll`."""
        if old is None:
            return ()
        changed = tuple(key for key in differences(old, state["inputs"]) if key not in set(request.ignoreChanges))
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
        self._done_step(
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
        place = place_of(inputs)
        if len(place.account) != _ACCOUNT_ID:
            raise Refusal("InvalidClientTokenId", "the provider has neither allowed_account_ids nor a role to assume")
        if place.allowed and place.account not in place.allowed:
            raise Refusal("AccountNotAllowed", f"AWS account ID not allowed: {place.account}")
        if place.deployer:
            self._assume(place)
        self._run.places[reference] = place

    def _assume(self, place: Place) -> None:
        role = self._world.find(place.account, "", ROLE, place.deployer.rpartition("/")[2])
        refused = f"not authorized to perform: sts:AssumeRole on resource: {place.deployer}"
        if role is None:
            raise Refusal("AccessDenied", f"{refused}. Apply bootstrap/ in account {place.account} first")
        wanted = role.inputs.get("externalId")
        if wanted and wanted != place.external_id:
            raise Refusal("AccessDenied", f"{refused}: the external id is wrong")

    def _place(self, provider: str, token: str) -> Place:
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


def differences(old: State, inputs: Properties) -> tuple[str, ...]:
    """Inputs whose stored value is another one, or not known yet."""
    before = old.get("inputs", {})
    return tuple(
        sorted(key for key in {*before, *inputs} if before.get(key) != inputs.get(key) or has_unknown(inputs.get(key)))
    )


def named(
    kind: Kind, request: resource_pb2.RegisterResourceRequest, inputs: Properties, old: State | None
) -> Properties:
    """Inputs with a name: Pulumi's auto-naming adds seven hexadecimal digits to the logical name."""
    if kind.named is None or kind.named in inputs:
        return inputs
    given = old["inputs"].get(kind.named) if old else None
    return {kind.named: given or f"{request.name}-{uuid.uuid5(uuid.NAMESPACE_URL, request.name).hex[:7]}", **inputs}
