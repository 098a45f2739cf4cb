"""The rules for other places: one program that builds run, the same bytes for the same rules, and the files of the CloudFormation hook's function.

Deploy builds run the program over the templates that they generate (`python rules.zip TEMPLATE --config CONFIG`); its SHA-256 is published
beside it. The function has PyYAML with it, which Lambda's runtime does not have: a product's template is YAML.
"""

import hashlib
import io
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

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
    modules = {name: path.read_text(encoding="utf-8") for name, path in _modules(ROOT, "perimeter", "policy")}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in sorted({"__main__.py": _MAIN, **modules}.items()):
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), text, zipfile.ZIP_DEFLATED)
    content = buffer.getvalue()
    return Archive(content=content, sha256=hashlib.sha256(content).hexdigest())


def hook_files() -> Mapping[str, Path]:
    """Name -> file of all that the hook's function (`policy.adapters.hook.handler`) consists of, but for its configuration."""
    return dict((*_modules(ROOT, "perimeter", "policy"), *_modules(LIBRARIES, "yaml")))


def _modules(folder: Path, *packages: str) -> Iterator[tuple[str, Path]]:
    """Name and file of the modules of packages."""
    for package in packages:
        for path in sorted((folder / package).rglob("*.py")):
            name = path.relative_to(folder).as_posix()
            if name not in _LEFT_OUT:
                yield name, path
