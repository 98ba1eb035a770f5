"""Allocation of quantities: which lines of goods cover which."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from typing import Any

COMPARED_FIELDS = ("type", "make", "model", "calibre")


@dataclass(frozen=True)
class Goods:
    """A quantity of one kind of goods.

    A field that is None is unspecified. Without `unit` the quantity counts pieces.
    """

    quantity: Decimal
    category: str
    type: str | None = None
    make: str | None = None
    model: str | None = None
    calibre: str | None = None
    unit: str | None = None


@dataclass
class Allocation:
    """Result of an allocation, by the keys of supplies and claims.

    `drawn` is the quantity used of each supply, `uncovered` the rest of each claim, `foreign` the
    claims for which no supply is of the same kind.
    """

    drawn: Mapping[Any, Decimal]
    uncovered: Mapping[Any, Decimal]
    unmatched: Sequence[Any]
    """Claims of which no supply is of the kind, whatever the quantities are."""


def is_same_kind(one: Goods, other: Goods) -> bool:
    """Return whether two lines may be of the same goods.

    Category and unit are equal, and no field given by both differs.
    """
    if (one.category, one.unit) != (other.category, other.unit):
        return False
    pairs = ((getattr(one, name), getattr(other, name)) for name in COMPARED_FIELDS)
    return all(ours is None or theirs is None or ours == theirs for ours, theirs in pairs)


def allocate(claims: Mapping[Any, Goods], supplies: Mapping[Any, Goods]) -> Allocation:
    """Cover as much of the claims as possible (maximum flow).

    A supply line without a make can serve many claims; the assignment minimises the uncovered
    quantity in any order of claims. Earlier supplies are used first.
    """
    network = _FlowNetwork(claims, supplies)
    uncovered = {claim: left for claim in claims if (left := network.serve(claim)) > 0}
    return Allocation(
        drawn={name: supplies[name].quantity - network.left[name] for name in supplies},
        uncovered=uncovered,
        unmatched=[claim for claim in claims if not network.offers[claim]],
    )


@dataclass
class _FlowNetwork:
    claims: Mapping[Any, Goods]
    supplies: Mapping[Any, Goods]
    left: dict[Any, Decimal] = field(init=False)
    offers: dict[Any, list[Any]] = field(init=False)
    flow: dict[Any, dict[Any, Decimal]] = field(init=False)  # supply → claim → amount

    def __post_init__(self) -> None:
        self.left = {name: goods.quantity for name, goods in self.supplies.items()}
        self.flow = {name: defaultdict(Decimal) for name in self.supplies}
        self.offers = {
            claim: [name for name, supply in self.supplies.items() if is_same_kind(goods, supply)]
            for claim, goods in self.claims.items()
        }

    def serve(self, claim: Any) -> Decimal:
        """Cover a claim; return the quantity left uncovered.

        Claims already covered move to other supplies where that helps.
        """
        need = self.claims[claim].quantity
        while need > 0 and (path := self._path(claim)):
            amount = min(need, self.left[path[-1][1]])
            for giver, (mover, _) in pairwise(path):
                amount = min(amount, self.flow[giver[1]][mover])
            self._push(path, amount)
            need -= amount
        return need

    def _push(self, path: list[tuple[Any, Any]], amount: Decimal) -> None:
        for index, (claim, supply) in enumerate(path):
            self.flow[supply][claim] += amount
            if index:
                self.flow[path[index - 1][1]][claim] -= amount
        self.left[path[-1][1]] -= amount

    def _path(self, claim: Any) -> list[tuple[Any, Any]] | None:
        """Return the shortest path (claim, supply) to a supply with a remainder."""
        came: dict[Any, tuple[Any, Any | None]] = {}
        waiting: deque[tuple[Any, Any | None]] = deque([(claim, None)])
        seen = {claim}
        while waiting:
            asking, through = waiting.popleft()
            for supply in self.offers[asking]:
                if supply in came:
                    continue
                came[supply] = (asking, through)
                if self.left[supply] > 0:
                    return _flow_path(came, supply)
                movable = [name for name, amount in self.flow[supply].items() if amount > 0]
                for name in movable:
                    if name not in seen:
                        seen.add(name)
                        waiting.append((name, supply))
        return None


def _flow_path(
    came: Mapping[Any, tuple[Any, Any | None]], supply: Any | None
) -> list[tuple[Any, Any]]:
    steps = []
    while supply is not None:
        claim, through = came[supply]
        steps.append((claim, supply))
        supply = through
    return steps[::-1]
