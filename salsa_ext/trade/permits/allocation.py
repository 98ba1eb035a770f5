"""Allocation of quantities: which lines of goods cover which."""

from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
    """Result by keys: `drawn` of supplies, `uncovered` of claims, `unmatched` claims."""

    drawn: Mapping[Any, Decimal]
    uncovered: Mapping[Any, Decimal]
    unmatched: Sequence[Any]


def is_same_kind(line: Goods, other: Goods) -> bool:
    """Return whether two lines may be of the same goods."""
    if (line.category, line.unit) != (other.category, other.unit):
        return False
    pairs = ((getattr(line, name), getattr(other, name)) for name in COMPARED_FIELDS)
    return all(ours is None or theirs is None or ours == theirs for ours, theirs in pairs)


def allocate(claims: Mapping[Any, Goods], supplies: Mapping[Any, Goods]) -> Allocation:
    """Cover as much of the claims as possible (maximum flow).

    A supply line without a make can serve many claims; the assignment minimises the uncovered
    quantity in any order of claims. Earlier supplies are used first.
    """
    network = _FlowNetwork(claims, supplies)
    uncovered = {claim: rest for claim in claims if (rest := network.serve(claim)) > 0}
    return Allocation(
        drawn={supply: supplies[supply].quantity - network.left[supply] for supply in supplies},
        uncovered=uncovered,
        unmatched=[claim for claim in claims if not network.offers[claim]],
    )


class _FlowNetwork:
    """Quantities that flow from supplies to claims; `left` is the rest of each supply."""

    def __init__(self, claims: Mapping[Any, Goods], supplies: Mapping[Any, Goods]) -> None:
        self.claims = claims
        self.left = {supply: goods.quantity for supply, goods in supplies.items()}
        self.offers = {
            claim: [supply for supply, goods in supplies.items() if is_same_kind(need, goods)]
            for claim, need in claims.items()
        }
        self.flow: dict[Any, dict[Any, Decimal]] = {
            supply: defaultdict(Decimal) for supply in supplies
        }

    def serve(self, claim: Any) -> Decimal:
        """Cover a claim, moving covered ones where that helps; return the rest."""
        need = self.claims[claim].quantity
        while need > 0 and (path := self._shortest_path(claim)):
            steps = list(pairwise(path))  # each claim hands its supply to the claim before it
            flows = [self.flow[supply][later] for (_, supply), (later, _) in steps]
            amount = min(need, self.left[path[-1][1]], *flows)
            for step_claim, supply in path:
                self.flow[supply][step_claim] += amount
            for (_, supply), (later, _) in steps:
                self.flow[supply][later] -= amount
            self.left[path[-1][1]] -= amount
            need -= amount
        return need

    def _shortest_path(self, claim: Any) -> list[tuple[Any, Any]]:
        """Return the shortest path (claim, supply) to a supply with a rest, or none."""
        previous: dict[
            Any, tuple[Any, Any | None]
        ] = {}  # supply → its claim, and the supply before
        queue: deque[tuple[Any, Any | None]] = deque([(claim, None)])
        queued = {claim}
        while queue:
            current, through = queue.popleft()
            for supply in self.offers[current]:
                if supply in previous:
                    continue
                previous[supply] = (current, through)
                if self.left[supply] > 0:
                    path, step = [], supply
                    while step is not None:
                        step_claim, before = previous[step]
                        path.append((step_claim, step))
                        step = before
                    return path[::-1]
                for other, amount in self.flow[supply].items():
                    if amount > 0 and other not in queued:
                        queued.add(other)
                        queue.append((other, supply))
        return []
