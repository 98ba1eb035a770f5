"""List of hits, a hit with both guns, its answer."""

from functools import partial
from typing import Any
from uuid import UUID

from flask import request

from api.i18n.messages import translate
from api.schemas.alerts import (
    HitConfirmRequest,
    HitExtendRequest,
    HitQuery,
    HitRejectRequest,
    HitResponse,
)
from api.web.document_actions import Action, Actions, Subject
from api.web.forms import Field, Form
from api.web.pages import investigation_pages
from api.web.pages.investigation.checks import register_purpose_page
from api.web.pages.investigation.guns import rows_by_gun
from api.web.record_pages import DocumentPages
from salsa_ext.access.permissions import Permission
from salsa_ext.alerts import hits, pair_view
from salsa_ext.alerts import queries as alert_queries
from salsa_ext.alerts.queries import HitView
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import message
from salsa_ext.database.paging import Page
from salsa_ext.disclosure import disclosures
from salsa_ext.reference.names import label

FILTERS = (
    Field("status", message("Status"), "choice", "hit_status"),
    Field("action", message("What the alert wants"), "choice", "alert_action"),
)
READ_BY_OTHER_STATE = message("The state that found the gun reads it.")
READ_BY_OWN_STATE = message("Only your state reads it: those who found the gun do not learn of it.")
ANSWER_NOT_SENT = message(
    "The answer is stored. Nobody else is notified: those who found the firearm know nothing"
    " of this hit."
)


def _hit_json(actor: Actor, view: HitView) -> Any:
    """Return a hit with both guns; logs the disclosure."""
    return HitResponse().dump(pair_view.read_hit(actor=actor, hit_id=view.hit.id))


def _note_field(view: HitView, required: bool) -> tuple[Field, ...]:
    hint = READ_BY_OTHER_STATE if view.is_shown_to_finder else READ_BY_OWN_STATE
    label = message("Why") if required else message("Comment")
    return (Field("note", label, "area", required=required, max_length=500, hint=hint),)


AnswerAction = partial(
    Action,
    permission=Permission.HIT_DECIDE,
    statuses=("open", "extended"),
    extra_fields=partial(_note_field, required=True),
    is_for=lambda actor, view: view.hit.alert_state == actor.state,
    template="investigation/hit_answer.html",
    context=_hit_json,
)
ACTIONS: Actions = (
    AnswerAction(
        "confirm",
        message("Confirm"),
        message("The alert is valid, and it is that firearm."),
        HitConfirmRequest,
        hits.confirm,
        success=message("The other state is informed that it is that firearm."),
        extra_fields=partial(_note_field, required=False),
    ),
    AnswerAction(
        "deny",
        message("Deny"),
        message("It is another gun, or the alert is no longer true."),
        HitRejectRequest,
        hits.deny,
        success=message("The other state is informed that it is not."),
        is_destructive=True,
    ),
    AnswerAction(
        "extend",
        message("Ask for more time"),
        message("Say until when you answer, and why."),
        HitExtendRequest,
        hits.extend,
        fields=(Field("hours", message("Hours from now"), "number", required=True),),
        success=message("The other state is informed of the date of your answer."),
        obstacle=lambda actor, view: None if view.is_shown_to_finder else hits.NO_ANSWER_AWAITED,
    ),
)


def _find(actor: Actor, hit_id: UUID) -> Subject:
    view = alert_queries.get_hit(actor, hit_id)
    row = view.hit
    other = row.finding_state if row.alert_state == actor.state else row.alert_state
    title = message("Hit with {state}", state=label("state", other, actor.language))
    return Subject(view, translate(title), row.alert_state, row.status)


def _list_by_gun(actor: Actor, page: Page[HitView]) -> dict[str, Any]:
    """Return the hits by gun: that of the own alert, or of the own record that met one."""

    def own_record(view: HitView) -> UUID | None:
        hit = view.hit
        if hit.alert_state == actor.state:
            return view.alert_record or hit.alert_id
        is_record = hit.cause_kind != "check" and hit.finding_state == actor.state
        return hit.cause_id if is_record else None

    rows, repeated = rows_by_gun(actor, page.items, own_record)
    return {"rows": rows, "repeated": repeated}


def _render_hit(actor: Actor, form: Form | None, hit_id: UUID) -> str:
    """Render a hit; the alert's gun is read without a form."""
    if form is None:
        disclosures.require_purpose(actor)
    subject = PAGES.find(actor, hit_id)
    success = PAGES.messages.get(request.args.get("done", ""))
    if success and not subject.view.is_shown_to_finder:
        success = ANSWER_NOT_SENT
    hit, form = _hit_json(actor, subject.view), form or Form({"purpose": "investigation"})
    return PAGES.render_detail(actor, subject, hit=hit, form=form, success=success)


PAGES = DocumentPages(investigation_pages, "hit", "/hits", message("Hits"), _find, ACTIONS)
PAGES.add_list(HitQuery, alert_queries.list_hits, FILTERS, _list_by_gun, item=HitResponse)
register_purpose_page(
    investigation_pages,
    "/hits/<uuid:hit_id>",
    "hit_page",
    _render_hit,
    Permission.HIT_READ,
    Permission.RECORD_READ,
)
