"""`python -m bootstrap`: prints what must exist before the first `up`, for a stack; mistakes end with exit status 2 and one message."""

import argparse
import json
import sys
from pathlib import Path

from bootstrap import roles, template
from components.config import Settings, load
from components.mistakes import ConfigurationError
from ops import stackfile
from ops.errors import UserError

BAD_INPUT = 2
_ROOT = Path(__file__).resolve().parent.parent


def main(arguments: list[str] | None = None, root: Path = _ROOT) -> int:
    """Print what is asked for; the exit status.

    Args:
        arguments: The command line; the process's own by default.
        root: Where the stack files are.
    """
    given = _parser().parse_args(arguments)
    try:
        settings = load(stackfile.load(root, given.stack))
        built = _build(settings, given)
    except (ConfigurationError, UserError) as error:
        sys.stderr.write(f"error: {error}\n")
        return BAD_INPUT
    json.dump(built, sys.stdout, indent=1)
    sys.stdout.write("\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="python -m bootstrap", description=__doc__)
    top.add_argument("--stack", default="dev", help="the stack (default: dev)")
    commands = top.add_subparsers(dest="command", required=True)
    commands.add_parser("account", help="CloudFormation template of every account of the environment")
    commands.add_parser("organization", help="CloudFormation template of the organisation's account")
    handed = commands.add_parser("roles", help="documents of an account's roles, for mlops:roles.create: false")
    handed.add_argument("--account", required=True, help="the account")
    handed.add_argument("--subnet", action="append", default=[], help="a private subnet of it; repeat")
    handed.add_argument("--security-group", action="append", default=[], help="its workload group; repeat")
    handed.add_argument("--data-key", help="ARN of its data key")
    handed.add_argument("--storage-key", help="ARN of its storage key")
    handed.add_argument("--studio-endpoint", action="append", default=[], help="its SageMaker API endpoint; repeat")
    return top


def _build(settings: Settings, given: argparse.Namespace) -> object:
    match given.command:
        case "account":
            return template.account(settings)
        case "organization":
            return template.organization(settings)
        case _:
            if given.account not in settings.all_accounts:
                raise UserError(
                    f"--account: {given.account!r} is not in the stack. It has {', '.join(settings.all_accounts)}"
                )
            made = roles.Made(
                subnet_ids=given.subnet,
                security_group_ids=given.security_group,
                data_key=given.data_key,
                storage_key=given.storage_key,
                studio_endpoint_ids=given.studio_endpoint,
            )
            return roles.documents(settings, given.account, made)


if __name__ == "__main__":
    sys.exit(main())
