"""Requests of persons about their data: list, form, one request, what is done about it."""

from typing import Any
from uuid import UUID

from flask import url_for

from api.schemas.personal_data import (
    AnswerPersonRequest,
    ErasePersonRequest,
    RefusePersonRequest,
    SubjectRequestQuery,
    SubjectRequestRequest,
    SubjectRequestResponse,
)
from api.web.document_actions import Action, Actions, Subject
from api.web.forms import Field, Form
from api.web.pages import account_pages
from api.web.record_pages import DocumentPages
from salsa_ext.access.permissions import Permission
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import message
from salsa_ext.personal_data import requests
from salsa_ext.reference.calendars import today

MANAGE = Permission.PERSONAL_DATA_MANAGE
ANSWER = Field("answer", message("Answer"), "area", required=True, max_length=2000)
KIND = Field("kind", message("Kind"), "choice", "subject_request_kind", required=True)


def _answer(*, data: dict[str, Any], **ids: Any) -> None:
    requests.answer_request(**ids, **data)


def _refuse(*, data: dict[str, Any], **ids: Any) -> None:
    requests.refuse_request(**ids, **data)


def _is_erasing(_: Actor, view: Any) -> bool:
    return view.request.kind in requests.ERASING_KINDS


ACTIONS: Actions = (
    Action(
        "answer",
        message("Answer"),
        message("What you answer to the person. The service sends no letter."),
        AnswerPersonRequest,
        _answer,
        MANAGE,
        ("open",),
        (ANSWER,),
        success=message("The request is answered."),
        is_main=True,
    ),
    Action(
        "erase",
        message("Erase the person"),
        message(
            "Name, address, contact, identification and licence are erased in all versions of the"
            " documents below, for good. Firearms and their history stay."
        ),
        ErasePersonRequest,
        requests.erase_person,
        MANAGE,
        ("open",),
        (ANSWER,),
        success=message("The person is erased."),
        is_destructive=True,
        is_for=_is_erasing,
    ),
    Action(
        "refuse",
        message("Refuse"),
        message("The reason that the person is given."),
        RefusePersonRequest,
        _refuse,
        MANAGE,
        ("open",),
        (Field("reason", message("Reason"), "area", required=True, max_length=2000),),
        success=message("The request is refused."),
    ),
)
FIELDS = (
    KIND,
    Field("person.name", message("Name"), required=True, max_length=300),
    Field("person.identification", message("Identification"), required=False, max_length=300),
    Field("person.country", message("Country"), "choice", "state", required=False),
    Field("person.contact", message("Telephone or e-mail"), required=False, max_length=500),
    Field("person.text", message("What the person asks"), "area", required=False, max_length=2000),
    Field("received_on", message("Received on"), "date", required=True),
)


def _find(actor: Actor, subject_request_id: UUID) -> Subject:
    view = requests.get_request(actor, subject_request_id)
    return Subject(view, view.person.name, view.request.owner_state, view.request.status)


def _show(actor: Actor, form: Form | None) -> dict[str, Any]:
    form = form or Form({"received_on": today(actor).isoformat()})
    return {"form": form, "fields": FIELDS}


def _record(actor: Actor, form: Form) -> str:
    id = requests.record_request(actor=actor, data=form.load(SubjectRequestRequest()))
    return url_for("account.subject_request_page", subject_request_id=id)


PAGES = DocumentPages(
    account_pages,
    "subject_request",
    "/subject-requests",
    message("Requests of persons"),
    _find,
    ACTIONS,
)
PAGES.add_list(
    SubjectRequestQuery,
    requests.list_requests,
    (
        Field("kind", message("Kind"), "choice", "subject_request_kind", required=False),
        Field("status", message("Status"), "choice", "subject_request_status", required=False),
    ),
    item=SubjectRequestResponse,
)
PAGES.add_detail()
PAGES.add_form(MANAGE, _show, _record)
