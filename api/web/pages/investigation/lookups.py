"""Samples of look-ups: list, one look-up, what its supervisor decides."""

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from api.i18n.messages import format_day
from api.schemas.lookups import LookupQuery, LookupQuestionRequest, SampledLookupResponse
from api.web.document_actions import Action, Actions, Subject
from api.web.formatting import action_name
from api.web.forms import Field
from api.web.pages import investigation_pages
from api.web.pages.investigation.audit import AUDIT
from api.web.record_pages import DocumentPages
from salsa_ext.access.authentication import usernames_by_id
from salsa_ext.access.permissions import Permission
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import message
from salsa_ext.database.paging import Page
from salsa_ext.lookups import reviews
from salsa_ext.reference.calendars import reader_zone


def _question(
    *, actor: Actor, lookup_id: UUID, expected_version: int, data: dict[str, Any]
) -> None:
    reviews.question_lookup(
        actor=actor, lookup_id=lookup_id, expected_version=expected_version, **data
    )


def _is_of_another(actor: Actor, review: Any) -> bool:
    return bool(review.account_id != actor.account_id)


ACTIONS: Actions = (
    Action(
        "justify",
        message("Justify"),
        message("Its purpose and case explain the look-up."),
        None,
        reviews.justify_lookup,
        Permission.LOOKUP_REVIEW,
        ("open",),
        success=message("The look-up is justified."),
        is_main=True,
        is_for=_is_of_another,
    ),
    Action(
        "question",
        message("Question the look-up"),
        message("The officer and the auditors are notified."),
        LookupQuestionRequest,
        _question,
        Permission.LOOKUP_REVIEW,
        ("open",),
        (Field("comment", message("What is not clear"), "area", required=True, max_length=500),),
        success=message("The officer and the auditors are notified."),
        is_destructive=True,
        is_for=_is_of_another,
    ),
)


def _find(actor: Actor, lookup_id: UUID) -> Subject:
    review = reviews.get_review(actor, lookup_id)
    return Subject(review, _title(actor, review), review.owner_state, review.status)


def _title(actor: Actor, review: Any) -> str:
    day = review.looked_up_at.astimezone(ZoneInfo(reader_zone(actor)))
    return f"{action_name(review.action)}, {format_day(day)}"


def _list_context(actor: Actor, page: Page[Any]) -> dict[str, Any]:
    names = usernames_by_id(review.account_id for review in page.items)
    return {"officers": names}


PAGES = DocumentPages(
    investigation_pages,
    "lookup",
    "/lookups",
    message("Look-ups to review"),
    _find,
    ACTIONS,
    parent=AUDIT,
)
PAGES.add_list(
    LookupQuery,
    reviews.list_reviews,
    (Field("status", message("Status"), "choice", "lookup_status", required=False),),
    _list_context,
    item=SampledLookupResponse,
)
PAGES.add_detail(
    lambda actor, subject: {
        "officers": usernames_by_id([subject.view.account_id]),
        "serial": reviews.find_serial(actor, subject.view),
    }
)
