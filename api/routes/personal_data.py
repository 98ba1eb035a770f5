"""Routes of requests of persons about their data, and of legal holds."""

from api.http.pagination import ListQuery
from api.http.resource import Item, Resource
from api.schemas.personal_data import (
    AnswerPersonRequest,
    ErasePersonRequest,
    LegalHoldRequest,
    LegalHoldResponse,
    RefusePersonRequest,
    SubjectRequestQuery,
    SubjectRequestRequest,
    SubjectRequestResponse,
)
from salsa_ext.access.permissions import Permission
from salsa_ext.personal_data import requests

REQUEST = "/subject-requests/<uuid:subject_request_id>"
HOLD = "/legal-holds/<uuid:hold_id>"
MANAGE = Permission.PERSONAL_DATA_MANAGE

blueprint = Resource(
    "subject requests",
    "What persons ask about their data, and its erasure",
    Item(
        SubjectRequestResponse,
        requests.get_request,
        lambda actor, subject_request_id: requests.get_request(actor, subject_request_id).version,
    ),
)
blueprint.listing(
    "/subject-requests",
    SubjectRequestQuery,
    SubjectRequestResponse,
    requests.list_requests,
    MANAGE,
    name="list_subject_requests",
)
blueprint.reading(
    REQUEST, SubjectRequestResponse, requests.get_request, MANAGE, name="get_subject_request"
)
blueprint.action(
    "/subject-requests",
    SubjectRequestRequest,
    requests.record_request,
    MANAGE,
    "Record a request of a person about its data.",
    name="create_subject_request",
    location="/subject-requests/{id}",
)
blueprint.action(
    f"{REQUEST}/answer",
    AnswerPersonRequest,
    requests.answer_request,
    MANAGE,
    "Answer a request of a person.",
    name="answer_subject_request",
)
blueprint.action(
    f"{REQUEST}/refuse",
    RefusePersonRequest,
    requests.refuse_request,
    MANAGE,
    "Refuse a request of a person, with the reason.",
    name="refuse_subject_request",
)
blueprint.action(
    f"{REQUEST}/erase",
    ErasePersonRequest,
    requests.erase_person,
    MANAGE,
    "Erase the person in your state's documents, and answer the request.",
    name="erase_subject_request",
)

holds_blueprint = Resource(
    "legal holds",
    "Documents whose persons are not erased",
    Item(LegalHoldResponse, requests.get_hold),
)
holds_blueprint.listing(
    "/legal-holds",
    ListQuery,
    LegalHoldResponse,
    requests.list_holds,
    MANAGE,
    name="list_legal_holds",
)
holds_blueprint.reading(HOLD, LegalHoldResponse, requests.get_hold, MANAGE, name="get_legal_hold")
holds_blueprint.action(
    "/legal-holds",
    LegalHoldRequest,
    requests.place_hold,
    MANAGE,
    "Keep the persons of a document from erasure.",
    name="create_legal_hold",
    location="/legal-holds/{id}",
)
holds_blueprint.action(
    f"{HOLD}/lift", None, requests.lift_hold, MANAGE, "Lift a legal hold.", name="lift_legal_hold"
)
