"""Comparison of the two guns of a hit, as disclosed."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from salsa_ext.access.audit import AuditEvent, append_many
from salsa_ext.access.audit_actions import Action
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.alerts.models import Hit
from salsa_ext.alerts.queries import HitGun, HitView, get_hit
from salsa_ext.checks.models import Check
from salsa_ext.core.actor import Actor, Purpose
from salsa_ext.core.errors import NotFound
from salsa_ext.database.locks import select_current
from salsa_ext.database.session import acting_as, db
from salsa_ext.disclosure import disclosures
from salsa_ext.disclosure.disclosures import Disclosure, record_disclosure_event
from salsa_ext.disclosure.sharing import share_check
from salsa_ext.documents.models import Report, Seizure
from salsa_ext.firearms.marks.values import Firearm, Query
from salsa_ext.firearms.records import record_writing
from salsa_ext.firearms.search.evidence import CHECK_EVENT
from salsa_ext.reference.models import Post

COMPARED_GROUPS: Final = ("firearm", "event")
"""Field groups by which guns are compared, besides the place; a hit discloses no others."""
PLACE_PERMISSIONS: Final = {"seizure": Permission.SEIZURE_READ, "report": Permission.REPORT_READ}
"""Permission to read the place, by kind of document with a place."""


def read_hit(*, actor: Actor, hit_id: UUID) -> HitView:
    """Return a hit with its two guns to compare; requires HIT_READ.

    Records and checks of the other state pass the release function, and its audit shows the
    reading. The alert's state reads in the case of its alert, if it names no other; the finding
    state for a purpose and a case. If the other state does not know of the hit, nothing is read
    without a named purpose, since its audit would reveal the alert. Raises NotFound, and Invalid
    for a purpose without its case.
    """
    require(actor, Permission.HIT_READ)
    view = get_hit(actor, hit_id)
    if Permission.RECORD_READ not in actor.permissions:
        return view
    hit, purpose = view.hit, actor.purpose
    if purpose is None and view.alert and view.is_shown_to_finder:
        purpose = Purpose("investigation", view.alert.alert.case_number)
    reader = actor.for_purpose(purpose)
    record_id = view.alert.alert.record_id if view.alert else view.alert_record
    alert_gun = _read_gun(reader, record_id, hit.alert_state)
    if hit.cause_kind == CHECK_EVENT:
        found_gun = _read_check(reader, hit)
    else:
        found_gun = _read_gun(reader, hit.cause_id, hit.finding_state)
    if found_gun and found_gun.view:
        is_later = found_gun.view.record.version > hit.cause_version
        found_gun = replace(
            found_gun,
            is_withdrawn=found_gun.view.is_withdrawn or hit.cause_status == "withdrawn",
            is_corrected=is_later or hit.cause_status in ("corrected", "corrected_away"),
        )
    guns = [gun for gun in (alert_gun, found_gun) if gun and not gun.sharing.is_own]
    append_many(reader, [_disclosure_event(hit, gun) for gun in guns])
    return replace(view, alert_gun=alert_gun, found_gun=found_gun)


def _read_gun(reader: Actor, record_id: UUID | None, owner: str) -> HitGun | None:
    """Return one gun, or None if it is not disclosed.

    Another state's record is read for a purpose only. Raises Invalid for a purpose without its
    case.
    """
    if record_id is None or (owner != reader.state and reader.purpose is None):
        return None
    try:
        disclosed = disclosures.load_record(reader, record_id)
    except NotFound:
        return None
    if not disclosed.sharing.may("firearm"):
        return None
    place = _read_place(reader, disclosed)
    has_place = disclosed.view.record.document_kind in PLACE_PERMISSIONS
    is_withheld = has_place and not disclosed.sharing.may("place")
    groups = [*COMPARED_GROUPS, "place"] if place or is_withheld else COMPARED_GROUPS
    return HitGun(disclosed.view, disclosed.sharing, groups, place)


def _read_check(reader: Actor, hit: Hit) -> HitGun | None:
    """Return the gun that a check searched for, or None."""
    sharing = share_check(reader, hit.finding_state)
    if hit.cause_id is None or not sharing.may("firearm"):
        return None
    with acting_as(reader, hit.finding_state):  # released above
        check = db.session.get(Check, hit.cause_id)
    if check is None:
        return None
    query = Query(**{**check.query, "marks": ()})
    gun = Firearm(
        serial=query.serial,
        make=query.make,
        model=query.model,
        calibre=query.calibre,
        type=query.type,
        country_of_manufacture=query.country,
        year=query.year,
        marking=query.marking,
    )
    columns = record_writing.firearm_columns(gun) | {"state": hit.finding_state}
    return HitGun(None, sharing, ("firearm",), query=columns)


def _disclosure_event(hit: Hit, gun: HitGun) -> AuditEvent:
    """Return the audit event for the owner: which groups were disclosed."""
    if gun.view is not None:
        return record_disclosure_event(gun.view, gun.sharing, gun.present_groups)
    state, check, sharing = hit.finding_state, hit.cause_id or "", gun.sharing
    groups = sharing.given(gun.present_groups)
    data = {"groups": groups, "handling": sharing.statement.handling}
    return AuditEvent(Action.CHECK_DISCLOSED, CHECK_EVENT, check, state, [state], data)


def _read_place(reader: Actor, disclosed: Disclosure) -> Mapping[str, Any] | None:
    """Return the place if disclosed and readable for the role."""
    record = disclosed.view.record
    permission = PLACE_PERMISSIONS.get(record.document_kind)
    if permission not in reader.permissions or not disclosed.sharing.may("place"):
        return None
    if record.document_kind == "report":
        report = select_current(Report).where(Report.id == record.document_id)
        return db.session.scalar(report.with_only_columns(Report.place))
    seizure = select_current(Seizure).where(Seizure.id == record.document_id)
    row = db.session.scalar(seizure)
    if row is None:
        return None
    post = select(Post.name).where(Post.code == row.post)
    name = row.place_name or (db.session.scalar(post) if row.post else None)
    fields = ("country", "admin1", "latitude", "longitude", "precision")
    return {field: getattr(row, field) for field in fields} | {"name": name}
