"""Mistakes that a user can mend, and AWS's errors in those words."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import boto3
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError
from botocore.parsers import ResponseParserError

BAD_INPUT = 2
INTERRUPTED = 130
_SIGN_IN = "Sign in (`aws sso login`, AWS_PROFILE or AWS_ACCESS_KEY_ID ...), then run it again"
_EXPIRED = (
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "RequestExpired",
    "UnrecognizedClientException",
)
_DENIED = ("AccessDenied", "AccessDeniedException", "403")


class ToolError(Exception):
    """A mistake that the user can mend; the text is the whole message."""


def run(program: Callable[[], None]) -> int:
    """Run a program to its end.

    Args:
        program: It raises ToolError for what the user can mend.

    Returns:
        Its exit status: 2 with one message for a mistake.
    """
    try:
        program()
    except ToolError as error:
        sys.stderr.write(f"error: {error}\n")
        return BAD_INPUT
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


@contextmanager
def explained(what: str, denied: str) -> Iterator[None]:
    """Say AWS's errors as mistakes.

    Args:
        what: What was asked for, and where.
        denied: What to do when it was denied.

    Raises:
        ToolError: There are no credentials, they have expired, the request was denied or failed.
    """
    try:
        yield
    except NoCredentialsError:
        raise ToolError(f"{what}: there are no AWS credentials. {_SIGN_IN}") from None
    except ClientError as error:
        code, text = error.response["Error"].get("Code", ""), error.response["Error"].get("Message", "")
        if code in _EXPIRED:
            raise ToolError(f"{what}: the AWS credentials are not valid or not any more ({code}). {_SIGN_IN}") from None
        if code in _DENIED:
            raise ToolError(f"{what}: denied ({text}). {denied}") from None
        raise ToolError(f"{what}: {code}: {text}. Mend it, then run it again") from None
    except (BotoCoreError, ResponseParserError) as error:
        # An SSO session that ended, a profile that is not there, an endpoint that does not answer, a proxy that does in its place.
        text = " ".join(str(error).split())[:300].rstrip(".")
        raise ToolError(f"{what}: {text}. Mend the connection or the profile, then run it again") from None


def session(region: str) -> boto3.Session:
    """The caller's session.

    Raises:
        ToolError: The caller's profile does not exist.
    """
    with explained("AWS session", ""):
        return boto3.Session(region_name=region)


def require_account(caller: boto3.Session, account: str) -> None:
    """Refuse the credentials of another account, which has nothing of what is asked for.

    Raises:
        ToolError: They are of another account, or none.
    """
    with explained("AWS credentials", "Ask for sts:GetCallerIdentity"):
        identity = caller.client("sts").get_caller_identity()
    if identity["Account"] != account:
        raise ToolError(
            f"AWS credentials: {identity['Arn']} is of account {identity['Account']}; the stack's development account is {account}. "
            "Sign in there (AWS_PROFILE), then run it again"
        )
