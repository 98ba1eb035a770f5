"""List of alerts, an alert with its hits, entry, verification, cancellation."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any, Final
from uuid import UUID

from flask import render_template, request, url_for

from api.i18n.messages import translate
from api.schemas.alerts import AlertCancelRequest, AlertQuery, AlertRequest, AlertResponse
from api.schemas.requests import RemarkRequest
from api.web import actions, choices, listing, record_picker, submission
from api.web.access import login_required, login_required_for_form, render_again
from api.web.actions import Action, ActionField, Subject
from api.web.blueprints import investigation_pages
from api.web.forms import Form
from api.web.prefill import firearm_category
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.alerts import alerts
from salsa_ext.alerts import queries as alert_queries
from salsa_ext.alerts.queries import AlertView
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Message, message
from salsa_ext.reference.calendars import actor_zone, today
from salsa_ext.worklists import record_lookup

DEFAULT_VALIDITY: Final = timedelta(days=365)
CONFIRM_DUPLICATE: Final = message("A second alert on this gun is wanted")
FIELD_LABELS: Final[Mapping[str, Message]] = {
    "confirm_second": CONFIRM_DUPLICATE,
    "expires_on": message("Last day"),
    "reason_text": message("The reason in words"),
}
VERIFICATION_STATEMENT: Final = message(
    "You compared the alert with its source: the gun, the reason and the case are right."
)
ERROR_FIELDS: Final = {"firearm": "firearm.serial"}
"""The field of the page at which something that is wrong with another one is told."""


def _cancel(*, data: Mapping[str, Any], **said: Any) -> None:
    alerts.cancel(reason=data["reason"], **said)


def _verification_obstacle(actor: Actor, view: AlertView) -> Message | None:
    """Return why the actor cannot verify an alert; None if possible.

    Its source is withdrawn, or the actor entered it.
    """
    if view.is_source_withdrawn:
        return alerts.SOURCE_WITHDRAWN
    row = view.alert
    is_same = row.second_check == "waiting" and row.entered_by == actor.account_id
    return alerts.SECOND_PERSON_NEEDED if is_same else None


def _is_verification_due(actor: Actor, view: AlertView) -> bool:
    return view.alert.verified_at is not None and alerts.is_validation_due(actor, view.alert)


ACTIONS: actions.Actions = (
    Action(
        "check",
        message("Verify it"),
        VERIFICATION_STATEMENT,
        RemarkRequest,
        alerts.verify,
        Permission.ALERT_RECORD,
        ("active",),
        (),
        is_dataless=True,
        bars=_verification_obstacle,
        is_main=True,
        is_for=lambda _, view: view.alert.verified_at is None,
    ),
    Action(
        "verify",
        message("Say that it is still true"),
        VERIFICATION_STATEMENT,
        RemarkRequest,
        alerts.verify,
        Permission.ALERT_RECORD,
        ("active",),
        (),
        is_dataless=True,
        bars=_verification_obstacle,
        is_main=True,
        is_for=_is_verification_due,
    ),
    Action(
        "cancel",
        message("Cancel the alert"),
        message("No search finds it any more, and hits on it that wait for an answer end."),
        AlertCancelRequest,
        _cancel,
        Permission.ALERT_RECORD,
        ("active",),
        (ActionField("reason", message("Why it ends"), "area", required=True, most=500),),
        is_grave=True,
    ),
)
VERIFIED_MESSAGE: Final = message("It is written down that the alert is true.")
SUCCESS_MESSAGES = {
    "entered": message("The alert stands."),
    "verify": VERIFIED_MESSAGE,
    "check": VERIFIED_MESSAGE,
    "cancel": message("The alert is cancelled."),
}


@investigation_pages.get("/alerts")
@login_required
def alert_list(actor: Actor) -> str:
    """List the own state's alerts, newest first."""
    asked = listing.read_filters(AlertQuery)
    page = alert_queries.list_alerts(actor, asked.filters, listing.PAGE_SIZE, asked.cursor)
    return render_template(
        "investigation/alerts.html",
        actor=actor,
        form=asked.form,
        page=page,
        choices=choices,
        onward=listing.next_page_address(page.next),
    )


@investigation_pages.get("/alerts/new")
@login_required
def alert_form(actor: Actor) -> str:
    """Show the form; `record` of the address gives the gun."""
    require(actor, Permission.ALERT_RECORD)
    opened = {"priority": "routine", "expires_on": (today(actor) + DEFAULT_VALIDITY).isoformat()}
    return _render_form(actor, Form(opened | {"record": request.args.get("record", "")}))


@investigation_pages.post("/alerts/new")
@login_required_for_form
def record_alert(actor: Actor) -> Any:
    """Record an alert and redirect to it.

    Shows the form with 422 or 409 if refused.
    """
    require(actor, Permission.ALERT_RECORD)
    form = submission.read_form()
    form.called = {path: translate(name) for path, name in FIELD_LABELS.items()}
    done = submission.submit(form, actor, lambda: _record_alert(actor, form))
    form.errors = {ERROR_FIELDS.get(path, path): said for path, said in form.errors.items()}
    return done or (render_again(actor, lambda: _render_form(actor, form)), form.status)


def _record_alert(actor: Actor, form: Form) -> str:
    alert_id = alerts.record(
        actor=actor, data=form.load(AlertRequest(), lambda body: _complete(actor, body))
    )
    return url_for("investigation.alert_page", alert_id=alert_id, done="entered")


def _complete(actor: Actor, body: dict[str, Any]) -> None:
    if firearm := body.get("firearm"):
        firearm["category"] = firearm_category(firearm)
    record_picker.fill_record_id(body, _find_own_record(actor))


def _find_own_record(actor: Actor) -> record_picker.FindRecords:
    return partial(record_lookup.find_records, actor, permission=Permission.ALERT_RECORD)


def _render_form(actor: Actor, form: Form) -> str:
    if form.existing:
        standing = find_subject(actor, form.existing)
        form.lead(standing.title, standing.address)
    return render_template(
        "investigation/alert_new.html",
        actor=actor,
        form=form,
        choices=choices,
        suggest=choices.suggestions(actor),
        **record_picker.picker_context(form, _find_own_record(actor)),
    )


@investigation_pages.get("/alerts/<uuid:alert_id>")
@login_required
def alert_page(actor: Actor, alert_id: UUID) -> str:
    """Show an alert: gun, action, verification and hits."""
    subject = find_subject(actor, alert_id)
    met = alert_queries.list_hits(actor, {"alert_id": alert_id}, listing.PAGE_SIZE, None)
    return render_template(
        "investigation/alert.html",
        actor=actor,
        subject=subject,
        view=subject.view,
        alert=AlertResponse().dump(subject.view),
        met=met.items,
        zone=actor_zone(actor),
        doings=actions.available_actions(ACTIONS, actor, subject),
        second=alerts.SECOND_PERSON_NEEDED,
        groundless=alerts.SOURCE_WITHDRAWN,
        done=SUCCESS_MESSAGES.get(request.args.get("done", "")),
    )


def find_subject(actor: Actor, alert_id: UUID) -> Subject:
    """Return an alert as the subject of actions."""
    view = alert_queries.get_alert(actor, alert_id)
    row = view.alert
    gun = view.gun.record.serial or row.case_number
    title = translate(message("Alert on {serial}", serial=gun))
    return Subject(
        view,
        title,
        url_for("investigation.alert_page", alert_id=alert_id),
        row.owner_state,
        row.status,
        "alert_status",
        ("investigation.alert_list", message("Alerts")),
    )


@investigation_pages.get("/alerts/<uuid:alert_id>/<slug:name>")
@login_required
def alert_action_form(actor: Actor, alert_id: UUID, name: str) -> Any:
    """Show the form of an action on an alert."""
    return actions.show_action(actor, actions.find_action(ACTIONS, name), find_subject, alert_id)


@investigation_pages.post("/alerts/<uuid:alert_id>/<slug:name>")
@login_required_for_form
def alert_action(actor: Actor, alert_id: UUID, name: str) -> Any:
    """Run an action on an alert and redirect to it."""
    return actions.submit_action(
        actor, actions.find_action(ACTIONS, name), find_subject, alert_id, "alert_id"
    )
