from ipaddress import IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.addresses import AddressError, allocate, subnets

ACCOUNTS = st.lists(st.integers(100_000_000_000, 999_999_999_999).map(str), unique=True, max_size=60)


def _allocate(development: str, staging: list[str], production: list[str]) -> dict[str, IPv4Network]:
    return dict(
        allocate(
            IPv4Network("10.0.0.0/8"),
            prefix=20,
            development=development,
            staging=staging,
            production=production,
            pinned={},
        )
    )


@given(staging=ACCOUNTS, production=ACCOUNTS)
def test_blocks_never_overlap_and_lie_inside(staging: list[str], production: list[str]) -> None:
    blocks = list(_allocate("000000000001", staging, production).values())
    assert all(block.subnet_of(IPv4Network("10.0.0.0/8")) for block in blocks)
    assert len({int(block.network_address) for block in blocks}) == len(blocks)


@given(staging=ACCOUNTS, production=ACCOUNTS, new=st.integers(100_000_000_000, 999_999_999_999).map(str))
def test_an_appended_account_moves_nobody(staging: list[str], production: list[str], new: str) -> None:
    before = _allocate("000000000001", staging, production)
    if new in before:
        return
    after = _allocate("000000000001", [*staging, new], production)
    assert {account: after[account] for account in before} == before


@given(zones=st.integers(2, 4), prefix=st.integers(16, 24))
def test_subnets_of_a_block_are_disjoint(zones: int, prefix: int) -> None:
    block = IPv4Network(f"10.32.0.0/{prefix}")
    plan = subnets(block, zones)
    parts = [*plan.private, *plan.public]
    assert len(parts) == 2 * zones
    assert all(part.subnet_of(block) and part.prefixlen <= 28 for part in parts)
    assert not any(one.overlaps(other) for index, one in enumerate(parts) for other in parts[index + 1 :])


def test_a_block_that_is_too_small_is_refused() -> None:
    with pytest.raises(AddressError, match="too small: it holds 1 blocks of /20"):
        allocate(IPv4Network("10.0.0.0/20"), prefix=20, development="1", staging=["2"], production=[], pinned={})


def test_pinned_blocks_may_not_overlap() -> None:
    pinned = {"2": IPv4Network("10.0.0.0/16")}
    with pytest.raises(AddressError, match="overlaps"):
        allocate(IPv4Network("10.0.0.0/8"), prefix=20, development="1", staging=["2"], production=[], pinned=pinned)
