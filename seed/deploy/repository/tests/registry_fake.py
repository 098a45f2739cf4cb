"""moto's model registry, made to treat updates as SageMaker does.

moto forgets the approval and the metadata that an update does not give, and does not know who updates.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

from moto.sagemaker.models import ModelPackage, SageMakerModelBackend

ACCOUNT = "123456789012"

_caller = {"arn": ""}
_update = SageMakerModelBackend.update_model_package


@contextmanager
def acting(role: str, session: str) -> Iterator[None]:
    """Whoever updates a version inside is this session of this role."""
    before = _caller["arn"]
    _caller["arn"] = f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{session}"
    try:
        yield
    finally:
        _caller["arn"] = before


@contextmanager
def patched() -> Iterator[None]:
    """Updates as in SageMaker; by the release role unless told otherwise."""
    with ExitStack() as stack:
        stack.enter_context(mock.patch.object(SageMakerModelBackend, "update_model_package", _update_model_package))
        stack.enter_context(acting("sm-mlops-dev-eu-west-1-ReleaseRole", "AWSCodeBuild-1"))
        yield


def _update_model_package(self: SageMakerModelBackend, **given: Any) -> str:
    arn: str = given["model_package_arn"]
    package: ModelPackage = self.model_packages[self.model_package_name_mapping.get(arn, arn)]
    given["model_approval_status"] = given["model_approval_status"] or package.model_approval_status
    metadata = (package.customer_metadata_properties or {}, given["customer_metadata_properties"] or {})
    given["customer_metadata_properties"] = {**metadata[0], **metadata[1]}
    _update(self, **given)
    package.last_modified_by = {"IamIdentity": {"Arn": _caller["arn"]}}  # type: ignore[dict-item]
    return arn
