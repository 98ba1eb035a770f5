"""Matches of own records to judge, and the leads that they make."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from flask import g, request, url_for

from api.i18n.messages import translate, translate_event
from api.schemas.records import (
    LeadQuery,
    LeadResponse,
    MatchConfirmRequest,
    MatchQuery,
    MatchRejectRequest,
    MatchResponse,
    RecordResponse,
)
from api.web import formatting, lists
from api.web.charts import draw_lead
from api.web.document_actions import Action, Actions, Subject
from api.web.forms import Field, Form
from api.web.pages import investigation_pages
from api.web.pages.investigation.checks import register_purpose_page
from api.web.pages.investigation.guns import rows_by_gun
from api.web.record_pages import DocumentPages, register_form, render_page
from salsa_ext.access.permissions import Permission
from salsa_ext.core.actor import Actor
from salsa_ext.core.batches import group_by
from salsa_ext.core.errors import Invalid, Message, NotFound, message
from salsa_ext.core.ids import parse_id
from salsa_ext.database.paging import Page
from salsa_ext.disclosure import disclosures
from salsa_ext.firearms.records.event_kinds import FOUND_EVENTS, MISSING_EVENTS
from salsa_ext.firearms.records.queries import find_records
from salsa_ext.firearms.search.values import MarkHit
from salsa_ext.leads import queries as lead_queries
from salsa_ext.matches import commands as match_commands
from salsa_ext.matches import queries as match_queries
from salsa_ext.matches.queries import WORK_LIST, MatchView
from salsa_ext.reference.names import label

FILTERS = (
    Field("status", message("Status"), "choice", "match_status", blank=message("To be judged")),
    Field("strength", message("Evidence"), "choice", "strength"),
    Field("confirmable", message("Can be confirmed together"), "flag"),
    Field("state", message("State of the other record"), "choice", "participant"),
    Field(
        "current",
        message("After corrections"),
        "choice",
        (("false", message("Taken away")),),
        blank=message("Still standing"),
    ),
    Field(
        "worth",
        message("Worth a look"),
        "choice",
        "match_worth",
        blank=message("All that can be judged"),
    ),
)
ReasonField = partial(
    Field,
    "reason",
    message("Reason"),
    "area",
    max_length=500,
    hint=message("Nobody outside your state reads it."),
)
REJECTION_FIELDS = (
    Field("reason_code", message("What it is instead"), "choice", "match_rejection"),
    ReasonField(
        required=False,
        hint=message(
            "In words if nothing, or “Another reason”, is chosen. Nobody outside your state reads it."
        ),
    ),
)
CHECKBOX_PREFIX = "pick."
NOTHING_CHOSEN = message("Nothing is selected. Select at least one match.")


def _both_guns(actor: Actor, view: MatchView) -> Sequence[tuple[str, str | None, str]]:
    """Return whose record it is, serial and gun of both records, with RECORD_READ."""
    if Permission.RECORD_READ not in actor.permissions:
        return ()
    row = view.match
    own = [each.record for each in find_records([row.record_id], with_marks=False)]
    guns = [
        (translate(message("Your record")), each.serial, formatting.gun_name(each)) for each in own
    ]
    serials = {each.id: each.serial for each in own}
    others = match_queries.other_record_guns(actor, {key: [view] for key in serials}, serials)
    return guns + [
        (label("state", hit.state, actor.language), hit.serial_norm, formatting.mark_gun_name(hit))
        for hit in others.values()
    ]


ACTIONS: Actions = (
    Action(
        "confirm",
        message("Confirm: one gun"),
        message(
            "Say for your state that the two records are of one gun. Their histories become one; what the other"
            " state says stays its own, and you can take yours back."
        ),
        MatchConfirmRequest,
        match_commands.confirm_match,
        Permission.MATCH_DECIDE,
        ("proposed", "rejected"),
        (ReasonField(required=False),),
        message("Your state says that it is one gun."),
        is_for=lambda actor, view: view.match.is_current,
        template="investigation/match_action.html",
        context=_both_guns,
    ),
    Action(
        "reject",
        message("Reject: not one gun"),
        message(
            "Say for your state that the two records are not of one gun, and why. You can take it back."
        ),
        MatchRejectRequest,
        match_commands.reject_match,
        Permission.MATCH_DECIDE,
        ("proposed", "confirmed"),
        REJECTION_FIELDS,
        message("Your state says that it is not one gun."),
        is_for=lambda actor, view: view.match.is_current,
        template="investigation/match_action.html",
        context=_both_guns,
    ),
)


def _find(actor: Actor, match_id: UUID) -> Subject:
    view = match_queries.get_match(actor, match_id)
    row = view.match
    state = label("state", row.other_state, actor.language)
    is_own = row.other_state == row.owner_state
    text = message("Two records of one state: {state}") if is_own else message("Match with {state}")
    title = translate(Message(text.text, {"state": state}))
    if Permission.RECORD_READ in actor.permissions:
        own = [each.record.serial for each in find_records([row.record_id], with_marks=False)]
        title = " · ".join(filter(None, (*own, title)))
    if view.worth == "contradiction":
        title = f"{label('match_worth', view.worth, actor.language)} · {title}"
    return Subject(view, title, row.owner_state, row.status)


WORTH_TEXTS = {
    "theft": message("Reported stolen in {state}"),
    "loss": message("Reported lost in {state}"),
    "alert": message("Sought by {state}"),
    "seized": message("Seized in {state}"),
    "found": message("Found in {state}"),
    "domestic_sale": message("Sold in {state}"),
}


def worth_text(view: MatchView, other: MarkHit | None) -> str:
    """Return in words why a match is worth a look, by the other event where it is visible."""
    text = WORTH_TEXTS.get(other.event) if other and view.worth != "contradiction" else None
    if text is None:
        return label("match_worth", view.worth, g.actor.language)
    return translate_event(Message(text.text, {"state": view.match.other_state}))


def _list_context(actor: Actor, page: Page[MatchView], sent: Form | None = None) -> dict[str, Any]:
    """Return the matches by gun, the events of other records, and, with RECORD_READ, the own ones.

    `repeated` follow another match of their gun. `sent` is the form that rejects several.
    """
    rows, repeated = rows_by_gun(actor, page.items, lambda view: view.match.record_id)
    own_records = {}
    if Permission.RECORD_READ in actor.permissions:
        records = find_records({view.match.record_id for view in rows})
        own_records = {view.record.id: view for view in records}
    by_record = group_by(
        (view for view in rows if view.match.record_id in own_records),
        lambda view: view.match.record_id,
    )
    serials = {key: each.record.serial for key, each in own_records.items()}
    others = match_queries.other_record_events(actor, rows)
    return {
        "rows": rows,
        "own_records": own_records,
        "repeated": repeated,
        "others": others,
        "other_guns": match_queries.other_record_guns(actor, by_record, serials),
        "worth_text": worth_text,
        "sent": sent or Form(),
        "prefix": CHECKBOX_PREFIX,
        "rejection_fields": REJECTION_FIELDS,
        "decided": request.args.get("done", type=int),
        "is_confirmed": request.args.get("act") == "confirm",
        "are_questions": request.args.get("worth") == "pointer",
    }


def _render_match(actor: Actor, form: Form | None, match_id: UUID) -> str:
    """Render a match; a foreign record is read without a form."""
    subject = PAGES.find(actor, match_id)
    row, own, other = subject.view.match, None, None
    if Permission.RECORD_READ in actor.permissions:
        own = _read_record(actor, row.record_id)
        if row.other_record and (form is None or row.other_state == actor.state):
            other = _read_record(actor, row.other_record)
    is_other_read = other is not None
    if own and not other:
        other = _known_of_other(actor, subject.view, own)
    return PAGES.render_detail(
        actor,
        subject,
        match=MatchResponse().dump(subject.view),
        own=own,
        other=other,
        is_other_read=is_other_read,
        is_missed_later=own and other and _is_missed_later(own, other),
        others=match_queries.count_others(row),
        form=form,
        is_judged="done" in request.args,
        next_match=_next_match(actor, match_id),
    )


def _known_of_other(actor: Actor, view: MatchView, own: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return of the other record, in the fields of the own, what its mark discloses."""
    key = view.match.record_id
    guns = match_queries.other_record_guns(actor, {key: [view]}, {key: own["serial"]})
    return next(
        (
            dict.fromkeys(own)
            | {
                "event": hit.event,
                "occurred_on": hit.on.isoformat(),
                "serial": hit.serial_norm,
                "type": hit.type,
                "make_text": hit.make and formatting.make_name(hit.make),
                "model": hit.model and hit.model.upper(),
                "calibre_text": hit.calibre and label("calibre", hit.calibre, g.language),
                "country_of_manufacture": hit.country,
                "year": hit.year,
            }
            for hit in guns.values()
        ),
        None,
    )


def _is_missed_later(*records: Mapping[str, Any]) -> bool:
    """Return whether one gun was found before the other was missed, by their days or months."""
    days = {record["event"]: record["occurred_on"] for record in records}
    find = next((days[event] for event in days if event in FOUND_EVENTS), None)
    loss = next((days[event] for event in days if event in MISSING_EVENTS), None)
    if not find or not loss:
        return False
    length = min(len(find), len(loss))
    return bool(find[:length] < loss[:length])


def _next_match(actor: Actor, match_id: UUID) -> MatchView | None:
    """Return what follows a match in the work list."""
    after = (str(match_id), None)
    pages = (match_queries.list_matches(actor, {**WORK_LIST}, 1, cursor) for cursor in after)
    views = (view for page in pages for view in page.items if view.match.id != match_id)
    return next(views, None)


def _read_record(actor: Actor, record_id: UUID) -> Any:
    try:
        return RecordResponse().dump(disclosures.read_record(actor=actor, record_id=record_id))
    except NotFound:  # its owner shows it no longer
        return None


def _list_matches(actor: Actor, filters: dict[str, Any], *page: Any) -> Page[MatchView]:
    """List the work list, unless the filter asks for something else."""
    defaults = {**WORK_LIST}
    for name, default in (("worth", "least_worth"), ("is_current", "status")):
        if name in filters:
            del defaults[default]
    return match_queries.list_matches(actor, defaults | filters, *page)


PAGES = DocumentPages(investigation_pages, "match", "/matches", message("Matches"), _find, ACTIONS)
PAGES.add_list(MatchQuery, _list_matches, FILTERS, _list_context, item=MatchResponse)


def _show_refused(actor: Actor, form: Form | None) -> str:
    """Show the list again with a refused form, or a new one."""
    query = lists.read_filters(MatchQuery)
    page = _list_matches(actor, query.filters, lists.PAGE_SIZE, query.cursor)
    return PAGES.render_list(actor, query.form, page, FILTERS, **_list_context(actor, page, form))


def _show_chosen(actor: Actor, form: Form | None) -> str:
    """Show the chosen matches that may be confirmed together, to be checked; without any, the list."""
    checked = (form or Form({**request.args})).checked(CHECKBOX_PREFIX)
    chosen = [key for each in checked if (key := parse_id(each))]
    if not chosen:
        if form:
            form.errors = {"": [translate(NOTHING_CHOSEN)]}
        return _show_refused(actor, form)
    views = match_queries.get_matches(actor, chosen)
    context = _list_context(actor, Page([view for view in views if view.match.is_sure]), form)
    return render_page(
        "investigation/match_check.html",
        actor,
        trail=PAGES.trail,
        unsure=[view for view in views if not view.match.is_sure],
        **context,
    )


def _confirm_many(actor: Actor, form: Form) -> str:
    """Confirm all matches that were checked, by the versions shown; returns the list."""
    data = form.load(MatchConfirmRequest())
    if not data.others:
        raise Invalid({"": [NOTHING_CHOSEN]})
    first, version = next(iter(data.others.items()))
    match_commands.confirm_match(actor=actor, match_id=first, expected_version=version, data=data)
    here = url_for("investigation.match_list")
    return lists.address_with(here, done=str(len(data.others)), act="confirm", cursor=None)


def _reject_many(actor: Actor, form: Form) -> str:
    """Reject all checked matches for one reason, or none; returns the list with its filters."""
    chosen = form.checked(CHECKBOX_PREFIX)
    if not chosen:
        raise Invalid({"": [NOTHING_CHOSEN]})
    typed = {name: form.get(name) for name in ("reason", "reason_code") if form.get(name)}
    data = MatchRejectRequest().load(typed | {"others": chosen})
    match_commands.reject_match(
        actor=actor, match_id=next(iter(data.others)), expected_version=None, data=data
    )
    here = url_for("investigation.match_list")
    return lists.address_with(here, done=str(len(chosen)), cursor=None)


register_form(
    investigation_pages,
    "/matches/reject",
    "reject_matches",
    Permission.MATCH_DECIDE,
    _show_refused,
    _reject_many,
)
register_form(
    investigation_pages,
    "/matches/confirm",
    "confirm_matches",
    Permission.MATCH_DECIDE,
    _show_chosen,
    _confirm_many,
    expand=lambda form: bool(form.values.pop("check", "")),
)
register_purpose_page(
    investigation_pages,
    "/matches/<uuid:match_id>",
    "match_page",
    _render_match,
    Permission.MATCH_READ,
    Permission.RECORD_READ,
)


LEAD_FILTERS = (
    Field("kind", message("Kind"), "choice", "lead_kind"),
    Field("state", message("State"), "choice", "participant"),
    Field("since", message("Seized since"), "date"),
    Field("dealer", message("Dealer"), max_length=200),
)
LEADS = DocumentPages(investigation_pages, "lead", "/leads", message("Patterns"))


def _render_leads(actor: Actor, form: Form | None) -> str:
    """Render the leads of own records, strongest first; of all states without a form."""
    query = lists.read_filters(LeadQuery)
    page = lead_queries.list_leads(
        actor=actor, filters=query.filters, limit=lists.PAGE_SIZE, cursor=query.cursor
    )
    return LEADS.render_list(
        actor,
        query.form,
        page,
        LEAD_FILTERS if form else (),
        purpose_form=form,
        rows=LeadResponse(many=True).dump(page.items),
        next_page=lists.next_page_address(page.next) if form else None,
        is_more=page.next is not None,
    )


def _render_lead(actor: Actor, form: Form | None, lead_id: UUID) -> str:
    """Render a lead; asks for a purpose if own records are insufficient."""
    try:
        lead = LeadResponse().dump(lead_queries.get_lead(actor=actor, lead_id=lead_id))
    except NotFound:
        if form is None:
            raise
        return LEADS.render_detail(actor, None, lead=None, form=form)
    graph = draw_lead(formatting.label("lead_kind", lead["kind"]), lead)
    return LEADS.render_detail(actor, None, lead=lead, form=form, graph=graph)


register_purpose_page(
    investigation_pages, "/leads", "lead_list", _render_leads, Permission.LEAD_READ
)
register_purpose_page(
    investigation_pages, "/leads/<uuid:lead_id>", "lead_page", _render_lead, Permission.LEAD_READ
)
