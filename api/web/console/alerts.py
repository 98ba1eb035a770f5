"""Alerts of the own state: the list, one with the hits on it, entering one, checking it, ending it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any, Final
from uuid import UUID

from flask import render_template, request, url_for

from api.i18n import translate
from api.schemas.alerts import AlertCancelRequest, AlertQuery, AlertRequest, AlertResponse
from api.schemas.requests import WordsRequest
from api.web import sending
from api.web.access import again, sender, signed_in
from api.web.console import naming
from api.web.console.blueprint import blueprint
from api.web.desk import choices, doings, listing
from api.web.desk.doings import Doing, Field, Subject
from api.web.desk.filling import category_of
from api.web.typed import Form
from salsa_ext.errors import Message, say
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import alerts as reading
from salsa_ext.readmodels import hits, known
from salsa_ext.readmodels.alerts import AlertView
from salsa_ext.readmodels.days import today, zone_of
from salsa_ext.services import alerts
from salsa_ext.values.actor import Actor

A_YEAR: Final = timedelta(days=365)
SECOND: Final = say("A second alert on this gun is wanted")
CALLED: Final[Mapping[str, Message]] = {
    "confirm_second": SECOND, "expires_on": say("Last day"), "reason_text": say("The reason in words"),
}  # fmt: skip
COMPARED: Final = say(
    "You compared the alert with its source: the gun, the reason and the case are right."
)
SHOWN_AT: Final = {"firearm": "firearm.serial"}
"""The field of the page at which something that is wrong with another one is told."""


def _cancel(*, data: Mapping[str, Any], **said: Any) -> None:
    alerts.cancel(reason=data["reason"], **said)


def _bars(actor: Actor, view: AlertView) -> Message | None:
    """Return why an alert cannot be said to be true: its source is gone, or who asks entered it."""
    if view.is_groundless:
        return alerts.GROUNDLESS
    row = view.alert
    is_same = row.second_check == "waiting" and row.entered_by == actor.account_id
    return alerts.ANOTHER_PERSON if is_same else None


def _is_due(actor: Actor, view: AlertView) -> bool:
    return view.alert.verified_at is not None and alerts.is_due(actor, view.alert)


DOINGS: doings.Doings = (
    Doing("check", say("Verify it"), COMPARED, WordsRequest, alerts.verify, Permission.ALERT_RECORD,
          ("active",), (), is_dataless=True, bars=_bars, is_main=True,
          is_for=lambda _, view: view.alert.verified_at is None),
    Doing("verify", say("Say that it is still true"),
          COMPARED, WordsRequest, alerts.verify, Permission.ALERT_RECORD, ("active",), (),
          is_dataless=True, bars=_bars, is_main=True, is_for=_is_due),
    Doing("cancel", say("Cancel the alert"),
          say("No search finds it any more, and hits on it that wait for an answer end."),
          AlertCancelRequest, _cancel, Permission.ALERT_RECORD, ("active",),
          (Field("reason", say("Why it ends"), "area", required=True, most=500),), is_grave=True),
)  # fmt: skip
CHECKED: Final = say("It is written down that the alert is true.")
DONE = {
    "entered": say("The alert stands."), "verify": CHECKED, "check": CHECKED,
    "cancel": say("The alert is cancelled."),
}  # fmt: skip


@blueprint.get("/alerts")
@signed_in
def alerts_page(actor: Actor) -> str:
    """Show the alerts of the own state, newest first, by the filters of the address."""
    asked = listing.asked(AlertQuery)
    page = reading.list_alerts(actor, asked.filters, listing.LIMIT, asked.cursor)
    return render_template(
        "console/alerts.html", actor=actor, form=asked.form, page=page, choices=choices,
        onward=listing.address(page.next),
    )  # fmt: skip


@blueprint.get("/alerts/new")
@signed_in
def alert_form(actor: Actor) -> str:
    """Show the form; a `record` of the address is the gun of one of the own state's records."""
    require(actor, Permission.ALERT_RECORD)
    opened = {"priority": "routine", "expires_on": (today(actor) + A_YEAR).isoformat()}
    return _page(actor, Form(opened | {"record": request.args.get("record", "")}))


@blueprint.post("/alerts/new")
@sender
def enter_alert(actor: Actor) -> Any:
    """Enter the alert and show it; 422 or 409 with the form where that cannot be."""
    require(actor, Permission.ALERT_RECORD)
    form = sending.sent()
    form.called = {path: translate(name) for path, name in CALLED.items()}
    done = sending.send(form, actor, lambda: _enter(actor, form))
    form.errors = {SHOWN_AT.get(path, path): said for path, said in form.errors.items()}
    return done or (again(actor, lambda: _page(actor, form)), form.status)


def _enter(actor: Actor, form: Form) -> str:
    alert_id = alerts.record(
        actor=actor, data=form.load(AlertRequest(), lambda body: _complete(actor, body))
    )
    return url_for("console.alert", alert_id=alert_id, done="entered")


def _complete(actor: Actor, body: dict[str, Any]) -> None:
    if firearm := body.get("firearm"):
        firearm["category"] = category_of(firearm)
    naming.put(body, _own(actor))


def _own(actor: Actor) -> naming.Find:
    return partial(known.find, actor, permission=Permission.ALERT_RECORD)


def _page(actor: Actor, form: Form) -> str:
    if form.existing:
        standing = subject_of(actor, form.existing)
        form.lead(standing.title, standing.address)
    return render_template(
        "console/alert_new.html", actor=actor, form=form, choices=choices,
        suggest=choices.suggestions(actor), **naming.meant(form, _own(actor)),
    )  # fmt: skip


@blueprint.get("/alerts/<uuid:alert_id>")
@signed_in
def alert(actor: Actor, alert_id: UUID) -> str:
    """Show one: the gun, what is to be done, who checked it, and where it was met."""
    subject = subject_of(actor, alert_id)
    met = hits.list_hits(actor, {"alert_id": alert_id}, listing.LIMIT, None)
    return render_template(
        "console/alert.html", actor=actor, subject=subject, view=subject.view,
        alert=AlertResponse().dump(subject.view), met=met.items, zone=zone_of(actor),
        doings=doings.offered(DOINGS, actor, subject), second=alerts.ANOTHER_PERSON,
        groundless=alerts.GROUNDLESS,
        done=DONE.get(request.args.get("done", "")),
    )  # fmt: skip


def subject_of(actor: Actor, alert_id: UUID) -> Subject:
    """Return it as the pages of its doings show it."""
    view = reading.get_alert(actor, alert_id)
    row = view.alert
    gun = view.gun.record.serial or row.case_number
    title = translate(say("Alert on {serial}", serial=gun))
    return Subject(view, title, url_for("console.alert", alert_id=alert_id), row.owner_state,
                   row.status, "alert_status", ("console.alerts_page", say("Alerts")))  # fmt: skip


@blueprint.get("/alerts/<uuid:alert_id>/<slug:name>")
@signed_in
def alert_doing_form(actor: Actor, alert_id: UUID, name: str) -> Any:
    """Show the form of what can be done to it."""
    return doings.open_form(actor, doings.named(DOINGS, name), subject_of, alert_id)


@blueprint.post("/alerts/<uuid:alert_id>/<slug:name>")
@sender
def do_alert(actor: Actor, alert_id: UUID, name: str) -> Any:
    """Do it, and show the alert."""
    return doings.take_form(actor, doings.named(DOINGS, name), subject_of, alert_id, "alert_id")
