"""The register of licensees as its state reads it, and what it says of a document's parties."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, literal, or_, select
from sqlalchemy.dialects.postgresql import ARRAY, array
from sqlalchemy.types import Text

from salsa_ext.db import db
from salsa_ext.errors import NotFound
from salsa_ext.matching import names
from salsa_ext.models import Event, Licensee
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.events import of_subjects
from salsa_ext.readmodels.pages import Page, page
from salsa_ext.readmodels.parties import Parties, parties_of
from salsa_ext.values.actor import Actor
from salsa_ext.values.licensees import Asked, Verdict


@dataclass(frozen=True)
class LicenseeView:
    """A licensee with the party that stands behind it, and what was decided about it, in order."""

    licensee: Licensee
    parties: Parties
    decisions: Sequence[Event] = ()

    @property
    def version(self) -> int:
        """Return the version that actions refer to."""
        return self.licensee.version


def list_licensees(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[LicenseeView]:
    """Return a page of your state's licensees, newest first."""
    require(actor, Permission.LICENSEE_READ)
    query = select(Licensee)
    if (role := filters.get("role")) is not None:
        query = query.where(Licensee.roles.contains([role]))
    for name in ("status", "number"):
        if (value := filters.get(name)) is not None:
            query = query.where(getattr(Licensee, name) == value)
    found = page(query, Licensee.id, limit, cursor)
    return found.of(_views(found.items))


def get_licensee(actor: Actor, licensee_id: UUID) -> LicenseeView:
    """Return one licensee of your state; raises NotFound."""
    require(actor, Permission.LICENSEE_READ)
    return read(licensee_id)


def read(licensee_id: UUID) -> LicenseeView:
    """Return one licensee that the state may see, for a command; raises NotFound."""
    licensee = db.session.get(Licensee, licensee_id, populate_existing=True)
    if licensee is None:
        raise NotFound("licensee", licensee_id)
    return _views([licensee])[0]


def authorised(state: str, asked: Sequence[Asked]) -> list[Verdict]:
    """Return what the register of `state` says of each, in order and in one query.

    Reads as the state for which the session acts: to ask another's register, the caller wraps
    this in `db.as_state`. Of several licences of one name, the one that says most counts.
    """
    if not asked:
        return []
    rows = db.session.execute(_question(state, asked)).all()
    kept = set(rows[0][0] or ())
    licensees = [row[1] for row in rows if row[1] is not None]
    return [_verdict(one, licensees) if one.role in kept else Verdict.NO_REGISTER for one in asked]


def _question(state: str, asked: Sequence[Asked]) -> Any:
    """Select the roles that the register knows at all, beside whom it may be about."""
    numbers = {one.licence for one in asked if one.licence}
    keys = {names.key(one.name) for one in asked if not one.licence}
    role = func.unnest(literal(sorted({one.role for one in asked}), ARRAY(Text))).column_valued()
    holds = Licensee.roles.contains(array([role]))
    known = select(Licensee.id).where(Licensee.owner_state == state, holds).exists()
    kept = select(func.array_agg(role)).where(known).scalar_subquery().label("kept")
    one = select(kept).subquery()
    meant = or_(Licensee.number.in_(numbers), Licensee.name_key.in_(keys))
    found = and_(Licensee.owner_state == state, meant)
    return (
        select(one.c.kept, Licensee)
        .select_from(one)
        .outerjoin(Licensee, found)
        .execution_options(populate_existing=True)
    )


def _verdict(one: Asked, licensees: Iterable[Licensee]) -> Verdict:
    said = {_judged(one, licensee) for licensee in licensees if _is_meant(one, licensee)}
    return next((verdict for verdict in Verdict if verdict in said), Verdict.NOT_REGISTERED)


def _is_meant(one: Asked, licensee: Licensee) -> bool:
    if one.licence:
        return licensee.number == one.licence
    return licensee.name_key == names.key(one.name)


def _judged(one: Asked, licensee: Licensee) -> Verdict:
    if one.role not in licensee.roles:
        return Verdict.WRONG_ROLE
    if licensee.inactive_since and licensee.inactive_since <= (one.until or one.on):
        return Verdict.NOT_ACTIVE
    if one.on < licensee.valid_from or (licensee.valid_to and licensee.valid_to < one.on):
        return Verdict.EXPIRED
    return Verdict.AUTHORISED


def _views(licensees: Sequence[Licensee]) -> list[LicenseeView]:
    parties = parties_of(licensee.party_id for licensee in licensees)
    told = of_subjects(licensee.id for licensee in licensees)
    return [LicenseeView(licensee, parties, _in_order(told[licensee.id])) for licensee in licensees]


def _in_order(told: Iterable[Event]) -> list[Event]:
    return sorted(told, key=lambda event: (event.recorded_at, event.id))
