"""The two guns of a hit side by side: that of the alert, and that which met it, as far as each may go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from salsa_ext.audit import Act, Action, append_many
from salsa_ext.db import as_state, db
from salsa_ext.errors import NotFound
from salsa_ext.matching.pairs import CHECK
from salsa_ext.models import Check, Hit, Post, Report, Seizure
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import hits
from salsa_ext.readmodels.hits import HitSide, HitView
from salsa_ext.readmodels.sharing import of_check
from salsa_ext.readmodels.versions import current
from salsa_ext.services import disclosures, records
from salsa_ext.services.disclosures import Disclosure, act_of
from salsa_ext.values.actor import Actor, Purpose
from salsa_ext.values.firearms import Firearm
from salsa_ext.values.inquiries import Query

SHOWN: Final = ("firearm", "event")
"""The field groups by which guns are compared, beside the place; nothing else is given with a hit."""
PLACED: Final = {"seizure": Permission.SEIZURE_READ, "report": Permission.REPORT_READ}
"""Which documents have a place, and who reads it."""


def read_hit(*, actor: Actor, hit_id: UUID) -> HitView:
    """Return a hit with the two guns that are to be compared; raises NotFound, or as `require`.

    What another state recorded, or asked in a check, is given as the release function has it, and its
    owner reads so: to the alert's state in the case of its alert, if it names no other, and to who met
    it for a purpose and a case; raises Invalid for a purpose without its case. Nothing is read of a
    state that knows nothing of the hit unless a purpose is named, for it would learn of the alert.
    """
    require(actor, Permission.HIT_READ)
    view = hits.get_hit(actor, hit_id)
    if Permission.RECORD_READ not in actor.permissions:
        return view
    reader = actor.for_purpose(_purpose(actor, view))
    sought_record, met_record = _records(view)
    sought = _side(reader, sought_record, view.hit.alert_state)
    met = _side(reader, met_record, view.hit.asking_state) or _checked(reader, view.hit)
    met = _since(view.hit, met) if met else None
    append_many(reader, [
        _given(view.hit, side) for side in (sought, met) if side and not side.sharing.is_own
    ])  # fmt: skip
    return replace(view, sought=sought, met=met)


def _purpose(actor: Actor, view: HitView) -> Purpose | None:
    """Return for what the other state's record is read; None where nobody said."""
    if actor.purpose is not None:
        return actor.purpose
    if view.alert is None or not view.is_told:
        return None
    return Purpose("investigation", view.alert.alert.case_number)


def _records(view: HitView) -> tuple[UUID | None, UUID | None]:
    """Return the record of the alert and that which met it, as far as the hit names them."""
    sought = view.alert.alert.record_id if view.alert else view.alert_record
    return sought, view.hit.cause_id if view.hit.cause_kind != CHECK else None


def _side(reader: Actor, record_id: UUID | None, owner: str) -> HitSide | None:
    """Return one gun; None where it is not given, or its owner shows it no longer.

    Raises Invalid for a purpose without its case: of another state's record nothing is read without.
    """
    if record_id is None or (owner != reader.state and reader.purpose is None):
        return None
    try:
        found = disclosures.seen(reader, record_id)
    except NotFound:
        return None
    if not found.sharing.may("firearm"):
        return None
    place = _place(reader, found)
    is_withheld = found.view.record.document_kind in PLACED and not found.sharing.may("place")
    held = [*SHOWN, "place"] if place or is_withheld else SHOWN
    return HitSide(found.view, found.sharing, held, place)


def _checked(reader: Actor, hit: Hit) -> HitSide | None:
    """Return the gun that a check asked for, as its state wrote it then; None where it is not given."""
    if hit.cause_kind != CHECK or hit.cause_id is None:
        return None
    sharing = of_check(reader, hit.asking_state)
    if not sharing.may("firearm"):
        return None
    with as_state(reader, hit.asking_state):  # what it asked, given as the release function has it
        check = db.session.get(Check, hit.cause_id)
    if check is None:
        return None
    asked = Query(**{**check.query, "marks": ()})
    gun = Firearm(serial=asked.serial, make=asked.make, model=asked.model, calibre=asked.calibre,
                  type=asked.type, country_of_manufacture=asked.country, year=asked.year,
                  marking=asked.marking)  # fmt: skip
    said = records.describe(gun) | {"state": hit.asking_state}
    return HitSide(None, sharing, ("firearm",), asked=said)


def _given(hit: Hit, side: HitSide) -> Act:
    """Return the act by which its owner reads what of a record, or of what it asked, was given."""
    if side.view is not None:
        return act_of(side.view, side.sharing, side.held)
    state, check = hit.asking_state, hit.cause_id or ""
    said = {"groups": side.sharing.given(side.held), "handling": side.sharing.said.handling}
    return Act(Action.CHECK_DISCLOSED, CHECK, check, state, [state], said)


def _since(hit: Hit, side: HitSide) -> HitSide:
    """Return the gun that was met, with what became of its record since."""
    if side.view is None:
        return side
    is_later = side.view.record.version > hit.cause_version
    return replace(
        side, is_withdrawn=side.view.is_withdrawn or hit.cause_status == "withdrawn",
        is_corrected=is_later or hit.cause_status in ("corrected", "corrected_away"),
    )  # fmt: skip


def _place(reader: Actor, found: Disclosure) -> Mapping[str, Any] | None:
    """Return where it was, for who is given that and reads such documents."""
    record = found.view.record
    permission = PLACED.get(record.document_kind)
    if permission is None or permission not in reader.permissions or not found.sharing.may("place"):
        return None
    read = _of_seizure if record.document_kind == "seizure" else _of_report
    return read(record.document_id)


def _of_seizure(document_id: UUID) -> Mapping[str, Any] | None:
    row = db.session.scalar(current(Seizure).where(Seizure.id == document_id))
    if row is None:
        return None
    post = select(Post.name).where(Post.code == row.post)
    name = row.place_name or (db.session.scalar(post) if row.post else None)
    fields = ("country", "admin1", "latitude", "longitude", "precision")
    return {field: getattr(row, field) for field in fields} | {"name": name}


def _of_report(document_id: UUID) -> Mapping[str, Any] | None:
    return db.session.scalar(
        current(Report).where(Report.id == document_id).with_only_columns(Report.place)
    )
