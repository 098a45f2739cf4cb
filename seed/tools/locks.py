"""Locks of the builds, as the builds' machines read them: CPython 3.11 on Linux, x86_64."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import canonicalize_name, parse_wheel_filename

from tools.mistakes import ToolError

PYTHON = (3, 11)
INTERPRETER = "cp311"
PLATFORMS = (
    *(
        f"{name}_x86_64"
        for minor in range(34, 4, -1)
        # Older names of the same: PEP 599, 571 and 513.
        for name in (
            f"manylinux_2_{minor}",
            *{17: ["manylinux2014"], 12: ["manylinux2010"], 5: ["manylinux1"]}.get(minor, []),
        )
    ),
    "linux_x86_64",
)
"""Newest first. glibc 2.34 is Amazon Linux 2023's, the oldest of the images in use: CodeBuild's Ubuntu has a newer one."""

_TAGS: frozenset[Tag] = frozenset(
    [*cpython_tags(PYTHON, [INTERPRETER], PLATFORMS), *compatible_tags(PYTHON, INTERPRETER, PLATFORMS)]
)
_MARKERS: Mapping[str, str] = {
    "implementation_name": "cpython",
    "implementation_version": "3.11.0",
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_system": "Linux",
    "python_full_version": "3.11.0",
    "python_version": "3.11",
    "sys_platform": "linux",
}


@dataclass(frozen=True, kw_only=True)
class Pin:
    """One locked package.

    Attributes:
        name: Its normalised name.
        version: Its version.
        hashes: SHA-256, in hex, of its files, those for other machines included.
    """

    name: str
    version: str
    hashes: frozenset[str]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"

    @property
    def line(self) -> str:
        """The pin as a line of a requirements file, without a marker: pip would ask this machine."""
        return " ".join([f"{self.name}=={self.version}", *(f"--hash=sha256:{each}" for each in sorted(self.hashes))])


def read(lock: Path) -> list[Pin]:
    """What a build installs of a lock.

    Args:
        lock: A requirements file in which every line is `name==version`, perhaps with a marker, and its hashes.

    Raises:
        ToolError: A line is something else.
    """
    lines = lock.read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    pins = [_pin(line) for line in lines if line.strip() and not line.lstrip().startswith("#")]
    return [pin for pin in pins if pin]


def installs(wheel: str) -> bool:
    """Whether the builds' machines can install a file."""
    return wheel.endswith(".whl") and bool(parse_wheel_filename(wheel)[3] & _TAGS)


def _pin(line: str) -> Pin | None:
    text, *hashes = line.split("--hash=sha256:")
    try:
        requirement = Requirement(text.strip())
        [version] = requirement.specifier
    except ValueError:
        raise _unlocked(text) from None
    if version.operator != "==" or not hashes:
        raise _unlocked(text)
    if requirement.marker and not requirement.marker.evaluate(dict(_MARKERS)):
        return None
    return Pin(
        name=canonicalize_name(requirement.name),
        version=version.version,
        hashes=frozenset(each.strip() for each in hashes),
    )


def _unlocked(text: str) -> ToolError:
    return ToolError(
        f"{text.strip()}: is not locked. Write it as name==version with --hash=sha256:..., as the other lines of the build's requirements.txt"
    )
