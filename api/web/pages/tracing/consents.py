"""List of consents, a consent, its request and decision."""

from functools import partial
from typing import Any
from uuid import UUID

from flask import request

from api.i18n.messages import translate
from api.schemas.records import (
    ConsentGrantRequest,
    ConsentQuery,
    ConsentRefusalRequest,
    ConsentRequest,
    ConsentResponse,
    RecordResponse,
)
from api.web import prefill
from api.web.document_actions import Action, Actions, Subject
from api.web.forms import Field, Form
from api.web.pages import tracing_pages
from api.web.record_pages import DocumentPages
from salsa_ext.access.permissions import Permission
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import NotFound, message
from salsa_ext.disclosure import consents, disclosures
from salsa_ext.disclosure.consents import ConsentView
from salsa_ext.disclosure.sharing import party_group
from salsa_ext.reference.names import label
from salsa_ext.worklists import record_lookup

PREFILLED_FIELDS = ("record", "use", "to", "case_number")
"""Fields that the address of the form may fill in."""
NOT_DISCLOSED = message(
    "No record of this number or serial was given to your state in a trace of this case. Give its"
    " id, as the trace or the check has it."
)
REASON = Field(
    "reason",
    message("Reason"),
    "area",
    required=True,
    max_length=1000,
    hint=message("The asking state reads it."),
)


def _is_origin(actor: Actor, view: ConsentView) -> bool:
    return view.consent.origin_state == actor.state


def _consent_context(actor: Actor, view: ConsentView) -> dict[str, Any]:
    """Return the consent; for the origin also its record and the private persons of that."""
    record: Any = None
    if _is_origin(actor, view) and Permission.RECORD_READ in actor.permissions:
        try:
            disclosed = disclosures.read_record(actor=actor, record_id=view.consent.record_id)
            record = RecordResponse().dump(disclosed)
        except NotFound:
            record = None
    parties = [record[name] for name in ("from", "to") if record[name]] if record else []
    persons = [party for party in parties if party_group(party["kind"]) == "persons"]
    return {"consent": ConsentResponse().dump(view), "record": record, "persons": persons}


DecisionAction = partial(
    Action,
    permission=Permission.CONSENT_DECIDE,
    is_for=_is_origin,
    template="tracing/consent_decision.html",
    context=_consent_context,
)
ACTIONS: Actions = (
    DecisionAction(
        "grant",
        message("Consent"),
        message("The other state may use it so, in this case, through this day."),
        ConsentGrantRequest,
        consents.grant,
        statuses=("asked", "refused"),
        fields=(
            Field("expires_on", message("Through"), "date", required=True),
            Field("reason", message("Comment"), "area", required=False, max_length=1000),
        ),
        success=message("The other state is informed that you consent."),
    ),
    DecisionAction(
        "refuse",
        message("Refuse"),
        message("The other state does not use it so; you may consent later."),
        ConsentRefusalRequest,
        consents.refuse,
        statuses=("asked",),
        fields=(REASON,),
        success=message("The other state is informed that you refuse."),
        is_destructive=True,
    ),
    DecisionAction(
        "revoke",
        message("Take the consent back"),
        message("From now on nothing is used by it."),
        ConsentRefusalRequest,
        consents.revoke,
        statuses=("granted",),
        fields=(REASON,),
        success=message("The other state is informed that you revoke it."),
        is_destructive=True,
    ),
)


def _find(actor: Actor, consent_id: UUID) -> Subject:
    view = consents.get_consent(actor, consent_id)
    use = label("consent_use", view.consent.use, actor.language)
    title = message("{use}, case {number}", use=use, number=view.consent.case_number)
    return Subject(view, translate(title), view.consent.origin_state, view.status)


def _show_form(actor: Actor, form: Form | None) -> dict[str, Any]:
    values = {name: request.args[name] for name in PREFILLED_FIELDS if name in request.args}
    form = form or Form({"use": "names"} | values)
    return {"form": form, **prefill.picker_context(form, _find_disclosed(actor, form))}


def _request_consent(actor: Actor, form: Form) -> str:
    def complete(body: dict[str, Any]) -> None:
        prefill.fill_record_id(body, _find_disclosed(actor, form), NOT_DISCLOSED)

    data = form.load(ConsentRequest(), complete)
    return PAGES.address(consents.request_consent(actor=actor, data=data), done="asked")


def _find_disclosed(actor: Actor, form: Form) -> prefill.FindRecords:
    """Return a search among foreign records disclosed in the case's traces."""
    return partial(record_lookup.find_answer_records, actor, form.get("case_number"))


PAGES = DocumentPages(
    tracing_pages,
    "consent",
    "/consents",
    message("Consents"),
    _find,
    ACTIONS,
    {"asked": message("The state is asked.")},
)
PAGES.add_list(ConsentQuery, consents.list_consents, item=ConsentResponse)
PAGES.add_detail(lambda actor, subject: {"context": _consent_context(actor, subject.view)})
PAGES.add_form(Permission.CONSENT_ASK, _show_form, _request_consent)
