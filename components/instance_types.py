"""Instance types that SageMaker offers, and which of them cannot have a volume key.

`data/instance-types.json` holds the enumerations of the SageMaker API as botocore ships them (`AppInstanceType`, `ProcessingInstanceType`,
`TrainingInstanceType`, `ProductionVariantInstanceType`), use -> family -> sizes; a test compares the two.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import cast

_FILE = Path(__file__).parent / "data" / "instance-types.json"

_LOCAL_STORAGE_FAMILIES = frozenset(
    [
        "g4dn",
        "g5",
        "g6",
        "g6e",
        "g7",
        "g7e",
        "p5",
        "p5e",
        "p5en",
        "p6-b200",
        "p6-b300",
        "p6e-gb200",
        "trn1",
        "trn1n",
        "trn2",
    ]
)


@cache
def instance_types(use: str) -> frozenset[str]:
    """All instance types for `studio`, `processing`, `training` or `endpoint`."""
    families = cast("Mapping[str, Mapping[str, list[str]]]", json.loads(_FILE.read_text(encoding="utf-8")))[use]
    return frozenset(f"ml.{family}.{size}" for family, sizes in families.items() for size in sizes)


def has_local_storage(instance_type: str) -> bool:
    """Whether a type has NVMe instance storage, for which SageMaker refuses `VolumeKmsKeyId`.

    Source: API reference, `ResourceConfig.VolumeKmsKeyId` ("You can't request a VolumeKmsKeyId when using an instance type with local
    storage"); EC2 user guide, instance store volumes: families whose attributes contain `d`, and the accelerated ones listed here.
    """
    family = instance_type.split(".")[1]
    generation = family.lstrip("abcdefghijklmnopqrstuvwxyz").lstrip("0123456789").split("-")[0]
    return family in _LOCAL_STORAGE_FAMILIES or "d" in generation
