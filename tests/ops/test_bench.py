"""The program that the bench compares with makes the same things."""

from collections import Counter
from pathlib import Path

from ops import bench
from ops.rehearse import engine_for
from tests.components.stacks import configuration


def test_a_flat_program_makes_the_same_resources(tmp_path: Path) -> None:
    made: list[Counter[tuple[str, str]]] = []
    program = None
    for name in ("ours", "flat"):
        engine = engine_for(tmp_path / name, "dev", configuration(), program=program)
        try:
            assert [failure.message for failure in engine.up().failures] == []
            made.append(Counter({(account, token): number for account, token, number in engine.counts()}))
        finally:
            engine.world.close()
        program = bench._flat_program(tmp_path / "program", str(engine.state_file))  # pyright: ignore[reportPrivateUsage]
    assert made[0] == made[1]
    assert made[0].total() > 300
