"""What seized guns have in common, and what was odd about one of them: leads for an analyst; pure.

A lead proves nothing. It says which guns to look at together, and why, in points that add up like
the bits of a match: a thing that few seized guns share says more than one that many do.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Final
from uuid import UUID

from salsa_ext.errors import Message
from salsa_ext.matching import oddities, purchases, runs, sharing
from salsa_ext.matching.evidence import Reason
from salsa_ext.matching.findings import Finding
from salsa_ext.matching.joined import Gun, Said
from salsa_ext.matching.sales import TRADE

NARROWER: Final = {
    "shared_permit": ("shared_shipment",),
    "shared_consignee": ("shared_shipment", "shared_permit"),
    "shared_holder": ("straw_purchase",),
}
"""What joins the same guns already says more: the wider lead is left out then."""


@dataclass(frozen=True)
class Lead:
    """Guns to be looked at together, and the reasons, the first of which says what they share.

    `told` are the records that the words are taken from.
    """

    kind: str
    key: str
    guns: tuple[Gun, ...]
    reasons: tuple[Reason, ...]
    told: tuple[Said, ...] = ()

    @cached_property
    def id(self) -> UUID:
        """Return what the lead is known by, for as long as what is shared is the same."""
        said = f"{self.kind}|{self.key}".encode()
        return UUID(bytes=hashlib.blake2b(said, digest_size=16, person=b"salsa-lead").digest())

    @cached_property
    def score(self) -> float:
        """Return the sum of the points of its reasons."""
        return round(sum(reason.bits for reason in self.reasons), 1)

    @property
    def summary(self) -> Message:
        """Return what the guns share, in words."""
        return self.reasons[0].text

    @cached_property
    def states(self) -> Sequence[str]:
        """Return the states whose records it rests on."""
        return sorted({said.state for gun in self.guns for said in gun.records})

    @cached_property
    def days(self) -> tuple[date, date]:
        """Return the days of the first and of the last seizure."""
        days = [said.on for gun in self.guns for said in gun.seized]
        return min(days), max(days)

    @cached_property
    def cases(self) -> int:
        """Count the seizures that the guns are of."""
        return len({said.document for gun in self.guns for said in gun.seized})

    @cached_property
    def dealers(self) -> frozenset[str]:
        """Return the names of the dealers that sold its guns, as far as the reader may know them."""
        sellers = (sale.giver for gun in self.guns for sale in gun.sales)
        return frozenset(one.name for one in sellers if one and one.name and one.kind in TRADE)

    @property
    def rank(self) -> tuple[float, UUID]:
        """Return by what leads are ordered: the strongest first."""
        return -self.score, self.id


def find(guns: Iterable[Gun]) -> list[Lead]:
    """Return the leads over guns, the strongest first; the order of the guns does not matter."""
    ordered = sorted(guns, key=lambda gun: gun.seized[0].id)
    found: list[Finding] = []
    for look in (sharing.find, runs.find, purchases.find, oddities.find):
        found += look(ordered)
    leads = [
        Lead(one.kind, one.key, one.guns, one.reasons, one.told) for one in _without_wider(found)
    ]
    return sorted(leads, key=lambda lead: lead.rank)


def _without_wider(found: Sequence[Finding]) -> list[Finding]:
    by_guns: dict[frozenset[UUID], set[str]] = defaultdict(set)
    for one in found:
        by_guns[one.of].add(one.kind)
    return [one for one in found if not by_guns[one.of] & set(NARROWER.get(one.kind, ()))]
