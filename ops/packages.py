"""`./mlops packages publish`: the wheels that builds install, put into the platform's package repository."""

import argparse
from pathlib import Path

from components.config import load
from ops import seed, stackfile

ROOT = Path(__file__).resolve().parent.parent
LOCKS = tuple(ROOT / "seed" / product / "repository" / "requirements.txt" for product in ("build_train", "deploy"))


def run(arguments: argparse.Namespace) -> int:
    """Publish the locked wheels of the project templates; what is there already is left alone.

    With `mlops:packages: upstream` there is nothing to publish, and nothing is asked of AWS.

    Returns:
        0, or 2 after one message for a mistake.

    Raises:
        UserError: The stack's file cannot be used, or the seed code's environment not be made.
        ConfigurationError: The stack's configuration is wrong.
    """
    settings = load(stackfile.load(ROOT, arguments.stack))
    names = settings.names
    if settings.packages == "upstream":
        print(
            f"Nothing to publish: with mlops:packages upstream, {names.package_repository} takes packages from the public index by itself"
        )
        return 0
    where = {
        "domain": names.package_domain,
        "repository": names.package_repository,
        "account": settings.accounts.development,
        "region": names.region,
    }
    return seed.tool("publish", where, *LOCKS)
