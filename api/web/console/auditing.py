"""The audit and the disclosures as pages: who did what, and to whom a record of the own state was given."""

from __future__ import annotations

from uuid import UUID

from flask import render_template, request, url_for

from api.i18n import translate
from api.schemas.accounts import AuditQuery
from api.schemas.records import DisclosureQuery, DisclosureResponse
from api.web import shown
from api.web.access import signed_in
from api.web.console import naming
from api.web.console.blueprint import blueprint
from api.web.desk import choices, listing
from api.web.notifications import PAGES
from api.web.typed import Form
from salsa_ext.audit import SUBJECT_KINDS, Action
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import audit as reading
from salsa_ext.readmodels import known
from salsa_ext.readmodels.days import zone_of
from salsa_ext.readmodels.disclosed import DisclosureView, list_disclosures
from salsa_ext.readmodels.known import Known
from salsa_ext.readmodels.pages import Page
from salsa_ext.values.actor import Actor


@blueprint.get("/audit")
@signed_in
def audit(actor: Actor) -> str:
    """Show what the own state did and what was done to its records, newest first, by the filters."""
    asked = listing.asked(AuditQuery)
    page = reading.list_entries(actor, asked.filters, listing.LIMIT, asked.cursor)
    return render_template(
        "console/audit.html", actor=actor, form=asked.form, page=page, choices=choices, acts=acts(),
        kinds=_kinds(), act=act_name, pages=PAGES, disclosed=str(Action.RECORD_DISCLOSED),
        onward=listing.address(page.next), zone=zone_of(actor),
    )  # fmt: skip


def act_name(action: str) -> str:
    """Return what was done in words: to what, and what."""
    subject, _, verb = action.partition(":")
    return f"{shown.capital(shown.label('object', subject))} · {shown.label('act', verb)}"


def acts() -> choices.Options:
    """Return everything that is written down, by its name."""
    return sorted(((str(one), act_name(one)) for one in Action), key=lambda option: option[1])


def _kinds() -> choices.Options:
    named = ((kind, shown.capital(shown.label("object", kind))) for kind in SUBJECT_KINDS)
    return sorted(named, key=lambda option: option[1])


@blueprint.get("/disclosures")
@signed_in
def disclosures(actor: Actor) -> str:
    """Show to whom a record of the own state was given, newest first; first ask which record.

    It is named by its id, the number of its document or its serial: where several are, each of them
    is shown with the way to its list.
    """
    require(actor, Permission.DISCLOSURE_READ)
    asked = listing.asked(DisclosureQuery)
    found = _meant(actor, asked.form)
    page = _given(actor, asked, found[0].record) if len(found) == 1 else None
    return render_template(
        "console/disclosures.html", actor=actor, form=asked.form, found=found[:known.MOST],
        several=translate(naming.several_of(found)), choices=choices,
        given=DisclosureResponse(many=True).dump(page.items) if page else None, at=_address,
        line=naming.line,
        onward=listing.address(page.next) if page else None, zone=zone_of(actor),
    )  # fmt: skip


def _meant(actor: Actor, form: Form) -> list[Known]:
    """Return the own records that were typed; that there is none is told at the field."""
    typed = form.get("record")
    found = known.find(actor, typed) if typed else []
    if typed and not found:
        form.errors["record"] = [translate(naming.NONE)]
    return found


def _address(record: UUID) -> str:
    """Return the address of the same list of one record."""
    kept = {name: value for name, value in request.args.items() if name != "cursor"}
    return url_for("console.disclosures", **kept | {"record": str(record)})


def _given(actor: Actor, asked: listing.Asked, record: UUID) -> Page[DisclosureView]:
    return list_disclosures(actor, asked.filters, listing.LIMIT, asked.cursor, record)
