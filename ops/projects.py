"""`./mlops projects upload`: a project's data, put where its pipeline reads them."""

import argparse
import re
from pathlib import Path

from components.config import load
from components.names import Bucket
from ops import seed, stackfile
from ops.errors import UserError

ROOT = Path(__file__).resolve().parent.parent
PROJECT = re.compile(r"[a-z0-9](-?[a-z0-9])*")
LONGEST = 30
"""Both as SageMakerProjectName of the templates has them (seed/build_train/template.yaml)."""


def run(arguments: argparse.Namespace) -> int:
    """Check a file as the pipeline does, and upload it to the default of its parameter `InputDataUrl`.

    Returns:
        0, or 2 after one message for a mistake.

    Raises:
        UserError: The name is none of a project, the file is none, or the stack's file cannot be used.
        ConfigurationError: The stack's configuration is wrong.
    """
    name, file = arguments.project, arguments.file
    if len(name) > LONGEST or not PROJECT.fullmatch(name):
        raise UserError(
            f"--project: {name!r} is no name of a project: at most {LONGEST} lower case letters, digits and single hyphens. Give the name "
            "that Studio shows"
        )
    if not file.is_file():
        raise UserError(f"{file} is no file. Give a CSV file in the form of UCI's Abalone data")
    settings = load(stackfile.load(ROOT, arguments.stack))
    names, account = settings.names, settings.accounts.development
    where = {
        "bucket": names.bucket(Bucket.DATA, account),
        # As project.py of the build repository has it.
        "key": f"{name}/input/abalone.csv",
        "account": account,
        "region": names.region,
        "key-parameter": names.parameter("keys/data"),
    }
    return seed.tool("upload", where, file.resolve())
