"""Actions on a request other than an answer; messages, restrictions and notes."""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any, Final
from uuid import UUID

from flask import g, request

from api.schemas.records import RecordResponse
from api.schemas.tracing.requests import (
    ComparisonRequest,
    DeferRequest,
    ForwardRequest,
    NoRecordRequest,
    NoteRequest,
    QuestionsRequest,
    RefusalRequest,
    RemarkRequest,
    RestrictRequest,
    present_stored_gun,
)
from api.web.document_actions import Action, Actions, assign_action
from api.web.formatting import event_name, iso_day, join_agencies
from api.web.forms import Field, Form, codes_in
from salsa_ext.access.permissions import Permission
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Message, message
from salsa_ext.disclosure.disclosures import Disclosure
from salsa_ext.disclosure.sharing import share_records
from salsa_ext.firearms.records.queries import find_records
from salsa_ext.tracing.requests import commands as request_commands
from salsa_ext.tracing.requests.answers import likely_records
from salsa_ext.tracing.requests.queries import RequestView
from salsa_ext.tracing.requests.values import TRANSITIONS

MESSAGE_KINDS: Final[Mapping[str, Message]] = {
    "request": message("Asked"),
    "renewed": message("Asked again: more is known of the gun"),
    "reply": message("Reply to a question"),
    "withdraw": message("The request was withdrawn"),
    "feedback": message("Whether it helped"),
    "hide": message("Restrictions or contact changed"),
    "acknowledge": message("Someone works on it"),
    "arrived": message("It arrived; a person will answer"),
    "compared": message("A record that was given was compared with the gun"),
    "answer": message("Answer"),
    "no_record": message("No record of this gun"),
    "corrected": message("A record that was given is corrected"),
    "refuse": message("Refusal"),
    "defer": message("Answer later"),
    "ask": message("Question"),
    "forward": message("Another state is to be asked"),
    "decline": message("A second person did not approve"),
    "by_hand": message("Came back by another channel"),
    "form_sent": message("The form went out"),
    "note": message("Note of your state"),
    "set_aside": message("The other state set a message aside"),
}


READ_BY_REQUESTER: Final = message("The asking state reads it.")
ReadArea: Final = partial(Field, widget="area", max_length=2000, hint=READ_BY_REQUESTER)


def note_action(
    command: Callable[..., Any], permission: Permission, statuses: Collection[str]
) -> Action:
    """Return the action that adds a note of the own state."""
    return Action(
        "notes",
        message("Write a note"),
        message("For your state alone: it never leaves it."),
        NoteRequest,
        command,
        permission,
        statuses,
        (Field("text", message("Note"), "area", required=True, max_length=2000),),
        message("The note is saved."),
        is_versioned=False,
    )


def compare_action(
    command: Callable[..., Any],
    permission: Permission,
    statuses: Collection[str],
    description: Message,
    firearm: Callable[[Any], Mapping[str, Any]],
    load_records: Callable[[Actor, Any], Mapping[str, Mapping[str, Any]]],
) -> Action:
    """Return the action that decides whether a record, that of the address first, is of the gun."""

    def compared(actor: Actor, view: Any) -> tuple[Mapping[str, Any], Mapping[str, Any] | None]:
        chosen = load_records(actor, view).get(request.values.get("record", ""))
        return present_stored_gun(firearm(view)), chosen

    def fields(view: Any) -> tuple[Field, ...]:
        records = load_records(g.actor, view)
        options = tuple((key, _record_name(record)) for key, record in records.items())
        return (
            Field("record", message("Record"), "choice", options, required=True),
            Field("judgement", message("Is it this gun?"), "choice", "judgement", required=True),
            ReadArea("reason", message("Reason"), required=True),
        )

    return Action(
        "compare",
        message("Compare a record with the gun"),
        description,
        ComparisonRequest,
        command,
        permission,
        statuses,
        success=message("The comparison is stored."),
        is_for=lambda actor, view: bool(load_records(actor, view)),
        initial_values=lambda actor, view: {"record": request.args.get("record", "")},
        extra_fields=fields,
        template="tracing/compare.html",
        context=compared,
    )


def _record_name(record: Mapping[str, Any]) -> str:
    facts = event_name(record["event"]), iso_day(record["occurred_on"]), record["serial"]
    return " · ".join(filter(None, facts))


def candidate_records(actor: Actor, view: RequestView) -> Mapping[str, Any]:
    """Return the candidate records as in the API; empty without RECORD_READ."""
    if Permission.RECORD_READ not in actor.permissions:
        return {}
    records = find_records([UUID(candidate["record"]) for candidate in view.request.candidates])
    shared = share_records(actor, records)
    return {
        str(view.record.id): RecordResponse().dump(Disclosure(view, shared[view.record.id]))
        for view in records
    }


def restrict_action(
    command: Callable[..., Any],
    permission: Permission,
    statuses: Collection[str],
    description: Message,
    field: Field,
    restricted: Callable[[Any], Sequence[str]],
) -> Action:
    """Return the action that restricts a document from agencies, typed as codes."""

    def complete(body: dict[str, Any], view: Any, form: Form) -> None:
        body["hidden_from"] = codes_in(form.get("hidden_from"))

    return Action(
        "hide",
        message("Restrict access"),
        description,
        RestrictRequest,
        command,
        permission,
        statuses,
        (field,),
        initial_values=lambda actor, view: {"hidden_from": ", ".join(restricted(view))},
        complete_body=complete,
    )


def success_message(
    messages: Mapping[str, Message | None], restricted: Sequence[str]
) -> Message | None:
    """Return the success message of the action that led here; of a restriction the agencies."""
    name = request.args.get("done", "")
    if name != "hide":
        return messages.get(name)
    if restricted:
        return message(
            "Access is now restricted for {agencies}.", agencies=join_agencies(restricted)
        )
    return message("Access is no longer restricted for any agency.")


TEXT_FIELD = ReadArea("text", message("Comment"), required=False)
REASON = ReadArea("reason", message("Reason"), required=True)
REQUESTER_TOLD = message("The requesting state is informed.")


def _response(
    name: str,
    command: Callable[..., Any],
    title: Message,
    description: Message,
    schema: Any,
    fields: tuple[Field, ...],
    success: Message,
    **options: Any,
) -> Action:
    """Return an action that sends a message to the requesting state."""
    return Action(
        name,
        title,
        description,
        schema,
        command,
        Permission.REQUEST_ANSWER,
        [status for status, actions in TRANSITIONS.items() if name in actions],
        fields,
        success,
        **options,
    )


def _other_guns_fields(view: RequestView) -> tuple[Field, ...]:
    label = message("The records that match are of other guns")
    return (Field("confirm_other_guns", label, "flag"),) if likely_records(view.request) else ()


ACTIONS: Actions = (
    _response(
        "acknowledge",
        request_commands.acknowledge,
        message("Acknowledge"),
        message("Inform the requesting state that someone works on it. The deadline goes on."),
        RemarkRequest,
        (TEXT_FIELD,),
        REQUESTER_TOLD,
    ),
    _response(
        "no_record",
        request_commands.report_no_record,
        message("Say that there is no record"),
        message("Inform the requesting state that yours has no record of this firearm."),
        NoRecordRequest,
        (
            Field(
                "failure_reason",
                message("Why nothing is known"),
                "choice",
                "failure_reason",
                required=False,
            ),
            TEXT_FIELD,
        ),
        REQUESTER_TOLD,
        extra_fields=_other_guns_fields,
    ),
    _response(
        "ask",
        request_commands.ask_questions,
        message("Ask first"),
        message("Ask what you need to know first. The deadline is suspended until the reply."),
        QuestionsRequest,
        (ReadArea("questions", message("Questions, one on each line"), required=True),),
        message("The questions are sent."),
    ),
    _response(
        "defer",
        request_commands.defer,
        message("Answer later"),
        message("Say until which day, and why; that day is the new term."),
        DeferRequest,
        (Field("until", message("Until"), "date", required=True), REASON),
        message("The requesting state is informed of the new date."),
    ),
    _response(
        "forward",
        request_commands.forward,
        message("Name another state"),
        message("Name the state to ask instead; the asking state asks it."),
        ForwardRequest,
        (Field("state", message("State"), "choice", "state", required=True), REASON),
        message("The requesting state is informed which state to ask."),
        extra_fields=_other_guns_fields,
    ),
    _response(
        "refuse",
        request_commands.refuse,
        message("Refuse"),
        message(
            "Only for a reason that the International Tracing Instrument allows (22). Where something is"
            " missing, ask for it."
        ),
        RefusalRequest,
        (
            Field("reason", message("Reason"), "choice", "refusal_reason", required=True),
            ReadArea("text", message("Comment"), required=True),
        ),
        message("The refusal is sent."),
    ),
    compare_action(
        request_commands.compare_record,
        Permission.REQUEST_ANSWER,
        [status for status, actions in TRANSITIONS.items() if "answer" in actions],
        message(
            "Say whether a record of your state is of the gun. An answer with one that is counts as"
            " certain."
        ),
        lambda view: view.request.body["firearm"],
        candidate_records,
    ),
    assign_action(request_commands.assign, Permission.REQUEST_ANSWER, TRANSITIONS),
    restrict_action(
        request_commands.restrict,
        Permission.REQUEST_ANSWER,
        TRANSITIONS,
        message(
            "Agencies of your state, in addition to those that the requesting state named."
            " They do not see this request."
        ),
        Field(
            "hidden_from",
            message("Agencies of your state"),
            "agencies",
            hint=message(
                "Codes, separated by commas. Agencies that the requesting state named remain"
                " restricted."
            ),
        ),
        lambda view: view.own_restricted,
    ),
    note_action(request_commands.add_note, Permission.REQUEST_ANSWER, TRANSITIONS),
)
