"""Audit log and disclosures of own records."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import render_template, request, url_for

from api.i18n.messages import translate
from api.schemas.access import AuditQuery
from api.schemas.records import DisclosureQuery, DisclosureResponse
from api.web import choices, formatting, listing, record_picker
from api.web.access import login_required
from api.web.blueprints import investigation_pages
from api.web.forms import Form
from api.web.pages.account.notifications import PAGE_BY_SUBJECT
from salsa_ext.access.audit import SUBJECT_KINDS, Action
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.administration import audit
from salsa_ext.administration.audit import DisclosureView, list_disclosures
from salsa_ext.core.actor import Actor
from salsa_ext.database.paging import Page
from salsa_ext.reference.calendars import actor_zone
from salsa_ext.worklists import record_lookup
from salsa_ext.worklists.record_lookup import RecordReference


@investigation_pages.get("/audit")
@login_required
def audit_log(actor: Actor) -> str:
    """Show the audit log of the own state, newest first."""
    asked = listing.read_filters(AuditQuery)
    page = audit.list_entries(actor, asked.filters, listing.PAGE_SIZE, asked.cursor)
    return render_template(
        "investigation/audit.html",
        actor=actor,
        form=asked.form,
        page=page,
        choices=choices,
        acts=action_options(),
        kinds=_kind_options(),
        act=action_name,
        pages=PAGE_BY_SUBJECT,
        disclosed=str(Action.RECORD_DISCLOSED),
        onward=listing.next_page_address(page.next),
        zone=actor_zone(actor),
    )


def action_name(action: str) -> str:
    """Return the name of an audited action: subject and verb."""
    subject, _, verb = action.partition(":")
    return f"{formatting.capitalise(formatting.label('object', subject))} · {formatting.label('act', verb)}"


def action_options() -> choices.Options:
    """Return all audited actions, sorted by name."""
    return sorted(((str(one), action_name(one)) for one in Action), key=lambda option: option[1])


def _kind_options() -> choices.Options:
    named = (
        (kind, formatting.capitalise(formatting.label("object", kind))) for kind in SUBJECT_KINDS
    )
    return sorted(named, key=lambda option: option[1])


@investigation_pages.get("/disclosures")
@login_required
def disclosure_list(actor: Actor) -> str:
    """List the disclosures of an own record, newest first.

    The record is given by id, document number or serial; several candidates are listed with links.
    """
    require(actor, Permission.DISCLOSURE_READ)
    asked = listing.read_filters(DisclosureQuery)
    found = _typed_records(actor, asked.form)
    page = _list_disclosures(actor, asked, found[0].record) if len(found) == 1 else None
    return render_template(
        "investigation/disclosures.html",
        actor=actor,
        form=asked.form,
        found=found[: record_lookup.MAX_FOUND],
        several=translate(record_picker.several_message(found)),
        choices=choices,
        given=DisclosureResponse(many=True).dump(page.items) if page else None,
        at=_record_address,
        line=record_picker.record_label,
        onward=listing.next_page_address(page.next) if page else None,
        zone=actor_zone(actor),
    )


def _typed_records(actor: Actor, form: Form) -> list[RecordReference]:
    """Return the own records that match the typed text.

    None is an error of the field.
    """
    typed = form.get("record")
    found = record_lookup.find_records(actor, typed) if typed else []
    if typed and not found:
        form.errors["record"] = [translate(record_picker.NO_SUCH_RECORD)]
    return found


def _record_address(record: UUID) -> str:
    """Return the address of the list of one record."""
    kept: dict[str, Any] = {name: value for name, value in request.args.items() if name != "cursor"}
    return url_for("investigation.disclosure_list", **kept | {"record": str(record)})


def _list_disclosures(
    actor: Actor, asked: listing.ListRequest, record: UUID
) -> Page[DisclosureView]:
    return list_disclosures(actor, asked.filters, listing.PAGE_SIZE, asked.cursor, record)
