"""Exactly the locked wheels are published, each once; a mistake is one message and exit status 2."""

import hashlib
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from codeartifact_fake import ACCOUNT, DOMAIN, REPOSITORY, Fake, serve

from tools import mistakes, publish

PURE = "py3-none-any"
BUILDS = "cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64"
OTHER = "cp311-cp311-macosx_11_0_arm64"

pytestmark = pytest.mark.usefixtures("credentials")


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[Fake]:
    fake = Fake()
    with serve(fake):
        monkeypatch.setenv("AWS_ENDPOINT_URL", fake.url)
        yield fake


class World:
    """An index of wheels, and locks over them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.index = folder / "index"
        self.index.mkdir()
        self.locks = [folder / "build.txt", folder / "deploy.txt"]
        for lock in self.locks:
            lock.touch()

    def wheel(self, name: str, version: str, tag: str = PURE) -> str:
        """A wheel in the index: its hash."""
        path = self.index / f"{name.replace('-', '_')}-{version}-{tag}.whl"
        about = f"{path.name.partition(f'-{tag}')[0]}.dist-info"
        with zipfile.ZipFile(path, "w") as file:
            file.writestr(f"{about}/METADATA", f"Metadata-Version: 2.5\nName: {name}\nVersion: {version}\n")
            file.writestr(f"{about}/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n")
            file.writestr(f"{about}/RECORD", "")
        return hashlib.sha256(path.read_bytes()).hexdigest()

    def lock(self, which: int, pin: str, *hashes: str) -> None:
        with self.locks[which].open("a", encoding="utf-8") as file:
            file.write(" \\\n".join([pin, *(f"    --hash=sha256:{each}" for each in hashes)]) + "\n    # via b\n")

    def publish(self) -> int:
        sys.argv = ["publish", f"--domain={DOMAIN}", f"--repository={REPOSITORY}", f"--account={ACCOUNT}"]
        sys.argv += ["--region=eu-west-1", *map(str, self.locks)]
        return mistakes.run(publish.main)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(sys, "argv", sys.argv)
    return World(tmp_path)


def two(world: World) -> tuple[str, str]:
    """A pure wheel and one for the builds' machines, locked with the hashes of other machines' too."""
    pure, built = world.wheel("pure-one", "1.0"), world.wheel("built", "2.1", BUILDS)
    other = world.wheel("built", "2.1", OTHER)
    world.lock(0, "pure-one==1.0", pure)
    world.lock(0, "built==2.1", built, other)
    world.lock(1, "pure-one==1.0", pure)
    return pure, built


def test_the_builds_wheels_are_published_and_a_second_run_uploads_nothing(
    world: World, fake: Fake, capfd: pytest.CaptureFixture[str]
) -> None:
    pure, built = two(world)
    assert world.publish() == 0
    assert fake.assets == {
        ("pure-one", "1.0"): {f"pure_one-1.0-{PURE}.whl": pure},
        ("built", "2.1"): {f"built-2.1-{BUILDS}.whl": built},
    }
    said = capfd.readouterr().out
    for line in ("2 wheels are locked, 0 are there", "downloading 2 of 2: built-2.1", "uploading 2 of 2: pure_one-1.0"):
        assert line in said
    assert world.publish() == 0
    assert len(fake.fields) == 2
    assert "2 wheels are locked, 2 are there already\n0 published" in capfd.readouterr().out


def test_what_is_missing_is_published_after_an_interruption(world: World, fake: Fake) -> None:
    pure, _ = two(world)
    fake.assets["pure-one", "1.0"] = {f"pure_one-1.0-{PURE}.whl": pure}
    assert world.publish() == 0
    assert [each["name"] for each in fake.fields] == ["built"]


def test_another_machines_wheel_does_not_count(world: World, fake: Fake) -> None:
    _, built = two(world)
    other = hashlib.sha256((world.index / f"built-2.1-{OTHER}.whl").read_bytes()).hexdigest()
    fake.assets["built", "2.1"] = {f"built-2.1-{OTHER}.whl": other}
    assert world.publish() == 0
    assert built in fake.assets["built", "2.1"].values()


def test_markers_are_the_builds_not_this_machines(world: World, fake: Fake) -> None:
    world.lock(0, "old==1.0 ; python_full_version >= '3.12'", world.wheel("old", "1.0"))
    world.lock(0, "win==1.0 ; sys_platform == 'win32'", world.wheel("win", "1.0"))
    world.lock(0, "lin==1.0 ; sys_platform == 'linux' and python_full_version < '3.12'", world.wheel("lin", "1.0"))
    assert world.publish() == 0
    assert set(fake.assets) == {("lin", "1.0")}


def test_two_locks_may_have_two_versions(world: World, fake: Fake) -> None:
    world.lock(0, "a==1.0", world.wheel("a", "1.0"))
    world.lock(1, "a==2.0", world.wheel("a", "2.0"))
    assert world.publish() == 0
    assert set(fake.assets) == {("a", "1.0"), ("a", "2.0")}


def _published_by_another(world: World, fake: Fake) -> None:
    fake.assets["pure-one", "1.0"] = {f"pure_one-1.0-{PURE}.whl": "0" * 64}


def _expired(world: World, fake: Fake) -> None:
    fake.refuse("/", 403, "ExpiredToken")


def _foreign(world: World, fake: Fake) -> None:
    fake.account = "999999999999"


def _no_repository(world: World, fake: Fake) -> None:
    fake.refuse("/v1/repository/endpoint", 404, "ResourceNotFoundException", resourceType="repository")


def _no_domain(world: World, fake: Fake) -> None:
    fake.refuse("/v1/package/version/assets", 404, "ResourceNotFoundException", resourceType="domain")


def _may_not_list(world: World, fake: Fake) -> None:
    fake.refuse("/v1/package/version/assets", 403, "AccessDeniedException")


def _may_not_sign_in(world: World, fake: Fake) -> None:
    fake.refuse("/v1/authorization-token", 403, "AccessDeniedException")


def _may_not_publish(world: World, fake: Fake) -> None:
    fake.refuse(f"/pypi/{REPOSITORY}/", 403, "")


def _lost_a_race(world: World, fake: Fake) -> None:
    fake.refuse(f"/pypi/{REPOSITORY}/", 409, "")


def _refused(world: World, fake: Fake) -> None:
    fake.refuse(f"/pypi/{REPOSITORY}/", 400, "")


def _not_in_the_index(world: World, fake: Fake) -> None:
    (world.index / f"built-2.1-{BUILDS}.whl").unlink()


def _other_hash_in_the_index(world: World, fake: Fake) -> None:
    with zipfile.ZipFile(world.index / f"built-2.1-{BUILDS}.whl", "a") as file:
        file.writestr("more.py", "")


def _no_hash(world: World, fake: Fake) -> None:
    world.lock(1, "bare==1.0")


def _no_version(world: World, fake: Fake) -> None:
    world.lock(1, "bare>=1.0", "0" * 64)


def _an_option(world: World, fake: Fake) -> None:
    world.lock(1, "--no-index")


MISTAKES: dict[Callable[[World, Fake], None], list[str]] = {
    _published_by_another: ["pure-one 1.0", f"SHA-256 {'0' * 64}", "mlops:breakGlassRoles"],
    _expired: ["AWS credentials", "ExpiredToken", "Sign in"],
    _foreign: ["999999999999", ACCOUNT, "AWS_PROFILE"],
    _no_repository: [REPOSITORY, ACCOUNT, "eu-west-1", "pulumi up"],
    _no_domain: [REPOSITORY, ACCOUNT, "pulumi up"],
    _may_not_list: [REPOSITORY, "denied", "PlatformAdministrator"],
    _may_not_sign_in: [DOMAIN, "denied", "PlatformAdministrator"],
    _may_not_publish: [f"built-2.1-{BUILDS}.whl", "denied", "PlatformAdministrator"],
    _lost_a_race: [f"built-2.1-{BUILDS}.whl", "409", "run it again"],
    _refused: [f"built-2.1-{BUILDS}.whl", "400", "run it again"],
    _not_in_the_index: ["the package index", "built==2.1", "PIP_INDEX_URL"],
    _no_hash: ["bare==1.0: is not locked", "--hash=sha256"],
    _no_version: ["bare>=1.0: is not locked"],
    _an_option: ["--no-index: is not locked"],
    _other_hash_in_the_index: ["the package index", "built==2.1", "HASHES", "PIP_INDEX_URL"],
}


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.__name__.strip("_"))
def test_a_mistake_is_one_message(
    mistake: Callable[[World, Fake], None], world: World, fake: Fake, capfd: pytest.CaptureFixture[str]
) -> None:
    two(world)
    mistake(world, fake)
    assert world.publish() == mistakes.BAD_INPUT
    [message] = capfd.readouterr().err.splitlines()
    for part in ["error: ", *MISTAKES[mistake]]:
        assert part in message
    assert not fake.fields


def test_no_credentials_are_one_message(
    world: World, fake: Fake, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    assert world.publish() == mistakes.BAD_INPUT
    [message] = capfd.readouterr().err.splitlines()
    assert "there are no AWS credentials. Sign in" in message


def test_an_unknown_profile_is_one_message(
    world: World, fake: Fake, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    assert world.publish() == mistakes.BAD_INPUT
    [message] = capfd.readouterr().err.splitlines()
    assert "profile (nobody) could not be found" in message
