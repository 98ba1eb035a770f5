"""Hits: alerts of the own state that were met, and those of others that it met; and the answer."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import render_template, request, url_for

from api.i18n import translate
from api.schemas.hits import (
    HitConfirmRequest,
    HitDenyRequest,
    HitExtendRequest,
    HitQuery,
    HitResponse,
)
from api.web.access import sender, signed_in
from api.web.console.blueprint import blueprint
from api.web.desk import choices, doings, listing
from api.web.desk.doings import Doing, Field, Subject
from api.web.guns import purposes
from api.web.typed import Form
from salsa_ext.errors import Message, say
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import hits as reading
from salsa_ext.readmodels.days import zone_of
from salsa_ext.readmodels.hits import HitView
from salsa_ext.readmodels.names import label
from salsa_ext.services import disclosures, hit_answers, hit_sides
from salsa_ext.values.actor import Actor

WAITING = ("open", "extended")
READ = say("The state that met it reads it.")
UNREAD = say("Your state alone reads it: those who met it know nothing of it.")
UNTOLD = say("The answer is kept. Nobody else is told: those who met it know nothing of this hit.")
ANSWERING = "console/hit_answer.html"
HOURS = Field("hours", say("Hours from now"), "number", required=True)


def _is_of_the_alert(actor: Actor, view: HitView) -> bool:
    return view.hit.alert_state == actor.state


def _bars_time(actor: Actor, view: HitView) -> Message | None:
    """Return why no more time is asked for where nobody waits for an answer."""
    return None if view.is_told else hit_answers.NOBODY_WAITS


def _told(actor: Actor, view: HitView) -> Any:
    """Return a hit with the two guns to be compared; the owner of what met it reads that it was given."""
    return HitResponse().dump(hit_sides.read_hit(actor=actor, hit_id=view.hit.id))


def _in_words(view: HitView) -> tuple[Field, ...]:
    return (Field("note", say("In words"), "area", required=False, most=500, hint=_readers(view)),)


def _why(view: HitView) -> tuple[Field, ...]:
    return (Field("note", say("Why"), "area", required=True, most=500, hint=_readers(view)),)


def _readers(view: HitView) -> Message:
    return READ if view.is_told else UNREAD


DOINGS: doings.Doings = (
    Doing("confirm", say("Confirm"), say("The alert stands, and it is that very gun."),
          HitConfirmRequest, hit_answers.confirm, Permission.HIT_DECIDE, WAITING, (),
          more=_in_words, is_for=_is_of_the_alert, page=ANSWERING, told=_told),
    Doing("deny", say("Deny"), say("It is another gun, or the alert is no longer true."),
          HitDenyRequest, hit_answers.deny, Permission.HIT_DECIDE, WAITING, (),
          more=_why, is_for=_is_of_the_alert, is_grave=True, page=ANSWERING, told=_told),
    Doing("extend", say("Ask for more time"), say("Say until when you answer, and why."),
          HitExtendRequest, hit_answers.extend, Permission.HIT_DECIDE, WAITING,
          (HOURS,), more=_why, is_for=_is_of_the_alert, bars=_bars_time, page=ANSWERING, told=_told),
)  # fmt: skip
DONE = {
    "confirm": say("The other state is told that it is that gun."),
    "deny": say("The other state is told that it is not."),
    "extend": say("The other state is told until when you answer."),
}


@blueprint.get("/hits")
@signed_in
def hits(actor: Actor) -> str:
    """Show the alerts that were met, newest first."""
    asked = listing.asked(HitQuery)
    page = reading.list_hits(actor, asked.filters, listing.LIMIT, asked.cursor)
    return render_template(
        "console/hits.html", actor=actor, form=asked.form, page=page, choices=choices,
        onward=listing.address(page.next), zone=zone_of(actor), now=actor.now(),
    )  # fmt: skip


@blueprint.get("/hits/<uuid:hit_id>")
@signed_in
def hit(actor: Actor, hit_id: UUID) -> str:
    """Show one: what the alert wants, the two guns, how sure it is, whom to call, and the answer."""
    return _page(actor, hit_id, purposes.opened())


@blueprint.post("/hits/<uuid:hit_id>")
@sender
def hit_for(actor: Actor, hit_id: UUID) -> Any:
    """Show it with the gun of the alert, for the purpose and the case that were typed by who met it."""
    require(actor, Permission.HIT_READ)
    require(actor, Permission.RECORD_READ)
    return purposes.read(
        actor,
        lambda reader: _page_for(reader, hit_id),
        lambda form: _page(actor, hit_id, form),
    )


def _page_for(reader: Actor, hit_id: UUID) -> str:
    disclosures.require_purpose(reader)
    return _page(reader, hit_id, purposes.opened())


def _page(actor: Actor, hit_id: UUID, form: Form) -> str:
    subject = subject_of(actor, hit_id)
    return render_template(
        "console/hit.html", actor=actor, subject=subject, hit=_told(actor, subject.view),
        doings=doings.offered(DOINGS, actor, subject), zone=zone_of(actor), now=actor.now(),
        view=subject.view, done=_done(subject.view), form=form, choices=choices,
    )  # fmt: skip


def _done(view: HitView) -> Message | None:
    """Return what the answer did: of what does not show to those who met it, nobody there is told."""
    said = DONE.get(request.args.get("done", ""))
    return said if said is None or view.is_told else UNTOLD


def subject_of(actor: Actor, hit_id: UUID) -> Subject:
    """Return it as the pages of its doings show it."""
    view = reading.get_hit(actor, hit_id)
    other = view.hit.asking_state if view.hit.alert_state == actor.state else view.hit.alert_state
    title = say("Hit with {state}", state=label("state", other, actor.language))
    return Subject(
        view, translate(title), url_for("console.hit", hit_id=hit_id), view.hit.alert_state,
        view.hit.status, "hit_status", ("console.hits", say("Hits")),
    )  # fmt: skip


@blueprint.get("/hits/<uuid:hit_id>/<slug:name>")
@signed_in
def hit_answer_form(actor: Actor, hit_id: UUID, name: str) -> Any:
    """Show the form of an answer."""
    return doings.open_form(actor, doings.named(DOINGS, name), subject_of, hit_id)


@blueprint.post("/hits/<uuid:hit_id>/<slug:name>")
@sender
def answer_hit(actor: Actor, hit_id: UUID, name: str) -> Any:
    """Answer, and show it."""
    return doings.take_form(actor, doings.named(DOINGS, name), subject_of, hit_id, "hit_id")
