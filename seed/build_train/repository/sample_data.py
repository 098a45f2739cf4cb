"""Measurements of the same form as UCI's Abalone file, made up: to try the pipeline where no data are at hand.

Rings follow a skewed law, an animal's length saturates with its age (von Bertalanffy), weights go with the cube of the length, and every
measurement has noise, so that a model can learn the age but never exactly. They say nothing about real animals.
"""

import argparse
import math
import random
from collections.abc import Iterator
from pathlib import Path

ROWS = 4177
"""As many as UCI's file has."""


def lines(rows: int = ROWS, *, seed: int = 1, noise: float = 1.0) -> Iterator[str]:
    """Lines of the file, without a header.

    Args:
        rows: How many.
        seed: The same seed gives the same lines.
        noise: Factor of the noise of every measurement; a larger one makes worse models.
    """
    generator = random.Random(seed)  # noqa: S311 (it has to be repeatable)
    for _ in range(rows):
        rings = min(29, max(1, round(generator.lognormvariate(2.24, 0.31))))
        growth = 1 - math.exp(-0.22 * rings)
        length = min(0.82, max(0.075, 0.66 * growth * _around(generator, 0.14 * noise)))
        sex = "I" if generator.random() > length / 0.62 else generator.choice("FM")
        diameter = 0.79 * length * _around(generator, 0.06 * noise)
        height = 0.27 * length * (1 + rings / 90) * _around(generator, 0.12 * noise)
        whole = 5.6 * length**3 * _around(generator, 0.14 * noise)
        shucked = whole * (0.47 - rings / 190) * _around(generator, 0.12 * noise)
        viscera = 0.22 * whole * _around(generator, 0.15 * noise)
        shell = whole * (0.2 + rings / 130) * _around(generator, 0.12 * noise)
        measured = (length, diameter, height, whole, shucked, viscera, shell)
        yield ",".join([sex, *(f"{max(value, 0.0005):.4f}" for value in measured), str(rings)])


def main() -> None:
    """Write a file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--noise", type=float, default=1.0)
    arguments = parser.parse_args()
    text = "".join(f"{line}\n" for line in lines(arguments.rows, seed=arguments.seed, noise=arguments.noise))
    arguments.path.write_text(text, encoding="utf-8")


def _around(generator: random.Random, deviation: float) -> float:
    return max(0.2, generator.gauss(1, deviation))


if __name__ == "__main__":
    main()
