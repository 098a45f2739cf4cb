"""Simulated AWS for the life-cycle: moto's server with `moto_gaps`, and local processes that serve what is marked as approved."""

import itertools
import json
import logging
import re
import subprocess
import sys
import urllib.error
import urllib.request
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self
from unittest import mock
from urllib.parse import urlparse

import boto3
from botocore.config import Config
from moto.moto_api._internal.models import moto_api_backend
from moto.s3.models import s3_backends
from moto.sagemaker.models import sagemaker_backends
from moto.server import ThreadedMotoServer

from .measure import resident
from .moto_gaps import DeploymentError, extensions
from .records import Records

Json = dict[str, Any]
SERVE = Path(__file__).with_name("serving.py")


class Cloud:
    """The simulated accounts.

    Args:
        world: What the rehearsed stack made: `prefix`, `region`, `development`, `accounts`, and per account `parameters` and `buckets`.
        folder: For archives and logs.
        publish: Called with every event on a default bus.

    Attributes:
        author: Of every commit.
        skipped: Types of templates that moto leaves out.
        canaries_fail: Whether a new version's alarms go off.
        serving: Peak resident memory of the largest process that served at the end, in megabytes.
        records: What is told of projects, builds, runs and executions.
    """

    def __init__(self, world: Json, folder: Path, publish: Callable[[Json], None]) -> None:
        self.world = world
        self.region: str = world["region"]
        self.development: str = world["development"]
        self.approved_tag = f"{world['prefix']}:approved"
        self.publish = publish
        self.folder = folder
        self.servers: dict[tuple[str, str], Server] = {}
        self.author = "ada@example.com"
        self.skipped: set[str] = set()
        self.canaries_fail = False
        self.serving = 0.0
        self.records = Records()
        self._number = itertools.count(1)
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self._patches: list[Any] = []

    def __enter__(self) -> Self:
        for target, name, replacement in extensions(self):
            patch = mock.patch.object(target, name, replacement, create=True)
            patch.start()
            self._patches.append(patch)
        warnings.filterwarnings("ignore", module="moto")
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        logging.getLogger("moto").addFilter(self._skip)
        self._server.start()
        host, port = self._server.get_host_and_port()
        self.url = f"http://{host}:{port}"
        for account in self.world["accounts"]:
            self._seed(account)
        return self

    def __exit__(self, *_: object) -> None:
        self.serving = max((server.stop() for server in self.servers.values()), default=0.0)
        for patch in self._patches:
            patch.stop()
        self._server.stop()
        moto_api_backend.reset()

    def client(
        self, service: str, *, account: str | None = None, role: str = "Deployer", session: str = "lifecycle"
    ) -> Any:
        """A client of an account, as a session of a role."""
        keys = self.credentials(account or self.development, role, session)
        names = {
            "AccessKeyId": "aws_access_key_id",
            "SecretAccessKey": "aws_secret_access_key",
            "SessionToken": "aws_session_token",
        }
        given = {names[key]: value for key, value in keys.items()}
        return boto3.client(
            service, region_name=self.region, endpoint_url=self.url, config=Config(retries={"max_attempts": 1}), **given
        )

    def credentials(self, account: str, role: str, session: str) -> Mapping[str, str]:
        """Keys of a session of a role."""
        sts = boto3.client(
            "sts", region_name=self.region, endpoint_url=self.url, aws_access_key_id="x", aws_secret_access_key="x"
        )
        arn = role if role.startswith("arn:") else f"arn:aws:iam::{account}:role/{self.world['prefix']}-{role}"
        taken = sts.assume_role(RoleArn=arn, RoleSessionName=session)["Credentials"]
        return {key: taken[key] for key in ("AccessKeyId", "SecretAccessKey", "SessionToken")}

    def environment(self, account: str, role: str, session: str) -> dict[str, str]:
        """Variables with which unchanged code works in the simulated accounts."""
        keys = self.credentials(account, role, session)
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
            "AWS_SESSION_TOKEN": keys["SessionToken"],
        }

    def _seed(self, account: str) -> None:
        made = self.world["resources"][account]
        ssm, s3 = self.client("ssm", account=account), self.client("s3", account=account)
        for name, value in made["parameters"].items():
            ssm.put_parameter(Name=name, Value=value, Type="String")
        for bucket in made["buckets"]:
            s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": self.region})
            s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        for bucket, key, path in made.get("objects", []):
            s3.upload_file(path, bucket, key)

    def _skip(self, record: logging.LogRecord) -> bool:
        """What moto leaves out of a template is kept, to be told once, instead of being logged each time."""
        found = re.search(r"No Moto CloudFormation support for (\S+)", record.getMessage())
        if found:
            self.skipped.add(found[1])
        return found is None

    # Serving --------------------------------------------------------------------------------------------------------------------------

    def serve(self, account: str, endpoint: str, config: str) -> None:
        """Put a configuration's model behind an endpoint; the old one goes when the new one answers.

        Raises:
            DeploymentError: The archive is not marked as approved, or the new one does not answer or fails its alarms.
        """
        backend = sagemaker_backends[account][self.region]
        model = backend._models[backend.endpoint_configs[config].production_variants[0]["ModelName"]]
        archive = self._archive(str(model.primary_container["ModelDataUrl"]))
        server = Server(archive)
        if not server.answers() or self.canaries_fail:
            server.stop()
            raise DeploymentError(
                f"{endpoint}: the new version's alarms went off during the canary; the old version serves"
            )
        old = self.servers.pop((account, endpoint), None)
        self.servers[account, endpoint] = server
        if old:
            old.stop()

    @contextmanager
    def trusting(self) -> Iterator[None]:
        """No canary fails: what served before comes back."""
        before, self.canaries_fail = self.canaries_fail, False
        try:
            yield
        finally:
            self.canaries_fail = before

    def invoke(self, account: str, endpoint: str, body: bytes, content_type: str) -> tuple[int, str, str]:
        """An endpoint's answer: status, content type, body; what was asked and answered is captured."""
        server = self.servers.get((account, endpoint))
        if server is None:
            return (
                400,
                "application/json",
                json.dumps({"Message": f"Endpoint {endpoint} of account {account} not found."}),
            )
        status, text = server.ask(body, content_type)
        self._capture(account, endpoint, body, text, status)
        return status, "text/csv" if status == 200 else "text/plain", text

    def _archive(self, url: str) -> Path:
        place = urlparse(url)
        backend = s3_backends[self.development]["aws"]
        key = backend.get_object(place.netloc, place.path.lstrip("/"))
        if key is None:
            raise DeploymentError(f"{url} does not exist")
        tags = backend.tagger.get_tag_dict_for_resource(key.arn)
        if tags.get(self.approved_tag) != "true":
            raise DeploymentError(f"AccessDenied: {url} does not carry the tag {self.approved_tag}=true")
        path = self.folder / f"model-{next(self._number)}.tar.gz"
        path.write_bytes(key.value)
        return path

    def _capture(self, account: str, endpoint: str, body: bytes, answer: str, status: int) -> None:
        config = sagemaker_backends[account][self.region].endpoints[endpoint].data_capture_config or {}
        place = urlparse(config.get("DestinationS3Uri", ""))
        if not place.netloc or status != 200:
            return
        now = datetime.now(UTC)
        line = {
            "captureData": {"endpointInput": {"data": body.decode()}, "endpointOutput": {"data": answer}},
            "eventMetadata": {"inferenceTime": now.isoformat()},
        }
        key = f"{place.path.lstrip('/')}/{endpoint}/AllTraffic/{now:%Y/%m/%d/%H}/{next(self._number)}.jsonl"
        s3_backends[account]["aws"].put_object(place.netloc, key, json.dumps(line).encode())


class Server:
    """A local process that serves one archive."""

    def __init__(self, archive: Path) -> None:
        self._process = subprocess.Popen([sys.executable, str(SERVE), str(archive)], stdout=subprocess.PIPE, text=True)
        port = self._process.stdout.readline().strip() if self._process.stdout else ""
        self._url = f"http://127.0.0.1:{port}"

    def answers(self) -> bool:
        """Whether it says that it is healthy."""
        with suppress(OSError), urllib.request.urlopen(f"{self._url}/ping", timeout=10) as answer:
            return answer.status == 200
        return False

    def ask(self, body: bytes, content_type: str) -> tuple[int, str]:
        """Status and text of an answer."""
        request = urllib.request.Request(f"{self._url}/invocations", data=body, headers={"Content-Type": content_type})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError as error:  # it refused the rest of a body that is too large
            return 413, str(error)

    def stop(self) -> float:
        """End the process; its peak resident memory, in megabytes."""
        peak = resident(self._process.pid)
        self._process.kill()
        self._process.communicate()
        return peak
