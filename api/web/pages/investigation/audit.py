"""Audit log and disclosures of own records."""

from __future__ import annotations

from operator import itemgetter
from typing import Any
from uuid import UUID

from flask import request, url_for

from api.i18n.messages import translate
from api.schemas.access import AuditQuery
from api.schemas.records import DisclosureQuery, DisclosureResponse
from api.web import choices, formatting, lists, prefill
from api.web.access import login_required
from api.web.pages import investigation_pages
from api.web.record_pages import HOME, render_page
from salsa_ext.access.audit import SUBJECT_KINDS, Action
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.administration import audit
from salsa_ext.administration.audit import list_disclosures
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import message
from salsa_ext.worklists import record_lookup

AUDIT = ("investigation.audit_log", message("Audit"))


@investigation_pages.get("/audit")
@login_required
def audit_log(actor: Actor) -> str:
    """Show the audit log of the own state, newest first."""
    listed = lists.read_filters(AuditQuery)
    page = audit.list_entries(actor, listed.filters, lists.PAGE_SIZE, listed.cursor)
    kinds = [
        (kind, formatting.capitalise(formatting.label("object", kind))) for kind in SUBJECT_KINDS
    ]
    return render_page(
        "investigation/audit.html",
        actor,
        title=AUDIT[1],
        form=listed.form,
        rows=page.items,
        action_options=action_options(),
        kind_options=sorted(kinds, key=itemgetter(1)),
        action_name=action_name,
        disclosed=str(Action.RECORD_DISCLOSED),
        next_page=lists.next_page_address(page.next),
    )


def action_name(action: str) -> str:
    """Return the name of an audited action: subject and verb."""
    subject, _, verb = action.partition(":")
    return f"{formatting.capitalise(formatting.label('object', subject))} · {formatting.label('act', verb)}"


def action_options() -> choices.Options:
    """Return all audited actions, sorted by name."""
    named = ((str(action), action_name(action)) for action in Action)
    return sorted(named, key=itemgetter(1))


@investigation_pages.get("/disclosures")
@login_required
def disclosure_list(actor: Actor) -> str:
    """List the disclosures of an own record, newest first.

    The record is given by id, document number or serial; several candidates are listed with links.
    """
    require(actor, Permission.DISCLOSURE_READ)
    listed = lists.read_filters(DisclosureQuery)
    typed, page = listed.form.get("record"), None
    records = record_lookup.find_records(actor, typed) if typed else []
    if typed and not records:
        listed.form.errors["record"] = [translate(prefill.NO_SUCH_RECORD)]
    if len(records) == 1:
        page = list_disclosures(
            actor, listed.filters, lists.PAGE_SIZE, listed.cursor, records[0].record
        )
    return render_page(
        "investigation/disclosures.html",
        actor,
        trail=(HOME, AUDIT) if Permission.AUDIT_READ in actor.permissions else (HOME,),
        form=listed.form,
        records=records[: record_lookup.MAX_FOUND],
        several=prefill.several_message(records),
        disclosures=DisclosureResponse(many=True).dump(page.items) if page else None,
        address_of=_record_address,
        name_of=prefill.record_label,
        next_page=lists.next_page_address(page.next) if page else None,
    )


def _record_address(record: UUID) -> str:
    """Return the address of the list of one record."""
    filters: dict[str, Any] = {
        name: value for name, value in request.args.items() if name != "cursor"
    }
    return url_for("investigation.disclosure_list", **filters | {"record": str(record)})
