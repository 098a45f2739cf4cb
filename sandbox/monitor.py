"""The resource monitor that the program talks to: registrations and look-ups come in, steps are taken by `sandbox.stepper`."""

import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

from google.protobuf import empty_pb2
from pulumi.runtime import mocks, settings
from pulumi.runtime.proto import provider_pb2, resource_pb2

from sandbox.deployment import from_struct, reveal, to_struct, wire
from sandbox.faults import Trouble
from sandbox.lookups import Lookup, answer
from sandbox.refusal import Refusal, UnknownTypeError
from sandbox.stepper import Stepper
from sandbox.steps import Failure, Registration, Run, Step
from sandbox.world import World

STACK = "pulumi:pulumi:Stack"


class Monitor(mocks.MockMonitor):
    """The monitor of one run; method names are gRPC's.

    Once a step has failed, no further one is taken: what the program still registers fails too, with outputs that stay unknown.

    Args:
        world: The simulated accounts.
        run: What the run knows and finds.
        report: Called for every step.
        trouble: What goes wrong.
    """

    def __init__(self, world: World, run: Run, report: Callable[[Step], None], trouble: Trouble) -> None:
        super().__init__(cast("mocks.Mocks", None))
        self._world = world
        self._run = run
        self._stepper = Stepper(world, run, report, trouble)
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
            if not self._run.halted:
                try:
                    return self._register(urn, request)
                except (Refusal, UnknownTypeError) as error:
                    place = self._run.places.get(request.provider)
                    account = place.account if place else None
                    self._run.failures.append(Failure(urn=urn, account=account, message=str(error)))
                except Exception as error:  # noqa: BLE001 - raised again by the engine when the program has ended
                    self._run.broken = error
            return resource_pb2.RegisterResourceResponse(urn=urn, result=resource_pb2.FAIL)

    def _register(
        self, urn: str, request: resource_pb2.RegisterResourceRequest
    ) -> resource_pb2.RegisterResourceResponse:
        if urn in self._run.registered:
            raise Refusal("Duplicate resource URN", f"'{urn}'; try giving it a unique name")
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
        state = self._stepper.register(urn, self._aliases(request), request, inputs)
        return resource_pb2.RegisterResourceResponse(
            urn=urn, id=str(state.get("id", "")), object=to_struct(cast("dict[str, Any]", wire(state["outputs"])))
        )

    def RegisterResourceOutputs(self, request: resource_pb2.RegisterResourceOutputsRequest) -> empty_pb2.Empty:  # noqa: N802
        """What a component or the stack exports."""
        with self._lock:
            if not self._run.halted:
                outputs = from_struct(request.outputs)
                self._stepper.outputs(request.urn, outputs)
                if f"::{STACK}::" in request.urn:
                    self._run.outputs = outputs
        return empty_pb2.Empty()

    def Invoke(self, request: resource_pb2.ResourceInvokeRequest) -> resource_pb2.ResourceInvokeResponse:  # noqa: N802
        """A look-up in the simulated accounts."""
        with self._lock:
            if self._run.halted:
                return resource_pb2.ResourceInvokeResponse(unknown=True)
            place = self._stepper.place(request.provider, request.tok)
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
        """Delete what replacements left and what the program no longer registers."""
        self._stepper.delete_gone()

    def _aliases(self, request: resource_pb2.RegisterResourceRequest) -> Sequence[str]:
        found: list[str] = list(request.aliasURNs)
        for alias in cast("Iterable[Any]", request.aliases):
            spec = alias.spec
            parent = "" if spec.noParent else spec.parentUrn or request.parent
            found.append(alias.urn or self.make_urn(parent, spec.type or request.type, spec.name or request.name))
        return found
