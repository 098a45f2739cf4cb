"""Address blocks: which part of `network.cidr` an account gets, and its subnets. Pure arithmetic, stable when lists grow at their end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from itertools import pairwise


class AddressError(ValueError):
    """The address block is too small or parts of it overlap; the text starts with the key below `network.`."""


_EIGHTHS = 3


@dataclass(frozen=True, kw_only=True)
class Subnets:
    """The subnets of an account's VPC, one of each kind a zone."""

    private: tuple[IPv4Network, ...]
    public: tuple[IPv4Network, ...]


def allocate(
    cidr: IPv4Network,
    *,
    prefix: int,
    development: str,
    staging: Sequence[str],
    production: Sequence[str],
    pinned: Mapping[str, IPv4Network],
) -> Mapping[str, IPv4Network]:
    """Account -> its VPC's block: development takes slot 0, staging the odd slots, production the even ones.

    So an account that is appended to a list moves nobody. An account in both lists keeps its first slot. A pinned block replaces the slot.

    Raises:
        AddressError: A slot lies outside the block, or two blocks overlap.
    """
    slots = {development: 0}
    for first, accounts in ((1, staging), (2, production)):
        for index, account in enumerate(accounts):
            slots.setdefault(account, first + 2 * index)
    available = 2 ** (prefix - cidr.prefixlen) if prefix >= cidr.prefixlen else 0
    blocks: dict[str, IPv4Network] = {}
    for account, slot in slots.items():
        if account in pinned:
            blocks[account] = pinned[account]
        elif slot < available:
            blocks[account] = IPv4Network((int(cidr.network_address) + slot * 2 ** (32 - prefix), prefix))
        else:
            raise AddressError(
                f"cidr: {str(cidr)!r} is too small: it holds {available} blocks of /{prefix}, and account {account} takes slot {slot + 1}. "
                "Give a larger block, or a larger accountPrefix"
            )
    _refuse_overlap(blocks)
    return blocks


def subnets(block: IPv4Network, zones: int) -> Subnets:
    """An account's subnets: of eight equal parts the first four are private, the last four public, one a zone."""
    parts = list(block.subnets(prefixlen_diff=_EIGHTHS))
    return Subnets(private=tuple(parts[:zones]), public=tuple(parts[4 : 4 + zones]))


def _refuse_overlap(blocks: Mapping[str, IPv4Network]) -> None:
    """Sorted by address, only neighbours can overlap."""
    ordered = sorted(blocks.items(), key=lambda item: (int(item[1].network_address), item[1].prefixlen))
    for (account, block), (other, next_block) in pairwise(ordered):
        if block.overlaps(next_block):
            raise AddressError(
                f"blocks: {str(next_block)!r} of account {other} overlaps {block} of account {account}. Give each a block of its own"
            )
