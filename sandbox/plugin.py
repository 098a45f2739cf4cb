"""The front for the real engine: the `aws` and `aws-native` provider plugins, answered from the world.

The engine starts one process for each explicit provider and configures it with its account; all of them work in one world. This serves the
engine's gRPC protocol (`proto/pulumi/provider.proto` of pulumi/pulumi) itself: `pulumi.provider.experimental` does not hand on the old inputs
in Diff, nor a refusal without a traceback.
"""

import argparse
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any, TextIO, cast

import grpc
from google.protobuf import empty_pb2
from google.protobuf.message import Message
from pulumi.runtime.proto import plugin_pb2, provider_pb2

from sandbox.deployment import UNKNOWN, from_struct, reveal, to_struct
from sandbox.faults import CrashError, Faults, Trouble
from sandbox.kinds import kind_of
from sandbox.kinds.base import Kind
from sandbox.lookups import Lookup, answer
from sandbox.places import Place, place_of
from sandbox.refusal import Refusal, UnknownTypeError
from sandbox.service import auto_named, changes, is_auto_named, make, remove, tags_all, take_role
from sandbox.world import CHANGES, Properties, Thing, World

PACKAGES = ("aws", "aws-native")
ADDRESS = "127.0.0.1:0"
_ORPHANED_AFTER = 1.0
_ANSWERS_WITHIN = 5.0


class Plugin:
    """The provider of one account; its methods are the protocol's.

    Args:
        world: The simulated accounts.
        faults: What goes wrong; changes are counted over all plugins of the world, from `ops.engine`'s reset on.
        package: The package whose plugin it is.
    """

    def __init__(self, world: World, faults: Faults | None = None, package: str = PACKAGES[0]) -> None:
        self._world = world
        self._package = package
        self._trouble = Trouble(faults or Faults(), number=self._next_change)
        self.crashed = threading.Event()
        self._place: Place | None = None

    def get_plugin_info(self, _: empty_pb2.Empty) -> plugin_pb2.PluginInfo:
        """The version: that of the SDK, whose provider this stands in for."""
        return plugin_pb2.PluginInfo(version=version(f"pulumi-{self._package}"))

    def get_schema(self, _: provider_pb2.GetSchemaRequest) -> provider_pb2.GetSchemaResponse:
        """No schema: the sandbox knows kinds, not their properties."""
        return provider_pb2.GetSchemaResponse(schema=json.dumps({"name": self._package}))

    def cancel(self, _: empty_pb2.Empty) -> empty_pb2.Empty:
        """Nothing runs long enough to be cancelled."""
        return empty_pb2.Empty()

    def check_config(self, request: provider_pb2.CheckRequest) -> provider_pb2.CheckResponse:
        """The provider's configuration, as it was given."""
        return provider_pb2.CheckResponse(inputs=request.news)

    def diff_config(self, request: provider_pb2.DiffRequest) -> provider_pb2.DiffResponse:
        """Another region replaces the classic provider and all that it made, as with the real one (pulumi/pulumi-aws#4000); nothing else replaces one (#6385)."""
        old, new = from_struct(request.old_inputs), from_struct(request.news)
        changed = sorted(key for key in {*old, *new} if old.get(key) != new.get(key))
        replacing = "region" if self._package == PACKAGES[0] and new.get("region") != UNKNOWN else ""
        return _difference(changed, replaces=[key for key in changed if key == replacing])

    def configure(self, request: provider_pb2.ConfigureRequest) -> provider_pb2.ConfigureResponse:
        """Take the deploy role of the account."""
        place = place_of(from_struct(request.args))
        self._world.catch_up()
        take_role(self._world, place)
        self._place = place
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def check(self, request: provider_pb2.CheckRequest) -> provider_pb2.CheckResponse:
        """Inputs with what the provider fills in: a name."""
        kind = kind_of(_token(request.urn))
        inputs = auto_named(
            kind, _name(request.urn), from_struct(request.news), from_struct(request.olds), request.randomSeed
        )
        return provider_pb2.CheckResponse(inputs=to_struct(inputs))

    def diff(self, request: provider_pb2.DiffRequest) -> provider_pb2.DiffResponse:
        """What differs, whether it replaces, and whether the old thing must go first because both have one given name."""
        kind = kind_of(_token(request.urn))
        old, new = from_struct(request.old_inputs), from_struct(request.news)
        changed = changes(kind, self._configured, old, from_struct(request.olds), new)
        same_name = kind.named is not None and old.get(kind.named) == new.get(kind.named)
        return _difference(
            changed,
            replaces=[key for key in changed if key in kind.replaces],
            old_first=same_name and not is_auto_named(_name(request.urn), new.get(str(kind.named))),
        )

    def create(self, request: provider_pb2.CreateRequest) -> provider_pb2.CreateResponse:
        """A new thing; in a preview its inputs only, so that everything else is unknown."""
        kind, inputs = kind_of(_token(request.urn)), from_struct(request.properties)
        if request.preview:
            return provider_pb2.CreateResponse(properties=to_struct(self._planned(kind, {}, inputs)))
        self._trouble.before(kind.token)
        with self._world.transaction():
            thing_id, outputs = make(self._world, self._configured, kind, _name(request.urn), inputs, None)
        return provider_pb2.CreateResponse(id=thing_id, properties=to_struct(outputs))

    def read(self, request: provider_pb2.ReadRequest) -> provider_pb2.ReadResponse:
        """A thing as it is now: nothing if it is gone; inputs and outputs if it is to be imported."""
        kind = kind_of(_token(request.urn))
        self._world.catch_up()
        thing = self._find(kind, request.id)
        if thing is None:
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(
            id=thing.id,
            inputs=to_struct(_still_secret(thing.inputs, from_struct(request.inputs))),
            properties=to_struct(_still_secret(thing.outputs, from_struct(request.properties))),
        )

    def update(self, request: provider_pb2.UpdateRequest) -> provider_pb2.UpdateResponse:
        """A thing with other inputs."""
        kind, inputs = kind_of(_token(request.urn)), from_struct(request.news)
        if request.preview:
            planned = self._planned(kind, from_struct(request.olds), inputs)
            return provider_pb2.UpdateResponse(properties=to_struct(planned))
        self._trouble.before(kind.token)
        with self._world.transaction():
            thing = self._find(kind, request.id)
            if thing is None:
                raise Refusal("ResourceNotFoundException", f"{request.id} does not exist. Refresh the stack")
            _, outputs = make(self._world, self._configured, kind, _name(request.urn), inputs, thing)
        return provider_pb2.UpdateResponse(properties=to_struct(outputs))

    def delete(self, request: provider_pb2.DeleteRequest) -> empty_pb2.Empty:
        """A thing less; one that is gone already is no failure."""
        kind = kind_of(_token(request.urn))
        self._trouble.before(kind.token)
        with self._world.transaction():
            thing = self._find(kind, request.id)
            if thing is not None:
                remove(self._world, kind, thing)
        return empty_pb2.Empty()

    def invoke(self, request: provider_pb2.InvokeRequest) -> provider_pb2.InvokeResponse:
        """A look-up in the account."""
        place = self._configured
        self._world.catch_up()
        lookup = Lookup(
            world=self._world, account=place.account, region=place.region, arguments=reveal(from_struct(request.args))
        )
        try:
            found = to_struct(dict(answer(request.tok, lookup)))
        except Refusal as refusal:
            failure = provider_pb2.CheckFailure(property="", reason=str(refusal))
            return provider_pb2.InvokeResponse(failures=[failure])
        return provider_pb2.InvokeResponse(**cast("Any", {"return": found}))

    @property
    def _configured(self) -> Place:
        if self._place is None:
            raise Refusal("InvalidClientTokenId", "the provider was not configured")
        return self._place

    def _next_change(self) -> int:
        with self._world.transaction():
            return self._world.next(CHANGES)

    def _find(self, kind: Kind, thing_id: str) -> Thing | None:
        place = self._configured
        return self._world.find(place.account, kind.place(place.region), kind.token, thing_id)

    def _planned(self, kind: Kind, old: Properties, inputs: Properties) -> Properties:
        """What a preview knows of the outputs; what is missing counts as unknown."""
        tags = {"tagsAll": tags_all(self._configured, inputs)} if kind.tagged else {}
        return {**old, **inputs, **tags}


def _difference(
    changed: Sequence[str], *, replaces: Sequence[str], old_first: bool = False
) -> provider_pb2.DiffResponse:
    kind = provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE
    return provider_pb2.DiffResponse(
        changes=kind, diffs=changed, replaces=replaces, deleteBeforeReplace=bool(replaces) and old_first
    )


def _token(urn: str) -> str:
    return urn.split("::")[2].rpartition("$")[2]


def _name(urn: str) -> str:
    return urn.split("::", 3)[3]


def _still_secret(values: Properties, known: Properties) -> Properties:
    """Values as they are in the account, those that did not change in the form, secret or not, in which the state has them."""
    return {key: known[key] if key in known and reveal(known[key]) == value else value for key, value in values.items()}


def _handlers(plugin: Plugin, times: TextIO | None) -> grpc.GenericRpcHandler:
    """The protocol's methods; one that is not here is answered as unimplemented."""

    def handler(
        name: str, method: Callable[[Any], Message], request: type[Message]
    ) -> "grpc.RpcMethodHandler[Any, Any]":
        def answered(request: Message, context: grpc.ServicerContext) -> Message:
            started = time.perf_counter()
            try:
                return method(request)
            except (Refusal, UnknownTypeError) as refused:
                context.abort(grpc.StatusCode.UNKNOWN, str(refused))
            except CrashError as crash:
                plugin.crashed.set()
                context.abort(grpc.StatusCode.UNAVAILABLE, str(crash))
            finally:
                if times:
                    times.write(f"{name} {time.perf_counter() - started:.6f}\n")

        return grpc.unary_unary_rpc_method_handler(
            answered, request_deserializer=request.FromString, response_serializer=_serialized
        )

    methods = (
        ("GetPluginInfo", plugin.get_plugin_info, empty_pb2.Empty),
        ("GetSchema", plugin.get_schema, provider_pb2.GetSchemaRequest),
        ("Cancel", plugin.cancel, empty_pb2.Empty),
        ("CheckConfig", plugin.check_config, provider_pb2.CheckRequest),
        ("DiffConfig", plugin.diff_config, provider_pb2.DiffRequest),
        ("Configure", plugin.configure, provider_pb2.ConfigureRequest),
        ("Check", plugin.check, provider_pb2.CheckRequest),
        ("Diff", plugin.diff, provider_pb2.DiffRequest),
        ("Create", plugin.create, provider_pb2.CreateRequest),
        ("Read", plugin.read, provider_pb2.ReadRequest),
        ("Update", plugin.update, provider_pb2.UpdateRequest),
        ("Delete", plugin.delete, provider_pb2.DeleteRequest),
        ("Invoke", plugin.invoke, provider_pb2.InvokeRequest),
    )
    return grpc.method_handlers_generic_handler(
        "pulumirpc.ResourceProvider", {name: handler(name, method, request) for name, method, request in methods}
    )


def _serialized(message: Message) -> bytes:
    return message.SerializeToString()


def serve(plugin: Plugin, *, address: str = ADDRESS, times: TextIO | None = None) -> tuple[grpc.Server, int]:
    """Start serving; the server and its port.

    Raises:
        RuntimeError: The address is taken.
    """
    # One thread: the calls of an account are answered one after the other.
    server = grpc.server(
        ThreadPoolExecutor(max_workers=1),
        options=[("grpc.max_receive_message_length", -1), ("grpc.so_reuseport", 0)],
    )
    server.add_generic_rpc_handlers((_handlers(plugin, times),))
    port = server.add_insecure_port(address)
    server.start()
    return server, port


def main() -> int:
    """The executable: print the port, as the engine expects, and serve until the engine is gone.

    Returns:
        1 when the faults ended it, 2 when the address is taken.
    """
    parser = argparse.ArgumentParser(prog="pulumi-resource")
    parser.add_argument("--package", choices=PACKAGES, default=PACKAGES[0], help="the package whose plugin it is")
    parser.add_argument("--world", type=Path, required=True, help="the world's file")
    parser.add_argument("--address", default=ADDRESS, help="where to listen; port 0 is any that is free")
    parser.add_argument("--times", type=Path, help="where to note how long each call took")
    parser.add_argument("--faults", type=Faults.from_json, help="what goes wrong (`Faults.to_json`)")
    arguments, _ = parser.parse_known_args()
    # The engine's way to end a plugin; without a traceback.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    engine = os.getppid()
    try:
        times = arguments.times.open("a", encoding="utf-8", buffering=1) if arguments.times else None
        plugin = Plugin(World(arguments.world), arguments.faults, arguments.package)
        server, port = serve(plugin, address=arguments.address, times=times)
    except RuntimeError as error:
        sys.stderr.write(f"error: {arguments.address} cannot be listened on ({error}). Leave --address out\n")
        return 2
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    # An engine that was killed does not end its plugins.
    while not plugin.crashed.wait(_ORPHANED_AFTER) and os.getppid() == engine:
        pass
    # What was done has to reach the engine.
    server.stop(_ANSWERS_WITHIN).wait()
    return int(plugin.crashed.is_set())


if __name__ == "__main__":
    sys.exit(main())
