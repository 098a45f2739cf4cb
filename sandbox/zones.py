"""Availability zones of the simulated regions: three each, as most of AWS's regions have, a fourth where a stack asks for it."""

ZONES = ("a", "b", "c", "d")


def zone_names(region: str) -> list[str]:
    """Names of a region's zones (`eu-west-1a`)."""
    return [f"{region}{letter}" for letter in ZONES]


def zone_ids(region: str) -> list[str]:
    """Their ids, the same in all accounts (`euw1-az1`)."""
    area, direction, number = region.rsplit("-", 2)
    short = {"north": "n", "south": "s", "east": "e", "west": "w", "central": "c"}
    compass = "".join(short[part] for part in _compass(direction))
    return [f"{area.replace('-', '')}{compass}{number}-az{index}" for index, _ in enumerate(ZONES, start=1)]


def _compass(direction: str) -> list[str]:
    for first in ("north", "south"):
        if direction.startswith(first) and direction != first:
            return [first, direction.removeprefix(first)]
    return [direction]
