"""The function behind the custom resources of the project templates; runs in Lambda, with what its runtime brings.

`RepositoryName` attaches the approval rule of main, which no CloudFormation type does; with `SeedKey` it offers that seed code on a branch of its
own. `ModelPackageGroupName` refuses a group that does not exist, or that is not of this environment. It always answers: a stack that gets no answer waits for an hour. An answer that cannot be
put is an error of the function, which Lambda then runs again (twice, as for every asynchronous call); all of it can be done again.

Source: CloudFormation user guide, "Custom resource request and response objects".
"""

import hashlib
import json
import logging
import os
import urllib.request
from pathlib import Path
from typing import Any

import boto3

ENVIRONMENT_TAG = "mlops:environment"
_LOG = logging.getLogger(__name__)
_ABSENT = ("ResourceNotFound", "ValidationException")
_LONGEST = 1_000  # an answer has 4,096 bytes
_HERE = Path(__file__).parent
MAIN, SEED = "main", "seed"


class RefusedError(Exception):
    """What was asked for is refused; the text is shown in the stack's events."""


def handler(event: dict[str, Any], context: Any) -> None:  # noqa: ANN401 - Lambda's own
    """Answer one request of CloudFormation."""
    answer = {
        "Status": "SUCCESS",
        "PhysicalResourceId": event.get("PhysicalResourceId") or event["LogicalResourceId"],
        **{key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")},
    }
    try:
        if event["RequestType"] != "Delete":  # the rule goes with its repository, and a group is only looked at
            answer["PhysicalResourceId"] = serve(event["ResourceProperties"])
    except RefusedError as refused:
        answer |= {"Status": "FAILED", "Reason": str(refused)}
    except Exception as error:  # noqa: BLE001 - whatever it is, the stack has to hear of it
        _LOG.exception("%s of %s", event["RequestType"], event["LogicalResourceId"])
        reason = f"{type(error).__name__}: {error}"[:_LONGEST]
        answer |= {"Status": "FAILED", "Reason": f"{reason}. Log: {context.log_stream_name}"}
    send(event["ResponseURL"], answer)


def serve(properties: dict[str, str]) -> str:
    """Do what is asked; what it was done to.

    Raises:
        RefusedError: In words.
    """
    if "SeedKey" in properties:
        return offer(properties["RepositoryName"], properties["SeedKey"])
    if "RepositoryName" in properties:
        name = properties["RepositoryName"]
        boto3.client("codecommit").associate_approval_rule_template_with_repository(
            approvalRuleTemplateName=os.environ["APPROVAL_RULE_TEMPLATE"], repositoryName=name
        )
        return name
    if "ModelPackageGroupName" in properties:
        return check_group(properties["ModelPackageGroupName"])
    raise RefusedError("Neither RepositoryName nor ModelPackageGroupName is given")


def offer(repository: str, key: str) -> str:
    """Have a seed on the repository's branch of seeds; the repository.

    That branch begins where main did, with the first seed, so that a merge of a later one keeps what the project has changed since. A seed that
    does not come with this function is another version's, whose own function has offered it.
    """
    client = boto3.client("codecommit")
    try:
        head = client.get_branch(repositoryName=repository, branchName=SEED)["branch"]["commitId"]
    except client.exceptions.BranchDoesNotExistException:
        head = client.get_branch(repositoryName=repository, branchName=MAIN)["branch"]["commitId"]
        client.create_branch(repositoryName=repository, branchName=SEED, commitId=head)
    folder = _HERE / key.removesuffix(".zip")
    wanted = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    found = _blobs(client, repository, head, "/")
    changed = [
        {"filePath": path, "fileContent": text} for path, text in wanted.items() if found.get(path) != _blob(text)
    ]
    gone = [{"filePath": path} for path in found if path not in wanted]
    if wanted and (changed or gone):
        client.create_commit(
            repositoryName=repository,
            branchName=SEED,
            parentCommitId=head,
            authorName="MLOps platform",
            commitMessage=f"Seed code {Path(key).stem[:12]} of the project template",
            putFiles=changed,
            deleteFiles=gone,
        )
    return repository


def _blobs(client: Any, repository: str, commit: str, folder: str) -> dict[str, str]:  # noqa: ANN401 - a client
    """Path -> id of all files of a commit."""
    found = client.get_folder(repositoryName=repository, commitSpecifier=commit, folderPath=folder)
    files = {each["absolutePath"].lstrip("/"): each["blobId"] for each in found["files"]}
    for each in found["subFolders"]:
        files |= _blobs(client, repository, commit, each["absolutePath"])
    return files


def _blob(content: bytes) -> str:
    """Git's id of a file."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()  # noqa: S324 - git's own


def check_group(name: str) -> str:
    """A group's name, if it is one of this environment.

    Raises:
        RefusedError: In words.
    """
    client = boto3.client("sagemaker")
    remedy = (
        "Use the ModelPackageGroupName that a project of the template MLOps Model Build Train has among its outputs"
    )
    try:
        arn = client.describe_model_package_group(ModelPackageGroupName=name)["ModelPackageGroupArn"]
    except client.exceptions.ClientError as error:
        if error.response["Error"]["Code"] not in _ABSENT:
            raise
        raise RefusedError(f"There is no model package group {name}. {remedy}") from None
    tags = {tag["Key"]: tag["Value"] for tag in client.list_tags(ResourceArn=arn)["Tags"]}
    if tags.get(ENVIRONMENT_TAG) != os.environ["ENVIRONMENT"]:
        raise RefusedError(f"The model package group {name} is not of {os.environ['ENVIRONMENT']}. {remedy}")
    return name


def send(url: str, answer: dict[str, Any]) -> None:
    """Put an answer where CloudFormation waits for it."""
    request = urllib.request.Request(url, data=json.dumps(answer).encode(), method="PUT", headers={"Content-Type": ""})  # noqa: S310 - CloudFormation's own
    with urllib.request.urlopen(request, timeout=30):  # noqa: S310
        pass
