"""A container image by its digest."""

import re
from typing import Any

from botocore.exceptions import ClientError
from platform_settings import StopError

_IMAGE = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.[^/]+/(?P<repository>[^:@]+)(?::(?P<tag>[^@]+))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)


def by_digest(ecr: Any, image: str, registered: str | None) -> str:
    """The address of an image by digest, which no push can change.

    What SageMaker noted when the version was registered comes first, since that is what was evaluated. Otherwise the registry is asked with
    BatchGetImage, which its owner allows together with pulling (DescribeImages it does not).

    Args:
        ecr: A client.
        image: The image as registered, usually with a tag.
        registered: Its digest then, if known.

    Raises:
        StopError: It is not in a private registry, or there is no such image.
    """
    parts = _IMAGE.fullmatch(image)
    if not parts:
        raise StopError(f"The model's image {image} is not in a private registry (ECR)")
    registry = image.partition("/")[0]
    digest = (
        parts["digest"]
        or registered
        or _look_up(ecr, parts["account"], parts["repository"], parts["tag"] or "latest", image)
    )
    return f"{registry}/{parts['repository']}@{digest}"


def _look_up(ecr: Any, account: str, repository: str, tag: str, image: str) -> str:
    try:
        answer = ecr.batch_get_image(registryId=account, repositoryName=repository, imageIds=[{"imageTag": tag}])
    except ClientError as error:
        raise StopError(
            f"The digest of {image} cannot be looked up: {error.response['Error'].get('Message', error)}"
        ) from error
    if not answer["images"]:
        raise StopError(f"There is no image {image}")
    return answer["images"][0]["imageId"]["imageDigest"]
