"""Agencies of the states, and their offices: whom to call, and by which number eTrace knows them."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final
from uuid import UUID

from flask import request

from api.schemas.reference import (
    AgencyChangeRequest,
    AgencyQuery,
    AgencyRequest,
    AgencyResponse,
    ContactRequest,
)
from api.web.document_actions import Action, Subject
from api.web.forms import Field, Form
from api.web.lists import UNSHOWN
from api.web.pages import account_pages
from api.web.record_pages import DocumentPages
from salsa_ext.access.permissions import Permission
from salsa_ext.administration import agencies as administration_agencies
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import NotFound, message
from salsa_ext.reference import agencies as reference_agencies
from salsa_ext.reference.agencies import AgencyView

FILTERS: Final = (
    Field("state", message("State"), "choice", "participant"),
    Field("kind", message("Kind"), "choice", "agency_kind"),
)
AGENCY_FIELDS: Final = (
    Field("name", message("Name"), required=True, max_length=200),
    Field("kind", message("Kind"), "choice", "agency_kind", required=True),
    Field(
        "time_zone",
        message("Time zone"),
        required=True,
        max_length=100,
        hint=message("As IANA writes it, such as America/Asuncion."),
    ),
)
CODE_FIELD: Final = Field(
    "code",
    message("Code"),
    required=True,
    max_length=60,
    hint=message("It begins with the code of your state, such as PRY-POLICE, and stays."),
)
OFFICE_FIELDS: Final = (
    Field("kind", message("Kind"), "choice", "contact_kind", required=True),
    Field("hours", message("Hours"), required=True, max_length=100),
    Field(
        "languages",
        message("Languages"),
        "area",
        required=True,
        max_length=100,
        hint=message("One on each line, such as es."),
    ),
    Field("telephone", message("Telephone"), required=False, max_length=50),
    Field("email", message("E-mail"), required=False, max_length=200),
    Field("address", message("Address"), required=False),
    Field(
        "ori",
        message("ORI number"),
        required=False,
        max_length=9,
        hint=message("Nine capital letters and digits, as ATF gave it; eTrace requires it."),
    ),
    Field(
        "mou_user",
        message("eTrace user"),
        required=False,
        max_length=100,
        hint=message("Of the office, under its agreement with ATF. Only your state reads it."),
    ),
)


def _own_state(actor: Actor) -> dict[str, str]:
    """Return the own state as filter of a list without filters."""
    is_unfiltered = set(request.args) <= UNSHOWN
    return {"state": actor.state} if is_unfiltered and actor.state else {}


def _find(actor: Actor, agency_id: UUID) -> Subject:
    view = reference_agencies.get_agency(actor, agency_id)
    return Subject(view, view.agency.name, view.agency.owner_state or "", "")


def _correct_agency(*, actor: Actor, agency_id: UUID, data: Any) -> None:
    code = reference_agencies.read_agency(agency_id).code
    administration_agencies.correct_agency(actor=actor, code=code, data=data)


def _add_office(*, actor: Actor, agency_id: UUID, data: Any) -> None:
    administration_agencies.add_contact(actor=actor, data=data)


def _add_agency(body: dict[str, Any], view: AgencyView, form: Form) -> None:
    body["agency"] = view.agency.code


ManageAction = partial(
    Action, permission=Permission.AGENCY_MANAGE, statuses=("",), is_versioned=False
)
ACTIONS: Final = (
    ManageAction(
        "correct",
        message("Correct"),
        message("All states see it. Documents name the agency by its code, which stays."),
        AgencyChangeRequest,
        _correct_agency,
        fields=AGENCY_FIELDS,
        success=message("The agency is corrected."),
        initial_values=lambda actor, view: {
            field.path: getattr(view.agency, field.path) for field in AGENCY_FIELDS
        },
    ),
    ManageAction(
        "add_office",
        message("Add an office"),
        message("Whom other states call or write to: an office, never a person."),
        ContactRequest,
        _add_office,
        fields=OFFICE_FIELDS,
        success=message("The office is added."),
        complete_body=_add_agency,
        is_main=True,
    ),
)
OFFICE_MESSAGES: Final = {
    "correct_office": message("The office is corrected."),
    "close_office": message("The office is closed."),
}


def _office(view: AgencyView, contact_id: UUID) -> Any:
    office = next((each for each in view.contacts if each.id == contact_id), None)
    if office is None:
        raise NotFound("contact", contact_id)
    return office


def _office_values(contact_id: UUID, actor: Actor, view: AgencyView) -> Mapping[str, str]:
    office = _office(view, contact_id)
    values = {field.path: getattr(office, field.path) for field in OFFICE_FIELDS}
    values["languages"] = "\n".join(office.languages)
    return {name: value for name, value in values.items() if value}


def _correct_office(contact_id: UUID) -> Action:
    def correct_contact(*, actor: Actor, agency_id: UUID, data: Any) -> None:
        administration_agencies.correct_contact(actor=actor, contact_id=contact_id, data=data)

    return replace(
        ACTIONS[1],
        name="correct_office",
        title=message("Correct the office"),
        command=correct_contact,
        initial_values=partial(_office_values, contact_id),
    )


def _close_office(contact_id: UUID) -> Action:
    def close_contact(*, actor: Actor, agency_id: UUID) -> None:
        administration_agencies.close_contact(actor=actor, contact_id=contact_id)

    return ManageAction(
        "close_office",
        message("Close the office"),
        message("No state is given it from today; what it was stays in the history."),
        None,
        close_contact,
        is_destructive=True,
    )


def _show_form(actor: Actor, form: Form | None) -> dict[str, Any]:
    return {"form": form or Form(), "fields": (CODE_FIELD, *AGENCY_FIELDS)}


def _create(actor: Actor, form: Form) -> str:
    data = form.load(AgencyRequest())
    return PAGES.address(administration_agencies.register_agency(actor=actor, data=data))


PAGES = DocumentPages(
    account_pages,
    "agency",
    "/agencies",
    message("Agencies and offices"),
    _find,
    ACTIONS,
    OFFICE_MESSAGES,
)
PAGES.add_list(
    AgencyQuery,
    reference_agencies.list_agencies,
    FILTERS,
    lambda actor, page: {"is_own": bool(_own_state(actor))},
    presets=_own_state,
    item=AgencyResponse,
)
PAGES.add_form(Permission.AGENCY_MANAGE, _show_form, _create)
PAGES.add_detail()
PAGES.add_part_action("offices/<uuid:contact_id>", "correct_office", _correct_office)
PAGES.add_part_action("offices/<uuid:contact_id>", "close_office", _close_office)
