"""`./mlops bootstrap`: the CloudFormation templates of what must exist before the first `up`; who applies them is in `docs/first-day.md`."""

import argparse
import json
import re
import sys
from pathlib import Path

from bootstrap import pipeline, roles, template
from components.config import Settings, load
from components.documents import DocumentTooLargeError
from ops import stackfile
from ops.errors import UserError

ROOT = Path(__file__).resolve().parent.parent
DIRECT = 51_200
"""Bytes of a template that CloudFormation takes directly; a larger one goes through a bucket (`--s3-bucket`), up to 1 MB."""

_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")
_PROJECT = re.compile(r"[\w.-]+(/[\w.-]+)+")
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/*-]+")


def run(arguments: argparse.Namespace) -> int:
    """Print the template.

    Raises:
        ConfigurationError: The stack's configuration is wrong.
        UserError: The command line is, or a document does not fit.
    """
    settings = load(stackfile.load(ROOT, arguments.stack))
    try:
        built = _build(settings, arguments)
    except DocumentTooLargeError as error:
        raise UserError(f"{error}. Name fewer accounts, instance types or principals") from None
    readable = json.dumps(built, indent=1)
    # Spaces only where they do not cost the direct way.
    sys.stdout.write(readable if len(readable.encode()) <= DIRECT else json.dumps(built, separators=(",", ":")))
    sys.stdout.write("\n")
    return 0


def _build(settings: Settings, given: argparse.Namespace) -> template.Template:
    match given.what:
        case "account":
            return template.account(settings)
        case "organization":
            return template.organization(settings)
        case "pipeline":
            return _pipeline(settings, given)
        case _:
            return _roles(settings, given)


def _pipeline(settings: Settings, given: argparse.Namespace) -> template.Template:
    if given.github and given.gitlab:
        raise UserError("--github and --gitlab: are both given. A template is for one of them")
    if not (given.github or given.gitlab or given.principal):
        raise UserError("pipeline: nobody deploys. Give --github OWNER/NAME, --gitlab GROUP/NAME or --principal ARN")
    _check("--github", given.github, _REPOSITORY, "owner/name")
    _check("--gitlab", given.gitlab, _PROJECT, "group/name")
    for option, arns in (("--principal", given.principal), ("--engineer", given.engineer)):
        for arn in arns:
            _check(option, arn, _ROLE, "arn:aws:iam::<account>:role/<name>")
    issuer = pipeline.github(given.github, given.stack) if given.github else None
    if given.gitlab:
        issuer = pipeline.gitlab(given.gitlab, given.gitlab_host)
    return pipeline.template(
        settings,
        issuer=issuer,
        principals=given.principal,
        engineers=given.engineer,
        create_provider=not given.existing_provider,
    )


def _roles(settings: Settings, given: argparse.Namespace) -> template.Template:
    if given.account not in settings.all_accounts:
        known = ", ".join(settings.all_accounts)
        raise UserError(f"--account: {given.account or 'none'} is not in the stack. It has {known}")
    made = roles.Made(
        subnet_ids=given.subnet,
        security_group_ids=given.security_group,
        data_key=given.data_key,
        storage_key=given.storage_key,
        studio_endpoint_ids=given.studio_endpoint,
    )
    return roles.template(settings, given.account, made)


def _check(option: str, value: str | None, pattern: "re.Pattern[str]", form: str) -> None:
    if value and not pattern.fullmatch(value):
        raise UserError(f"{option}: {value!r} is not of the form {form}")
