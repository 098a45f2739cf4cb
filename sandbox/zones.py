"""Availability zones of the simulated regions, as an account of today sees them.

Sources: the AWS Regions and Availability Zones guide ("AWS Availability Zones": ids, and what newer accounts see), and the names of
`AVAILABILITY_ZONES` in cfn-lint. Tokyo's az3 is closed to new accounts, which see a, c and d there.
"""

from collections.abc import Mapping

_USUAL = "a1 b2 c3"
_FOUR = "a1 b2 c3 d4"
_OTHERS: Mapping[str, str] = {
    "ap-northeast-1": "a4 c1 d2",
    "ap-northeast-2": _FOUR,
    "ca-central-1": "a1 b2 d4",
    "eu-west-2": _FOUR,
    "us-east-1": "a1 b2 c3 d4 e5 f6",
    "us-west-1": "a1 c3",
    "us-west-2": _FOUR,
}
"""Region -> letter of the name and number of the id, where there are not the usual three."""


def zone_names(region: str) -> list[str]:
    """Names of a region's zones (`eu-west-1a`)."""
    return [f"{region}{letter}" for letter, _ in _zones(region)]


def zone_ids(region: str) -> list[str]:
    """Their ids, the same in all accounts (`euw1-az1`)."""
    area, direction, number = region.rsplit("-", 2)
    short = {"north": "n", "south": "s", "east": "e", "west": "w", "central": "c"}
    compass = "".join(short[part] for part in _compass(direction))
    return [f"{area.replace('-', '')}{compass}{number}-az{zone}" for _, zone in _zones(region)]


def _zones(region: str) -> list[str]:
    return _OTHERS.get(region, _USUAL).split()


def _compass(direction: str) -> list[str]:
    for first in ("north", "south"):
        if direction.startswith(first) and direction != first:
            return [first, direction.removeprefix(first)]
    return [direction]
