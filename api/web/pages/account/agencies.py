"""Agencies, their offices and posts, and the registers by which states take part."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final
from uuid import UUID

from flask import request, url_for

from api.schemas.reference import (
    AgencyChangeRequest,
    AgencyQuery,
    AgencyRequest,
    AgencyResponse,
    ContactRequest,
    ParticipationQuery,
    ParticipationRequest,
)
from api.web import lists
from api.web.access import login_required
from api.web.document_actions import Action, Subject
from api.web.forms import Field, Form
from api.web.lists import UNSHOWN
from api.web.pages import account_pages
from api.web.record_pages import HOME, DocumentPages, register_form, render_page
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.administration import agencies as administration_agencies
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import NotFound, message
from salsa_ext.reference import agencies as reference_agencies
from salsa_ext.reference import queries as reference_queries
from salsa_ext.reference.agencies import AgencyView
from salsa_ext.reference.calendars import today
from salsa_ext.reference.names import label
from salsa_ext.reference.participation import declarations
from salsa_ext.reference.post_sides import own_and_other_side

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


MAX_ROWS: Final = 1_000
PARTICIPATION: Final = ("account.participation_list", message("Participation of states"))
REGISTER_FILTERS: Final = (
    Field("state", message("State"), "choice", "participant"),
    Field("register", message("Kind of register"), "choice", "register"),
)
REGISTER_FIELDS: Final = (
    Field("register", message("Kind of register"), "choice", "register", required=True),
    Field("mode", message("Who answers from it"), "choice", "register_mode", required=True),
    Field("since", message("Takes part since"), "date", required=True),
    Field("until", message("Last day"), "date", required=False),
    Field(
        "complete",
        message("The register is complete"),
        "flag",
        hint=message(
            "It holds every firearm of its kind in your state, within the makes and years below."
            " Only then can the service answer that there is no record."
        ),
    ),
    Field(
        "makes",
        message("Makes that it holds"),
        "area",
        required=False,
        hint=message("One on a line. Leave it empty for all makes."),
    ),
    Field("year_from", message("First year of manufacture"), required=False, max_length=4),
    Field("year_to", message("Last year of manufacture"), required=False, max_length=4),
)


@account_pages.get("/participation")
@login_required
def participation_list(actor: Actor) -> str:
    """List what the states declare of their registers."""
    require(actor, Permission.REFERENCE_READ)
    listed = lists.read_filters(ParticipationQuery)
    page = declarations.list_participation(actor, listed.filters, lists.PAGE_SIZE, listed.cursor)
    return render_page(
        "account/participation.html",
        actor,
        title=PARTICIPATION[1],
        rows=page.items,
        form=listed.form,
        fields=REGISTER_FILTERS,
        **lists.list_context(page, listed.form, REGISTER_FILTERS),
    )


def _show_participation_form(actor: Actor, form: Form | None) -> str:
    form = form or Form({"mode": "person", "since": today(actor).isoformat()})
    return render_page(
        "account/participation_form.html",
        actor,
        trail=(HOME, PARTICIPATION),
        form=form,
        fields=REGISTER_FIELDS,
    )


def _declare(actor: Actor, form: Form) -> str:
    declarations.declare(actor=actor, data=form.load(ParticipationRequest()))
    return url_for("account.participation_list", state=actor.state)


register_form(
    account_pages,
    "/participation/new",
    "participation_form",
    Permission.PARTICIPATION_DECLARE,
    _show_participation_form,
    _declare,
)


CODES: Final = "codes"
POSTS = ("account.post_list", message("Agencies at border posts"))


@account_pages.get("/agencies/posts")
@login_required
def post_list(actor: Actor) -> str:
    """List own border posts with their assigned agencies."""
    require(actor, Permission.AGENCY_PLACE)
    names_by_post = defaultdict(list)
    for agency in _own_agencies(actor):
        for code in agency.posts:
            names_by_post[code].append(agency.name)
    rows = reference_queries.list_posts(actor, {"state": actor.state}, MAX_ROWS, None).items
    return render_page(
        "account/post_list.html", actor, title=POSTS[1], posts=rows, names_by_post=names_by_post
    )


def _own_agencies(actor: Actor) -> Any:
    filters = {"state": actor.own_state()}
    return reference_agencies.list_agencies(actor, filters, MAX_ROWS, None).items


def _show_post_form(actor: Actor, form: Form | None, code: str) -> str:
    post, rows = reference_queries.get_post(code), _own_agencies(actor)
    own, _ = own_and_other_side(post, actor.state)
    form = form or Form({f"{CODES}.{row.code}": row.code for row in rows if code in row.posts})
    options = [
        (row.code, f"{row.name} · {label('agency_kind', row.kind, actor.language)}")
        for row in sorted(rows, key=lambda row: row.name)
    ]
    return render_page(
        "account/post_agencies.html",
        actor,
        trail=(HOME, POSTS),
        post=post,
        own=own,
        options=options,
        form=form,
        field=CODES,
    )


def _assign(actor: Actor, form: Form, code: str) -> str:
    administration_agencies.set_post_agencies(actor=actor, post=code, codes=form.chosen(CODES))
    return url_for("account.post_list")


register_form(
    account_pages,
    "/posts/<slug:code>/agencies",
    "assignment_form",
    Permission.AGENCY_PLACE,
    _show_post_form,
    _assign,
)
