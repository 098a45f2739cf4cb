"""Availability zones of the simulated regions."""

import pytest

from sandbox.zones import zone_ids, zone_names


@pytest.mark.parametrize(
    ("region", "names", "ids"),
    [
        ("eu-west-1", "a b c", "euw1-az1 euw1-az2 euw1-az3"),
        ("us-east-1", "a b c d e f", "use1-az1 use1-az2 use1-az3 use1-az4 use1-az5 use1-az6"),
        ("us-west-1", "a c", "usw1-az1 usw1-az3"),
        ("ca-central-1", "a b d", "cac1-az1 cac1-az2 cac1-az4"),
        ("ap-northeast-1", "a c d", "apne1-az4 apne1-az1 apne1-az2"),
        ("ap-southeast-2", "a b c", "apse2-az1 apse2-az2 apse2-az3"),
    ],
)
def test_a_region_has_its_zones(region: str, names: str, ids: str) -> None:
    assert zone_names(region) == [f"{region}{letter}" for letter in names.split()]
    assert zone_ids(region) == ids.split()
