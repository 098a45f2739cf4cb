"""`./mlops lifecycle`: a model's whole life on this machine, with the seed code as it is and the stack as it is rehearsed."""

import argparse
import base64
import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from components.config import load
from components.environment import Environment
from ops import rehearse, seed, stackfile
from ops.errors import UserError
from ops.progress import Progress
from policy.adapters.deployment import stack as stack_of
from policy.model import Stack

ROOT = Path(__file__).resolve().parent.parent
_BUCKET = "aws:s3/bucket:Bucket"
_OBJECT = "aws:s3/bucketObjectv2:BucketObjectv2"
_PARAMETER = "aws:ssm/parameter:Parameter"
SIMULATED = "This was a life-cycle in simulated accounts, not AWS."
SECONDS = 600

Json = dict[str, Any]


def run(arguments: argparse.Namespace) -> int:
    """Rehearse the stack, then run the life-cycle over what it made.

    Returns:
        0 when the story ended as it should, else 1.

    Raises:
        UserError: The stack or the data are wrong, or the environment could not be made.
    """
    folder = ROOT / ".sandbox" / arguments.stack / "lifecycle"
    folder.mkdir(parents=True, exist_ok=True)
    data = data_of(arguments.data, folder)
    world = world_of(arguments.stack, folder)
    status = tell(world, folder, data, *(["--single-account"] if arguments.single_account else []))
    print(f"Audit trail: {(folder / 'audit.json').relative_to(ROOT)}. {SIMULATED}")
    return 1 if status else 0


def tell(world: Path, folder: Path, data: Path, *options: str, output: IO[str] | None = None) -> int:
    """Run the story in the seed code's environment, which leaves `audit.json` in the folder.

    Args:
        world: What the rehearsed stack made, see `world_of`.
        folder: For everything that is written.
        data: The file of measurements.
        options: Of `lifecycle.story`.
        output: Where what it prints goes.

    Returns:
        Its exit status.

    Raises:
        UserError: It did not end.
    """
    command = [seed.ensure(), "-m", "lifecycle.story", world, folder, data, *options]
    try:
        done = subprocess.run(  # noqa: S603 - our own program
            command, env=environment(), check=False, timeout=SECONDS, stdout=output, stderr=output
        )
    except subprocess.TimeoutExpired:
        raise UserError(f"the life-cycle did not end in {SECONDS} s. Logs are below {folder}") from None
    return done.returncode


def environment() -> dict[str, str]:
    """Variables of the processes that run the life-cycle."""
    return seed.isolated({"PYTHONPATH": str(ROOT / "seed"), "PYTHONWARNINGS": "ignore"})


def data_of(given: Path | None, folder: Path) -> Path:
    """The file of measurements: the one given, or one that is made up, in the folder.

    Raises:
        UserError: There is no such file.
    """
    if given is not None:
        if not given.is_file():
            raise UserError(f"--data: {given} is no file. Give a CSV file in the form of UCI's Abalone data")
        return given.resolve()
    path = folder / "abalone.csv"
    made = seed.run([ROOT / "seed" / "build_train" / "repository" / "sample_data.py", path])
    if made.returncode:
        raise UserError(f"sample_data.py failed: {made.stderr.strip()}")
    return path


def world_of(stack: str, folder: Path) -> Path:
    """Rehearse a stack and write what it made, as far as the seed code sees it, into the folder.

    Raises:
        UserError: The stack is refused.
    """
    path = folder / "world.json"
    path.write_text(json.dumps(_world(stack, folder), indent=2), encoding="utf-8")
    return path


def _world(stack: str, folder: Path) -> Json:
    config = stackfile.rehearsed(ROOT, stack)
    progress = Progress()
    engine = rehearse.engine_for(folder / "stack", stack, config, progress)
    with progress.phase(f"rehearsing {stack}"):
        result = engine.up()
    if result.failures:
        raise UserError(
            f"stack {stack}: {result.failures[0].message}. Rehearse it first: ./mlops rehearse --stack {stack}"
        )
    made = stack_of(json.loads(engine.state_file.read_text(encoding="utf-8"))["deployment"]["resources"])
    of = Environment.of(load(config))
    return {
        "prefix": of.names.prefix,
        "region": of.names.region,
        "development": of.development,
        "accounts": list(of.accounts),
        "resources": {account: _account(account, made, folder) for account in of.accounts},
    }


def _account(account: str, made: Stack, folder: Path) -> Json:
    """An account's parameters, buckets and objects; the objects' contents are files below the folder."""

    def ours(token: str) -> list[Mapping[str, Any]]:
        return [each.properties for each in made.of(token) if each.provider and account in each.provider.accounts]

    return {
        "parameters": {each["name"]: each["value"] for each in ours(_PARAMETER)},
        "buckets": [each["bucket"] for each in ours(_BUCKET)],
        "objects": [[each["bucket"], each["key"], str(_file(folder, each))] for each in ours(_OBJECT)],
    }


def _file(folder: Path, made: Mapping[str, Any]) -> Path:
    """An object's content as a file."""
    path = folder / "objects" / made["key"]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(base64.b64decode(made["contentBase64"]))
    return path
