"""List of alerts, an alert with its hits, entry, verification, cancellation."""

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any, Final
from uuid import UUID

from flask import request

from api.i18n.messages import translate
from api.schemas.alerts import AlertCancelRequest, AlertQuery, AlertRequest, AlertResponse
from api.web import prefill
from api.web.document_actions import Action, Actions, Subject
from api.web.forms import Field, Form
from api.web.lists import PAGE_SIZE
from api.web.pages import investigation_pages
from api.web.prefill import firearm_category
from api.web.record_pages import DocumentPages
from salsa_ext.access.permissions import Permission
from salsa_ext.alerts import alerts
from salsa_ext.alerts import queries as alert_queries
from salsa_ext.alerts.queries import AlertView
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Message, message
from salsa_ext.reference.calendars import today
from salsa_ext.worklists import record_lookup

DEFAULT_VALIDITY: Final = timedelta(days=365)
FILTERS: Final = (
    Field("status", message("Status"), "choice", "alert_status"),
    Field("action", message("What the alert wants"), "choice", "alert_action"),
    Field("reason", message("Reason of the alert"), "choice", "alert_reason"),
    Field("second_check", message("Second person"), "choice", "second_check"),
    Field("case_number", message("Case number"), max_length=100),
)
FIELD_LABELS: Final[Mapping[str, Message]] = {
    "confirm_second": message("A second alert on this gun is wanted"),
    "expires_on": message("Last day"),
    "reason_text": message("The reason in words"),
}
ERROR_FIELDS: Final = {"firearm": "firearm.serial"}
"""Fields of the page that show errors of others."""


def _cancel(*, data: Mapping[str, Any], **ids: Any) -> None:
    alerts.cancel(reason=data["reason"], **ids)


def _verification_obstacle(actor: Actor, view: AlertView) -> Message | None:
    """Return why the actor cannot verify an alert (source withdrawn, own entry), or None."""
    if view.is_source_withdrawn:
        return alerts.SOURCE_WITHDRAWN
    row = view.alert
    is_same = row.second_check == "waiting" and row.entered_by == actor.account_id
    return alerts.SECOND_PERSON_NEEDED if is_same else None


def _is_verification_due(actor: Actor, view: AlertView) -> bool:
    return view.alert.verified_at is not None and alerts.is_validation_due(actor, view.alert)


VerifyAction = partial(
    Action,
    description=message(
        "You compared the alert with its source: the gun, the reason and the case are right."
    ),
    schema=None,
    command=alerts.verify,
    permission=Permission.ALERT_RECORD,
    statuses=("active",),
    success=message("It is written down that the alert is true."),
    is_main=True,
    obstacle=_verification_obstacle,
)
ACTIONS: Actions = (
    VerifyAction(
        "check",
        message("Verify the alert"),
        is_for=lambda actor, view: view.alert.verified_at is None,
    ),
    VerifyAction("verify", message("Say that it is still true"), is_for=_is_verification_due),
    Action(
        "cancel",
        message("Cancel the alert"),
        message("No search finds it any more, and hits on it that wait for an answer end."),
        AlertCancelRequest,
        _cancel,
        Permission.ALERT_RECORD,
        ("active",),
        (Field("reason", message("Why it ends"), "area", required=True, max_length=500),),
        message("The alert is cancelled."),
        is_destructive=True,
    ),
)


def _find(actor: Actor, alert_id: UUID) -> Subject:
    view = alert_queries.get_alert(actor, alert_id)
    row = view.alert
    title = message("Alert on {serial}", serial=view.gun.record.serial or row.case_number)
    return Subject(view, translate(title), row.owner_state, row.status)


def _detail(actor: Actor, subject: Subject) -> dict[str, Any]:
    filters = {"alert_id": subject.view.alert.id}
    return {
        "alert": AlertResponse().dump(subject.view),
        "hits": alert_queries.list_hits(actor, filters, PAGE_SIZE, None).items,
        "second_person": alerts.SECOND_PERSON_NEEDED,
        "source_withdrawn": alerts.SOURCE_WITHDRAWN,
    }


def _show_form(actor: Actor, form: Form | None) -> dict[str, Any]:
    """Return the form; `record` of the address gives the gun."""
    initial = {
        "priority": "routine",
        "expires_on": (today(actor) + DEFAULT_VALIDITY).isoformat(),
        "record": prefill.known_name(request.args.get("record", ""), _find_own_record(actor)),
    }
    form = form or Form(initial)
    return {"form": form, **prefill.picker_context(form, _find_own_record(actor))}


def _record(actor: Actor, form: Form) -> str:
    data = form.load(AlertRequest(), lambda body: _complete(actor, body))
    return PAGES.address(alerts.record(actor=actor, data=data), done="entered")


def _complete(actor: Actor, body: dict[str, Any]) -> None:
    if firearm := body.get("firearm"):
        firearm["category"] = firearm_category(firearm)
    prefill.fill_record_id(body, _find_own_record(actor))


def _find_own_record(actor: Actor) -> prefill.FindRecords:
    return partial(record_lookup.find_records, actor, permission=Permission.ALERT_RECORD)


PAGES = DocumentPages(
    investigation_pages,
    "alert",
    "/alerts",
    message("Alerts"),
    _find,
    ACTIONS,
    {"entered": message("The alert remains valid.")},
)
PAGES.add_list(AlertQuery, alert_queries.list_alerts, FILTERS, item=AlertResponse)
PAGES.add_detail(_detail)
PAGES.add_form(
    Permission.ALERT_RECORD,
    _show_form,
    _record,
    labels=FIELD_LABELS,
    correct_errors=lambda form: {
        ERROR_FIELDS.get(path, path): texts for path, texts in form.errors.items()
    },
)
