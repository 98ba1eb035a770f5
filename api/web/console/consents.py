"""Consents: what the own state asks of others, and is asked; the list, one, and what is said of it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any
from uuid import UUID

from flask import render_template, request, url_for

from api.i18n import translate
from api.schemas.consents import (
    ConsentQuery,
    ConsentRefusal,
    ConsentRequest,
    ConsentResponse,
    GrantRequest,
)
from api.schemas.records import RecordResponse
from api.web import sending
from api.web.access import again, sender, signed_in
from api.web.console import naming
from api.web.console.blueprint import blueprint
from api.web.desk import choices, doings, listing
from api.web.desk.doings import Doing, Field, Subject
from api.web.typed import Form
from salsa_ext.errors import NotFound, say
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import consents as reading
from salsa_ext.readmodels import known
from salsa_ext.readmodels.consents import ConsentView
from salsa_ext.readmodels.days import zone_of
from salsa_ext.readmodels.names import label
from salsa_ext.readmodels.sharing import group_of
from salsa_ext.services import consents, disclosures
from salsa_ext.values.actor import Actor

ASKED = ("record", "use", "to", "case_number")
"""What the address of the form may fill in."""
DECIDING = "console/consenting.html"
NOT_GIVEN = say("No record of this number or serial was given to your state in a trace of this case. Give its"
                " id, as the trace or the check has it.")  # fmt: skip
WHY = Field("reason", say("Reason"), "area", required=True, most=1000,
            hint=say("The asking state reads it."))  # fmt: skip


def _is_origin(actor: Actor, view: ConsentView) -> bool:
    return view.consent.origin_state == actor.state


def _told(actor: Actor, view: ConsentView) -> Mapping[str, Any]:
    """Return what is asked for and, for who decides, the record of which it is and its private persons."""
    record = _record(actor, view)
    parties = [record[name] for name in ("from", "to") if record[name]] if record else []
    persons = [party for party in parties if group_of(party["kind"]) == "persons"]
    return {"consent": ConsentResponse().dump(view), "record": record, "persons": persons}


def _record(actor: Actor, view: ConsentView) -> Any:
    """Return the own state's record, for who may read records; the other side reads it for a purpose."""
    if not _is_origin(actor, view) or Permission.RECORD_READ not in actor.permissions:
        return None
    try:
        found = disclosures.read_record(actor=actor, record_id=view.consent.record_id)
    except NotFound:
        return None
    return RecordResponse().dump(found)


DOINGS: doings.Doings = (
    Doing("grant", say("Consent"), say("The other state may use it so, in this case, through this day."),
          GrantRequest, consents.grant, Permission.CONSENT_DECIDE, ("asked", "refused"),
          (Field("expires_on", say("Through"), "date", required=True),
           Field("reason", say("In words"), "area", required=False, most=1000)), is_for=_is_origin,
          page=DECIDING, told=_told),
    Doing("refuse", say("Refuse"), say("The other state does not use it so; you may consent later."),
          ConsentRefusal, consents.refuse, Permission.CONSENT_DECIDE, ("asked",), (WHY,),
          is_for=_is_origin, is_grave=True, page=DECIDING, told=_told),
    Doing("revoke", say("Take the consent back"), say("From now on nothing is used by it."),
          ConsentRefusal, consents.revoke, Permission.CONSENT_DECIDE, ("granted",), (WHY,),
          is_for=_is_origin, is_grave=True, page=DECIDING, told=_told),
)  # fmt: skip
DONE = {
    "asked": say("The state is asked."),
    "grant": say("The other state is told that you consent."),
    "refuse": say("The other state is told that you refuse."),
    "revoke": say("The other state is told that you take it back."),
}


@blueprint.get("/consents")
@signed_in
def consents_page(actor: Actor) -> str:
    """Show what was asked of the own state and by it, newest first."""
    asked = listing.asked(ConsentQuery)
    page = reading.list_consents(actor, asked.filters, listing.LIMIT, asked.cursor)
    return render_template(
        "console/consents.html", actor=actor, page=page, onward=listing.address(page.next),
        zone=zone_of(actor),
    )  # fmt: skip


@blueprint.get("/consents/new")
@signed_in
def consent_form(actor: Actor) -> str:
    """Show the form that asks for a use of another state's record."""
    require(actor, Permission.CONSENT_ASK)
    given = {name: request.args[name] for name in ASKED if name in request.args}
    return _page(actor, Form({"use": "names"} | given))


@blueprint.post("/consents/new")
@sender
def ask_consent(actor: Actor) -> Any:
    """Ask, and show what was asked; 422 with the form where that cannot be."""
    require(actor, Permission.CONSENT_ASK)
    form = sending.sent()
    done = sending.send(form, actor, lambda: _ask(actor, form))
    return done or (again(actor, lambda: _page(actor, form)), form.status)


def _ask(actor: Actor, form: Form) -> str:
    def name(body: dict[str, Any]) -> None:
        naming.put(body, _given(actor, form), NOT_GIVEN)

    consent_id = consents.ask(actor=actor, data=form.load(ConsentRequest(), name))
    return url_for("console.consent", consent_id=consent_id, done="asked")


def _given(actor: Actor, form: Form) -> naming.Find:
    """Return what finds other states' records that answered the traces of the case."""
    return partial(known.answered, actor, form.get("case_number"))


def _page(actor: Actor, form: Form) -> str:
    if form.existing:
        standing = subject_of(actor, form.existing)
        form.lead(standing.title, standing.address)
    return render_template(
        "console/consent_ask.html", actor=actor, form=form, choices=choices,
        **naming.meant(form, _given(actor, form)),
    )  # fmt: skip


@blueprint.get("/consents/<uuid:consent_id>")
@signed_in
def consent(actor: Actor, consent_id: UUID) -> str:
    """Show one: of which record, for what, and what its origin said."""
    subject = subject_of(actor, consent_id)
    return render_template(
        "console/consent.html", actor=actor, subject=subject, zone=zone_of(actor),
        told=_told(actor, subject.view), doings=doings.offered(DOINGS, actor, subject),
        done=DONE.get(request.args.get("done", "")),
    )  # fmt: skip


def subject_of(actor: Actor, consent_id: UUID) -> Subject:
    """Return it as the pages of its doings show it."""
    view = reading.get_consent(actor, consent_id)
    use = label("consent_use", view.consent.use, actor.language)
    title = say("{use}, case {number}", use=use, number=view.consent.case_number)
    return Subject(
        view, translate(title), url_for("console.consent", consent_id=consent_id),
        view.consent.origin_state, view.status, "consent_status",
        ("console.consents_page", say("Consents")),
    )  # fmt: skip


@blueprint.get("/consents/<uuid:consent_id>/<slug:name>")
@signed_in
def consent_decision_form(actor: Actor, consent_id: UUID, name: str) -> Any:
    """Show the form of a decision."""
    return doings.open_form(actor, doings.named(DOINGS, name), subject_of, consent_id)


@blueprint.post("/consents/<uuid:consent_id>/<slug:name>")
@sender
def decide_consent(actor: Actor, consent_id: UUID, name: str) -> Any:
    """Decide, and show it."""
    return doings.take_form(actor, doings.named(DOINGS, name), subject_of, consent_id, "consent_id")
