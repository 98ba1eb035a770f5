"""Audit log and disclosures of own records."""

from collections.abc import Sequence
from functools import partial
from itertools import groupby
from typing import Any
from uuid import UUID

from flask import request, url_for

from api.i18n.messages import translate
from api.schemas.access import AuditQuery, AuditResponse
from api.schemas.records import DisclosureQuery, DisclosureResponse
from api.web import lists, prefill
from api.web.access import login_required
from api.web.charts import draw_bars
from api.web.formatting import short_day
from api.web.forms import Field
from api.web.list_files import list_file
from api.web.pages import investigation_pages
from api.web.record_pages import HOME, render_page
from salsa_ext.access.audit_actions import Action
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.administration import audit
from salsa_ext.administration.audit import AuditEntryView, list_disclosures
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import message
from salsa_ext.core.ids import parse_id
from salsa_ext.worklists import record_lookup

FILTERS = (
    Field("from_day", message("From day"), "date"),
    Field("to_day", message("To day"), "date"),
    Field("username", message("User name"), max_length=100),
    Field("state", message("By"), "choice", "participant"),
    Field("action", message("What was done"), "choice", "audit_action"),
    Field("subject_kind", message("Object"), "choice", "audit_object"),
    Field("subject_id", message("Number, case, serial or id"), max_length=100),
    Field("without_case", message("Look-ups without a known case"), "flag"),
    Field("out_of_hours", message("Out of office hours"), "flag"),
)
AUDIT = ("investigation.audit_log", message("Audit"))


@investigation_pages.get("/audit")
@login_required
def audit_log(actor: Actor) -> Any:
    """Show the audit log of the own state, newest first, with a chart; or as a file."""
    listed = lists.read_filters(AuditQuery)
    if listed.format in lists.FILE_FORMATS:
        read, title = audit.list_entries, translate(AUDIT[1])
        return list_file(actor, "log", AuditQuery(), read, listed, AuditResponse(), title)
    page = audit.list_entries(actor, listed.filters, lists.PAGE_SIZE, listed.cursor)
    activity = audit.count_activity(actor, listed.filters) if listed.cursor is None else None
    periods = sorted(activity.periods.items()) if activity else ()
    counts, days = [count for _, count in periods], [short_day(day) for day, _ in periods]
    return render_page(
        "investigation/audit.html",
        actor,
        title=AUDIT[1],
        form=listed.form,
        fields=FILTERS,
        rows=_fold(page.items),
        has_files=True,
        activity=activity,
        periods=periods,
        drawing=draw_bars([translate(message("Acts"))], [counts], days) if periods else None,
        disclosed=str(Action.RECORD_DISCLOSED),
        is_id=parse_id,
        **lists.list_context(page, listed.form, FILTERS),
    )


def _fold(views: Sequence[AuditEntryView]) -> list[list[AuditEntryView]]:
    """Group entries of the service or the server's operator that follow upon their like."""

    def likeness(view: AuditEntryView) -> tuple[Any, ...]:
        entry = view.entry
        if entry.account_id and not view.by_itself:
            return (entry.id,)
        subject = (entry.subject_kind, view.number or entry.subject_id)
        purpose = (entry.purpose, entry.case_number)
        return entry.action, entry.owner_state, view.data.get("to"), entry.role, *subject, *purpose

    return [[*group] for _, group in groupby(views, likeness)]


@investigation_pages.get("/disclosures")
@login_required
def disclosure_list(actor: Actor) -> str:
    """List the disclosures of an own record, newest first."""
    require(actor, Permission.DISCLOSURE_READ)
    listed = lists.read_filters(DisclosureQuery)
    typed, page = listed.form.get("record"), None
    records = record_lookup.find_records(actor, typed) if typed else []
    if typed and not records:
        listed.form.errors["record"] = [translate(prefill.NO_SUCH_RECORD)]
    if len(records) == 1:
        find = partial(record_lookup.find_records, actor)
        listed.form.values["record"] = prefill.known_name(typed, find)
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
