"""Comparison of the two guns of a hit, as disclosed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from salsa_ext.access.audit import Action, AuditEvent, append_many
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.alerts import queries as alert_queries
from salsa_ext.alerts.models import Hit
from salsa_ext.alerts.queries import HitGun, HitView
from salsa_ext.checks.models import Check
from salsa_ext.core.actor import Actor, Purpose
from salsa_ext.core.errors import NotFound
from salsa_ext.database.session import acting_as, db
from salsa_ext.database.versions import select_current
from salsa_ext.disclosure import disclosures
from salsa_ext.disclosure.disclosures import Disclosure, record_disclosure_event
from salsa_ext.disclosure.sharing import share_check
from salsa_ext.documents.models import Report, Seizure
from salsa_ext.firearms.marks.values import Firearm, Query
from salsa_ext.firearms.records import commands as record_commands
from salsa_ext.firearms.search.evidence import CHECK_EVENT
from salsa_ext.reference.models import Post

COMPARED_GROUPS: Final = ("firearm", "event")
"""The field groups by which guns are compared, beside the place; nothing else is given with a hit."""
PLACE_PERMISSIONS: Final = {"seizure": Permission.SEIZURE_READ, "report": Permission.REPORT_READ}
"""Which documents have a place, and who reads it."""


def read_hit(*, actor: Actor, hit_id: UUID) -> HitView:
    """Return a hit with its two guns to compare; requires HIT_READ.

    Records and checks of the other state pass the release function, and its audit shows the
    reading. The alert's state reads in the case of its alert, if it names no other; the finding
    state for a purpose and a case. If the other state does not know of the hit, nothing is read
    without a named purpose, since its audit would reveal the alert. Raises NotFound, and Invalid
    for a purpose without its case.
    """
    require(actor, Permission.HIT_READ)
    view = alert_queries.get_hit(actor, hit_id)
    if Permission.RECORD_READ not in actor.permissions:
        return view
    reader = actor.for_purpose(_reading_purpose(actor, view))
    sought_record, met_record = _record_ids(view)
    sought = _read_gun(reader, sought_record, view.hit.alert_state)
    met = _read_gun(reader, met_record, view.hit.finding_state) or _read_check(reader, view.hit)
    met = _with_cause_change(view.hit, met) if met else None
    append_many(
        reader,
        [
            _disclosure_event(view.hit, side)
            for side in (sought, met)
            if side and not side.sharing.is_own
        ],
    )
    return replace(view, sought=sought, met=met)


def _reading_purpose(actor: Actor, view: HitView) -> Purpose | None:
    """Return the purpose of reading the other state's record, or None."""
    if actor.purpose is not None:
        return actor.purpose
    if view.alert is None or not view.is_shown_to_finder:
        return None
    return Purpose("investigation", view.alert.alert.case_number)


def _record_ids(view: HitView) -> tuple[UUID | None, UUID | None]:
    """Return the alert's record and the found record, if named."""
    sought = view.alert.alert.record_id if view.alert else view.alert_record
    return sought, view.hit.cause_id if view.hit.cause_kind != CHECK_EVENT else None


def _read_gun(reader: Actor, record_id: UUID | None, owner: str) -> HitGun | None:
    """Return one gun, or None if it is not disclosed.

    Another state's record is read for a purpose only. Raises Invalid for a purpose without its
    case.
    """
    if record_id is None or (owner != reader.state and reader.purpose is None):
        return None
    try:
        found = disclosures.load_record(reader, record_id)
    except NotFound:
        return None
    if not found.sharing.may("firearm"):
        return None
    place = _read_place(reader, found)
    is_withheld = found.view.record.document_kind in PLACE_PERMISSIONS and not found.sharing.may(
        "place"
    )
    held = [*COMPARED_GROUPS, "place"] if place or is_withheld else COMPARED_GROUPS
    return HitGun(found.view, found.sharing, held, place)


def _read_check(reader: Actor, hit: Hit) -> HitGun | None:
    """Return the gun that a check searched for, or None."""
    if hit.cause_kind != CHECK_EVENT or hit.cause_id is None:
        return None
    sharing = share_check(reader, hit.finding_state)
    if not sharing.may("firearm"):
        return None
    with acting_as(
        reader, hit.finding_state
    ):  # what it asked, given as the release function has it
        check = db.session.get(Check, hit.cause_id)
    if check is None:
        return None
    asked = Query(**{**check.query, "marks": ()})
    gun = Firearm(
        serial=asked.serial,
        make=asked.make,
        model=asked.model,
        calibre=asked.calibre,
        type=asked.type,
        country_of_manufacture=asked.country,
        year=asked.year,
        marking=asked.marking,
    )
    said = record_commands.firearm_columns(gun) | {"state": hit.finding_state}
    return HitGun(None, sharing, ("firearm",), query=said)


def _disclosure_event(hit: Hit, gun: HitGun) -> AuditEvent:
    """Return the audit event for the owner: which groups were disclosed."""
    if gun.view is not None:
        return record_disclosure_event(gun.view, gun.sharing, gun.present_groups)
    state, check = hit.finding_state, hit.cause_id or ""
    said = {
        "groups": gun.sharing.given(gun.present_groups),
        "handling": gun.sharing.statement.handling,
    }
    return AuditEvent(Action.CHECK_DISCLOSED, CHECK_EVENT, check, state, [state], said)


def _with_cause_change(hit: Hit, gun: HitGun) -> HitGun:
    if gun.view is None:
        return gun
    is_later = gun.view.record.version > hit.cause_version
    return replace(
        gun,
        is_withdrawn=gun.view.is_withdrawn or hit.cause_status == "withdrawn",
        is_corrected=is_later or hit.cause_status in ("corrected", "corrected_away"),
    )


def _read_place(reader: Actor, disclosure: Disclosure) -> Mapping[str, Any] | None:
    """Return the place if disclosed and readable for the role."""
    record = disclosure.view.record
    permission = PLACE_PERMISSIONS.get(record.document_kind)
    if (
        permission is None
        or permission not in reader.permissions
        or not disclosure.sharing.may("place")
    ):
        return None
    read = _seizure_place if record.document_kind == "seizure" else _report_place
    return read(record.document_id)


def _seizure_place(document_id: UUID) -> Mapping[str, Any] | None:
    row = db.session.scalar(select_current(Seizure).where(Seizure.id == document_id))
    if row is None:
        return None
    post = select(Post.name).where(Post.code == row.post)
    name = row.place_name or (db.session.scalar(post) if row.post else None)
    fields = ("country", "admin1", "latitude", "longitude", "precision")
    return {field: getattr(row, field) for field in fields} | {"name": name}


def _report_place(document_id: UUID) -> Mapping[str, Any] | None:
    return db.session.scalar(
        select_current(Report).where(Report.id == document_id).with_only_columns(Report.place)
    )
