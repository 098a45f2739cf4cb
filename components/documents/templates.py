"""The projects' templates and repositories, as they are published: pure functions of the files under `seed/`."""

import hashlib
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from components.documents import projects
from components.environment import Environment

SEED = Path(__file__).resolve().parent.parent.parent / "seed"
_KEPT = (".ini", ".ipynb", ".json", ".md", ".py", ".txt", ".yml")
"""What a repository consists of; caches and what else lies about is left out."""

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip can hold: when a file was written is none of its contents."""

_UNIX, _READABLE = 3, 0o644

_VERSION = 12

FRONT = "projects"
"""Folder of the templates bucket where Studio finds the S3 front's templates."""


@dataclass(frozen=True, kw_only=True)
class Version:
    """One version of a product.

    Attributes:
        name: Start of the SHA-256 of the template, which names that of the repository: another content is another version.
        template: The template's text.
        files: What the repository consists of: path -> content.
        repository: The same as a zip.
        seed_key: Key of that zip in the artifacts bucket.
        template_key: Key of the template there.
    """

    name: str
    template: str
    files: Mapping[str, bytes]
    repository: bytes
    seed_key: str
    template_key: str


def version(environment: Environment, product: str, *, internet: bool) -> Version:
    """A product as it is now.

    Args:
        environment: The environment.
        product: Its folder under `seed/`.
        internet: Whether builds have a security group of their own (`mlops:network.internet` nat).
    """
    repository = files(SEED / product / "repository")
    seed_key = f"seed/{product}/{digest(repository)}.zip"
    text = render(
        (SEED / product / "template.yaml").read_text(encoding="utf-8"),
        {
            **projects.tokens(environment),
            "PLATFORM_ENVIRONMENT": environment.names.prefix,
            "PLATFORM_SEED_KEY": seed_key,
            "PLATFORM_BUILDS_GROUP": "builds" if internet else "workload",
        },
    )
    content = hashlib.sha256(text.encode()).hexdigest()
    return Version(
        name=content[:_VERSION],
        template=text,
        files=repository,
        repository=archive(repository),
        seed_key=seed_key,
        template_key=f"seed/{product}/{content}.yaml",
    )


def render(text: str, tokens: Mapping[str, str]) -> str:
    """A template's text with values for its tokens."""
    for token, value in tokens.items():
        text = text.replace(token, value)
    return text


def files(folder: Path) -> Mapping[str, bytes]:
    """What a repository consists of: path below its folder -> content."""
    paths = {path.relative_to(folder): path for path in folder.rglob("*") if path.suffix in _KEPT}
    return {
        name.as_posix(): path.read_bytes()
        for name, path in sorted(paths.items())
        if "__pycache__" not in name.parts and not any(part.startswith(".") for part in name.parts)
    }


def digest(contents: Mapping[str, bytes]) -> str:
    """SHA-256 of some files; not of their zip, whose bytes differ from one zlib to another."""
    found = hashlib.sha256()
    for name, content in sorted(contents.items()):
        found.update(f"{name}\0{len(content)}\0".encode() + content)
    return found.hexdigest()


def archive(contents: Mapping[str, bytes]) -> bytes:
    """Some files as a zip, which does not say when or on which system they were written."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in sorted(contents.items()):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system, entry.external_attr = _UNIX, _READABLE << 16
            made.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
