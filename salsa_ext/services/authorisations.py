"""The parties of a permit against the registers of their states (CIFTA XIII)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import select

from salsa_ext.db import as_state, db
from salsa_ext.matching.doubts import Doubt
from salsa_ext.models import Party, Permit, Shipment
from salsa_ext.readmodels.licensees import authorised
from salsa_ext.readmodels.parties import parties_of
from salsa_ext.readmodels.states import participants
from salsa_ext.services import discrepancies, locks
from salsa_ext.values.actor import Actor
from salsa_ext.values.licensees import Asked, Verdict

ROLES: Final = ("exporter", "importer", "broker", "carrier")
LICENSED: Final = ("dealer", "manufacturer", "carrier", "private_security", "other")
STANDING: Final = ("issued", "suspended", "exhausted")
TO_LEAVE: Final = ("planned", "released")
SILENT: Final = (Verdict.AUTHORISED, Verdict.NO_REGISTER)


@dataclass(frozen=True)
class _Named:
    permit: Permit
    role: str
    party: Party
    until: date | None


def check(actor: Actor, permits: Sequence[Permit]) -> None:
    """Raise a discrepancy for each party that its own state's register does not authorise.

    On the day of issue, and not suspended, revoked or closed while the permit lasts. A person who
    takes his own guns along, and authorities, need no licence of a trader. A state without a
    register for a role says nothing, and no more of another's register is told than that.
    """
    locks.registers_as_they_are()
    doubts: dict[discrepancies.Subject, list[Doubt]] = {permit: [] for permit in permits}
    asked: dict[str, list[_Named]] = defaultdict(list)
    for named in _named(actor, permits):
        asked[named.party.country].append(named)
    for state in sorted(asked.keys() & set(participants())):
        for named, verdict in _asked(actor, state, asked[state]):
            if verdict not in SILENT:
                data = {"role": named.role, "state": state, "verdict": str(verdict)}
                doubts[named.permit].append(Doubt("party_not_authorised", named.role, data))
    discrepancies.settle(actor, doubts, ("party_not_authorised",))


def _named(actor: Actor, permits: Sequence[Permit]) -> Iterator[_Named]:
    """Return who is named in permits that stand, as their owners know them."""
    by_owner: dict[str, list[Permit]] = defaultdict(list)
    for permit in permits:
        if permit.status in STANDING:
            by_owner[permit.owner_state].append(permit)
    for owner, stand in sorted(by_owner.items()):
        with as_state(actor, owner):
            parties = parties_of(
                getattr(permit, f"{role}_id") for permit in stand for role in ROLES
            )
            live = _live(stand)
        for permit in stand:
            until = permit.last_day if permit.id in live else None
            for role in ROLES:
                party = parties.get(getattr(permit, f"{role}_id"))
                if party is not None and party.kind in LICENSED and party.name:
                    yield _Named(permit, role, party, until)


def _live(permits: Sequence[Permit]) -> set[UUID]:
    """Return the permits under which something is still to leave."""
    used = [permit.id for permit in permits if permit.status == "exhausted"]
    query = select(Shipment.permit_id).where(Shipment.permit_id.in_(used),
                                             Shipment.status.in_(TO_LEAVE))  # fmt: skip
    waiting = set(db.session.scalars(query)) if used else set()
    return waiting | {permit.id for permit in permits if permit.status != "exhausted"}


def _asked(actor: Actor, state: str, named: Sequence[_Named]) -> Iterable[tuple[_Named, Verdict]]:
    questions = [
        Asked(one.role, one.party.name or "", one.party.licence, one.permit.issued_on, one.until)
        for one in named
    ]
    with as_state(actor, state):
        return list(zip(named, authorised(state, questions), strict=True))
