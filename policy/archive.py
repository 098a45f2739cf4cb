"""The rules as zips, the same bytes for the same rules: a program that builds run, and the function of the CloudFormation hook.

Deploy builds run the program over the templates that they generate (`python rules.zip TEMPLATE --config CONFIG`); its SHA-256 is published
beside it. The function brings its configuration, and PyYAML, which Lambda's runtime does not have: a product's template is YAML.
"""

import hashlib
import io
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from policy.adapters.hook import CONFIGURATION

ROOT = Path(__file__).resolve().parent.parent
LIBRARIES = Path(yaml.__file__).resolve().parent.parent
_MAIN = "import sys\nfrom policy.template import main\nsys.exit(main())\n"
_LEFT_OUT = (
    "policy/__main__.py",
    "policy/archive.py",
    "policy/adapters/crossguard.py",
    "policy/adapters/deployment.py",
)
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip can hold: when a file was written is none of its contents."""


@dataclass(frozen=True, kw_only=True)
class Archive:
    """A zip's bytes, and their SHA-256 in hexadecimal."""

    content: bytes
    sha256: str


def build() -> Archive:
    """The program of the rules as they are in this tree."""
    return _zipped({"__main__.py": _MAIN, **dict(_texts(ROOT, "perimeter", "policy"))})


def hook(configuration: str) -> Archive:
    """The function of the hook (`policy.adapters.hook.handler`).

    Args:
        configuration: The rules' configuration, as it is published.
    """
    return _zipped(
        {
            CONFIGURATION: configuration,
            **dict(_texts(ROOT, "perimeter", "policy")),
            **dict(_texts(LIBRARIES, "yaml")),
        }
    )


def _texts(folder: Path, *packages: str) -> Iterator[tuple[str, str]]:
    """Name and text of the modules of packages."""
    for package in packages:
        for path in sorted((folder / package).rglob("*.py")):
            name = path.relative_to(folder).as_posix()
            if name not in _LEFT_OUT:
                yield name, path.read_text(encoding="utf-8")


def _zipped(files: Mapping[str, str]) -> Archive:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), text, zipfile.ZIP_DEFLATED)
    content = buffer.getvalue()
    return Archive(content=content, sha256=hashlib.sha256(content).hexdigest())
