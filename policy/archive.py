"""The rules as one program: a zip that Python runs, the same bytes for the same rules.

Deploy builds run it over the templates that they generate (`python rules.zip TEMPLATE --config CONFIG`); its SHA-256 is published beside it.
"""

import hashlib
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
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
    """The program's bytes, and their SHA-256 in hexadecimal."""

    content: bytes
    sha256: str


def build() -> Archive:
    """The archive of the rules as they are in this tree."""
    files = {"__main__.py": _MAIN}
    for package in ("perimeter", "policy"):
        for path in sorted((ROOT / package).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if name not in _LEFT_OUT:
                files[name] = path.read_text(encoding="utf-8")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), text, zipfile.ZIP_DEFLATED)
    content = buffer.getvalue()
    return Archive(content=content, sha256=hashlib.sha256(content).hexdigest())
