"""Parties of permits that the register of their state does not authorise, by name for who may read it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import select

from salsa_ext.db import db
from salsa_ext.models import Discrepancy, Permit
from salsa_ext.policy.permissions import Permission
from salsa_ext.readmodels.parties import parties_of
from salsa_ext.values.actor import Actor

KIND: Final = "party_not_authorised"


@dataclass(frozen=True)
class NamedParty:
    """A party in its role on a permit, with the state whose register was asked, and what that says.

    `name` is None where the reader may not read permits, or where it was erased.
    """

    role: str
    state: str
    verdict: str
    name: str | None = None


def named(actor: Actor, discrepancies: Iterable[Discrepancy]) -> dict[UUID, NamedParty]:
    """Return who is meant by those discrepancies that are about a party, in two queries."""
    about = [each for each in discrepancies if each.kind == KIND]
    names = _names(actor, about)
    return {
        each.id: NamedParty(each.data["role"], each.data["state"], each.data["verdict"],
                            names.get((each.subject_id, each.data["role"])))
        for each in about
    }  # fmt: skip


def of_permits(
    actor: Actor, permit_ids: Collection[UUID], waiting: Sequence[str]
) -> dict[UUID, list[NamedParty]]:
    """Return the parties of permits of which a discrepancy waits, for who may read these."""
    found: dict[UUID, list[NamedParty]] = defaultdict(list)
    if Permission.DISCREPANCY_READ not in actor.permissions:
        return found
    about = select(Discrepancy).where(Discrepancy.subject_id.in_(permit_ids),
                                      Discrepancy.kind == KIND, Discrepancy.status.in_(waiting))  # fmt: skip
    doubts = db.session.scalars(about.order_by(Discrepancy.key)).all()
    parties = named(actor, doubts)
    for doubt in doubts:
        found[doubt.subject_id].append(parties[doubt.id])
    return found


def _names(actor: Actor, about: Sequence[Discrepancy]) -> dict[tuple[UUID, str], str | None]:
    if not about or Permission.PERMIT_READ not in actor.permissions:
        return {}
    ids = {each.subject_id for each in about}
    permits = {row.id: row for row in db.session.scalars(select(Permit).where(Permit.id.in_(ids)))}
    sides = {
        (each.subject_id, each.data["role"]):
            getattr(permits.get(each.subject_id), f"{each.data['role']}_id", None)
        for each in about
    }  # fmt: skip
    parties = parties_of(sides.values())
    return {key: parties[side].name for key, side in sides.items() if side in parties}
