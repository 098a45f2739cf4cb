"""Names as rules read them: words, and whether they say that what they name is a secret."""

import re

_WORDS = r"passw(or)?d|passphrase|secret|token|credentials?|api_?key|access_?key(_?id)?|private_?key|signing_?key|session_?key"
_SECRET = re.compile(rf"(^|[^a-z])({_WORDS})($|[^a-z])")
_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def is_secret_name(name: str) -> bool:
    """Whether a name (`DB_PASSWORD`, `/app/apiKey`) is one of a secret; keys of KMS (`keys/data`) are none."""
    return _SECRET.search(words(name)) is not None


def words(name: str) -> str:
    """A name in small letters, its words apart (`DeployProd`: `deploy_prod`)."""
    return _BOUNDARY.sub("_", name).lower().replace("-", "_")
