"""Routes of trace requests from other states."""

from uuid import UUID

from api.http.resource import Item, Resource
from api.schemas.common import AssignRequest
from api.schemas.tracing.requests import (
    AcknowledgedResponse,
    AcknowledgeManyRequest,
    AnswerRequest,
    ComparisonRequest,
    DeferRequest,
    ForwardRequest,
    NoRecordRequest,
    NoteRequest,
    QuestionsRequest,
    RefusalRequest,
    RemarkRequest,
    RequestQuery,
    RequestResponse,
    RestrictRequest,
)
from salsa_ext.access.permissions import Permission
from salsa_ext.core.actor import Actor
from salsa_ext.tracing.requests import commands as request_commands
from salsa_ext.tracing.requests import queries as request_queries
from salsa_ext.tracing.requests.commands import AcknowledgementResult
from salsa_ext.tracing.requests.queries import RequestView
from salsa_ext.tracing.requests.values import AcknowledgementData

PATH = "/requests/<uuid:request_id>"
ANSWER = Permission.REQUEST_ANSWER


def _load(_: Actor, request_id: UUID) -> RequestView:
    return request_queries.load(request_id)


blueprint = Resource(
    "requests",
    "What other states' traces ask of your state",
    Item(RequestResponse, _load, request_queries.current_version),
)
blueprint.listing(
    "/requests",
    RequestQuery,
    RequestResponse,
    request_queries.list_requests,
    Permission.REQUEST_READ,
)
blueprint.reading(PATH, RequestResponse, request_queries.get_request, Permission.REQUEST_READ)


@blueprint.posting(
    "/requests/acknowledge", AcknowledgeManyRequest, AcknowledgedResponse, ANSWER, status=200
)
def acknowledge_requests(actor: Actor, data: AcknowledgementData) -> AcknowledgementResult:
    """Acknowledge several requests; refused ones are returned with the error."""
    return request_commands.acknowledge_many(actor=actor, data=data)


blueprint.action(
    f"{PATH}/acknowledge",
    RemarkRequest,
    request_commands.acknowledge,
    ANSWER,
    "Acknowledge a request.",
)
blueprint.action(
    f"{PATH}/answer",
    AnswerRequest,
    request_commands.answer,
    ANSWER,
    "Answer with records of your state or entries of its books.",
)
blueprint.action(
    f"{PATH}/compare",
    ComparisonRequest,
    request_commands.compare_record,
    ANSWER,
    "Decide whether a record of your state is of the gun.",
    name="compare_request_record",
)
blueprint.action(
    f"{PATH}/report-no-record",
    NoRecordRequest,
    request_commands.report_no_record,
    ANSWER,
    "Answer that no record of this gun exists.",
    name="report_no_record",
)
blueprint.action(
    f"{PATH}/refuse",
    RefusalRequest,
    request_commands.refuse,
    ANSWER,
    "Refuse for a reason allowed by the International Tracing Instrument.",
)
blueprint.action(
    f"{PATH}/defer", DeferRequest, request_commands.defer, ANSWER, "Defer the answer until a day."
)
blueprint.action(
    f"{PATH}/ask-questions",
    QuestionsRequest,
    request_commands.ask_questions,
    ANSWER,
    "Ask for missing data; the term is suspended until the reply.",
    name="ask_questions",
)
blueprint.action(
    f"{PATH}/forward",
    ForwardRequest,
    request_commands.forward,
    ANSWER,
    "Name another state to ask.",
)
blueprint.action(
    f"{PATH}/assign",
    AssignRequest,
    request_commands.assign,
    ANSWER,
    "Assign a request to an account of your state; not shared.",
)
blueprint.action(
    f"{PATH}/restrict",
    RestrictRequest,
    request_commands.restrict,
    ANSWER,
    "Hide a request from agencies of your state.",
)
blueprint.action(
    f"{PATH}/notes",
    NoteRequest,
    request_commands.add_note,
    ANSWER,
    "Add a note for your state only.",
    name="add_request_note",
)
