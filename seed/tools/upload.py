"""Upload a project's data: checked as the pipeline's first step checks them, encrypted with the environment's data key.

The check is the first step's own code (`build_train/repository/steps/process.py`), so that what is taken here is taken there.
Sources: S3 API reference, `PutObject`; the bucket's policy is `data` of components/documents/buckets.py.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

from tools import mistakes
from tools.mistakes import ToolError, explained

sys.path.append(str(Path(__file__).resolve().parent.parent / "build_train" / "repository" / "steps"))

from process import DataError, read, split

_WHERE = (
    "Storage answers only through the environment's own endpoints, and to roles that may write there: upload it in Studio with the notebook "
    "sagemaker-pipelines-project.ipynb, or run this in the environment's network with a role of mlops:dataProducers"
)


def check(path: Path) -> int:
    """Rows of a file that the first step takes.

    Raises:
        ToolError: It does not take it; row and column are named.
    """
    try:
        rows = read(path)
        # Whether every part gets a row does not depend on the seed.
        split(rows, seed=1)
    except DataError as error:
        raise ToolError(str(error)) from None
    return len(rows)


def data_key(ssm: Any, parameter: str) -> str:
    """ARN of the data key.

    Args:
        ssm: An SSM client of the development account.
        parameter: Name of its parameter.

    Raises:
        ToolError: It is not there, or the caller may not read it.
    """
    what = f"SSM parameter {parameter}"
    with explained(what, "Use a role that may read it, such as a Studio role"):
        try:
            return ssm.get_parameter(Name=parameter)["Parameter"]["Value"]
        except ssm.exceptions.ParameterNotFound:
            raise ToolError(f"{what}: is missing. Sign in to the development account; deploy the stack first") from None


def put(s3: Any, path: Path, *, bucket: str, key: str, account: str, key_arn: str) -> str:
    """Upload a file in one request, which producers may make.

    Args:
        s3: An S3 client.
        path: The file.
        bucket: The data bucket.
        key: Where in it.
        account: Id of the account that must own the bucket.
        key_arn: The data key.

    Returns:
        The object's version.

    Raises:
        ToolError: It was refused.
    """
    with path.open("rb") as body, explained(f"s3://{bucket}/{key}", _WHERE):
        made = s3.put_object(
            Bucket=bucket,
            Key=key,
            Body=body,
            ContentType="text/csv",
            ChecksumAlgorithm="SHA256",
            ExpectedBucketOwner=account,
            ServerSideEncryption="aws:kms",
            SSEKMSKeyId=key_arn,
            BucketKeyEnabled=True,
        )
    return made["VersionId"]


def main() -> None:
    """Check and upload the file of the arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bucket", required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--account", required=True)
    parser.add_argument("--region", required=True)
    parser.add_argument("--key-parameter", required=True)
    parser.add_argument("file", type=Path)
    arguments = parser.parse_args()
    rows = check(arguments.file)
    with explained("AWS session", _WHERE):
        session = mistakes.session(arguments.region)
        ssm, s3 = session.client("ssm"), session.client("s3")
    version = put(
        s3,
        arguments.file,
        bucket=arguments.bucket,
        key=arguments.key,
        account=arguments.account,
        key_arn=data_key(ssm, arguments.key_parameter),
    )
    print(f"{rows} rows in s3://{arguments.bucket}/{arguments.key}, version {version}")


if __name__ == "__main__":
    sys.exit(mistakes.run(main))
