"""The parties of a permit against the registers of their states (CIFTA XIII)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from salsa_ext.db import as_state
from salsa_ext.matching.doubts import Doubt
from salsa_ext.models import Party, Permit
from salsa_ext.readmodels.licensees import authorised
from salsa_ext.readmodels.parties import parties_of
from salsa_ext.readmodels.states import participants
from salsa_ext.services import discrepancies
from salsa_ext.values.actor import Actor
from salsa_ext.values.licensees import Asked, Verdict

ROLES: Final = ("exporter", "importer", "broker", "carrier")
LICENSED: Final = ("dealer", "manufacturer", "carrier", "private_security", "other")
SILENT: Final = (Verdict.AUTHORISED, Verdict.NO_REGISTER)


@dataclass(frozen=True)
class _Named:
    permit: Permit
    role: str
    party: Party


def check(actor: Actor, permits: Sequence[Permit]) -> None:
    """Raise a discrepancy for each party that its own state's register does not authorise.

    A person who takes his own guns along, and authorities, need no licence of a trader. A state
    without a register for a role says nothing, and no more of another's register is told than that.
    """
    doubts: dict[discrepancies.Subject, list[Doubt]] = {permit: [] for permit in permits}
    asked: dict[str, list[_Named]] = defaultdict(list)
    for named in _named(permits):
        asked[named.party.country].append(named)
    for state in sorted(asked.keys() & set(participants())):
        for named, verdict in _asked(actor, state, asked[state]):
            if verdict not in SILENT:
                data = {"role": named.role, "state": state, "verdict": str(verdict)}
                doubts[named.permit].append(Doubt("party_not_authorised", named.role, data))
    discrepancies.settle(actor, doubts, ("party_not_authorised",))


def _named(permits: Sequence[Permit]) -> Iterable[_Named]:
    stand = [permit for permit in permits if permit.status in ("issued", "suspended", "exhausted")]
    parties = parties_of(getattr(permit, f"{role}_id") for permit in stand for role in ROLES)
    for permit in stand:
        for role in ROLES:
            party = parties.get(getattr(permit, f"{role}_id"))
            if party is not None and party.kind in LICENSED and party.name:
                yield _Named(permit, role, party)


def _asked(actor: Actor, state: str, named: Sequence[_Named]) -> Iterable[tuple[_Named, Verdict]]:
    questions = [
        Asked(one.role, one.party.name or "", one.party.licence, one.permit.issued_on)
        for one in named
    ]
    with as_state(actor, state):
        return list(zip(named, authorised(state, questions), strict=True))
