"""Instance types as rules see them."""

_LOCAL_STORAGE_FAMILIES = frozenset(
    "g4dn g5 g6 g6e g7 g7e p5 p5e p5en p6-b200 p6-b300 p6e-gb200 trn1 trn1n trn2".split()  # noqa: SIM905 - one line
)


def has_local_storage(instance_type: str) -> bool:
    """Whether a type (`ml.g5.xlarge`) has NVMe instance storage, which the hardware encrypts and SageMaker refuses a key for.

    Source: API reference, CreateEndpointConfig, `KmsKeyId`; EC2 user guide, instance store volumes: families whose attributes contain `d`,
    and the accelerated ones listed here. `components.instance_types` says the same to the program; a test compares the two.
    """
    family = [*instance_type.split("."), ""][1]
    generation = family.lstrip("abcdefghijklmnopqrstuvwxyz").lstrip("0123456789").split("-")[0]
    return family in _LOCAL_STORAGE_FAMILIES or "d" in generation
