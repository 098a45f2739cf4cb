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

_VERSION = 12

FRONT = "projects"
"""Folder of the templates bucket where Studio finds the S3 front's templates."""


@dataclass(frozen=True, kw_only=True)
class Version:
    """One version of a product.

    Attributes:
        name: Start of the SHA-256 of template and repository: another content is another version.
        template: The template's text.
        repository: The repository as a zip.
        seed_key: Key of that zip in the artifacts bucket.
        template_key: Key of the template there.
    """

    name: str
    template: str
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
    repository = archive(SEED / product / "repository")
    seed_key = f"seed/{product}/{hashlib.sha256(repository).hexdigest()}.zip"
    text = render(
        (SEED / product / "template.yaml").read_text(encoding="utf-8"),
        {
            **projects.tokens(environment),
            "PLATFORM_ENVIRONMENT": environment.names.prefix,
            "PLATFORM_SEED_KEY": seed_key,
            "PLATFORM_BUILDS_GROUP": "builds" if internet else "workload",
        },
    )
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Version(
        name=digest[:_VERSION],
        template=text,
        repository=repository,
        seed_key=seed_key,
        template_key=f"seed/{product}/{digest}.yaml",
    )


def render(text: str, tokens: Mapping[str, str]) -> str:
    """A template's text with values for its tokens."""
    for token, value in tokens.items():
        text = text.replace(token, value)
    return text


def archive(folder: Path) -> bytes:
    """A folder as a zip: the same bytes for the same files, whenever they were written."""
    buffer = io.BytesIO()
    paths = (path for path in folder.rglob("*") if path.suffix in _KEPT and "__pycache__" not in path.parts)
    visible = [path for path in paths if not any(part.startswith(".") for part in path.relative_to(folder).parts)]
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for path in sorted(visible):
            made.writestr(
                zipfile.ZipInfo(path.relative_to(folder).as_posix(), _EPOCH), path.read_bytes(), zipfile.ZIP_DEFLATED
            )
    return buffer.getvalue()


def single(name: str, content: bytes) -> bytes:
    """One file as a zip."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr(zipfile.ZipInfo(name, _EPOCH), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
