"""Actions on a seizure: withdraw it; enter, correct and withdraw what became of its guns."""

import re
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from flask import g, request

from api.http.fields.scalars import Id, Text
from api.http.fields.schemas import RequestSchema
from api.i18n.messages import format_day
from api.schemas.custody import DispositionRequest, HandoverRequest, OriginRequest
from api.schemas.documents import SeizureResponse, WithdrawalRequest
from api.web import choices
from api.web.document_actions import Action
from api.web.formatting import agency_name
from api.web.forms import REQUIRED, Field, Form, codes_in
from salsa_ext.access.permissions import Permission
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Invalid, Message, message
from salsa_ext.core.occurrence import local_date
from salsa_ext.custody import entries, queries
from salsa_ext.custody.queries import EntryView
from salsa_ext.documents import withdrawals
from salsa_ext.documents.queries import SEIZURES, DocumentView
from salsa_ext.reference.calendars import today
from salsa_ext.reference.names import label

REASON: Final = Field(
    "reason", message("Why it was made in error"), "area", required=True, max_length=500
)
LINES: Final = Field(
    "lines", message("Lines"), hint=message("Which firearms, such as 1, 2 or 1-3.")
)
NOTE: Final = Field("note", message("Note"), "area", max_length=500)
LINES_TYPED: Final = re.compile(r"([0-9]{1,9})(?:-([0-9]{1,9}))?")
MAX_LINES: Final = 1000
DATE: Final = Field("occurred_on", message("Date"), "event_date", required=True)


class EntryWithdrawalRequest(RequestSchema):
    """An entry to withdraw, and the reason."""

    entry = Id(required=True)
    reason = Text(most=500, required=True)


def _withdraw(*, data: str, seizure_id: UUID, **rest: Any) -> None:
    withdrawals.withdraw(kind=SEIZURES, document_id=seizure_id, reason=data, **rest)


def _withdraw_entry(*, actor: Actor, data: Mapping[str, Any], seizure_id: UUID) -> None:
    entries.withdraw(
        actor=actor, seizure_id=seizure_id, entry_id=data["entry"], reason=data["reason"]
    )


def _current_entries(view: DocumentView, kind: str | None) -> list[tuple[str, str]]:
    """Return the entries of a kind as choices: line, kind, day."""
    custody = queries.read_custody(g.actor, view.document.id)
    listed = (each for item in custody.items for each in item.entries if each.is_current)
    return [(str(each.row.id), _name(each)) for each in listed if kind in (None, each.row.kind)]


def _name(entry: EntryView) -> str:
    row, language = entry.row, g.actor.language
    parts = [row.line, label("custody_kind", row.kind, language), format_day(row.occurred_on)]
    if row.kind == "handover":
        parts.append(
            f"{agency_name(row.details['giver'])} → {agency_name(row.details['receiver'])}"
        )
    return " · ".join(map(str, parts))


def _correction_fields(kind: str) -> Any:
    """Return a function from a seizure to the fields that correct an earlier entry."""

    def fields(view: DocumentView) -> tuple[Field, ...]:
        if not (options := _current_entries(view, kind)):
            return ()
        return (
            Field(
                "corrects",
                message("Corrects an earlier entry"),
                "choice",
                tuple((code, Message("{text}", {"text": name})) for code, name in options),
                blank=message("No: it is a new entry"),
            ),
            Field("reason", message("Why it is corrected"), max_length=500),
        )

    return fields


def _initial(actor: Actor, view: DocumentView) -> Mapping[str, str]:
    items = queries.read_custody(actor, view.document.id).items
    line = str(items[0].line) if len(items) == 1 else request.args.get("line", "")
    holders = [each.holder for each in items if str(each.line) == line or not line]
    return {
        "lines": line,
        "occurred_on": today(actor).isoformat(),
        "from": agency_name(next(filter(None, holders), "")),
    }


def _lines_in_custody(view: DocumentView) -> set[int]:
    ended = {entry.line for entry in entries.final_dispositions([view.document.id])}
    return {item.record.line for item in view.items} - ended


def _firearms(actor: Actor, view: DocumentView) -> list[tuple[Any, bool]]:
    """Return the firearms to choose from, and whether each is in custody."""
    lines = _lines_in_custody(view)
    return [(item, item["line"] in lines) for item in SeizureResponse().dump(view)["items"]]


def _lines_in(typed: str) -> list[int | str]:
    """Return the lines of `1, 2` or `1-3`; what is no line as it is."""
    lines: list[int | str] = []
    for text in codes_in(re.sub(r"\s*[-–]\s*", "-", typed)):
        match = LINES_TYPED.fullmatch(text)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        lines += range(first, min(last, first + MAX_LINES) + 1) or [text]
    return lines


def _complete(body: dict[str, Any], view: DocumentView, form: Form) -> None:
    """Complete an entry: lines, holders' codes, the day of its moment, the party's kind and country.

    Raises Invalid without lines where there are several firearms.
    """
    body["lines"] = _lines_in(form.get("lines"))
    codes = {name: code for code, name in choices.agencies(g.actor)}
    for key in ("from", "to"):
        if isinstance(name := body.get(key), str):
            body[key] = codes.get(name, name)
    moment = form.moment("occurred_at")
    if moment and not isinstance(moment, str):
        body["occurred_on"] = local_date(moment, form.zone).isoformat()
        body["time_zone"] = form.zone
    if "to" in body and isinstance(body["to"], dict):
        body["to"].setdefault("country", view.document.owner_state)
        body["to"].setdefault("kind", "individual")
    if not body["lines"] and len(view.items) > 1 and not form.get("corrects"):
        raise Invalid({"lines": [REQUIRED]})


def _entry_action(
    kind: str,
    title: Message,
    text: Message,
    schema: Any,
    fields: tuple[Field, ...],
    done: Message,
    **more: Any,
) -> Action:
    def record(*, actor: Actor, seizure_id: UUID, data: Any) -> None:
        entries.record(actor=actor, seizure_id=seizure_id, data=data)

    return Action(
        kind,
        title,
        text,
        schema,
        record,
        Permission.SEIZURE_RECORD,
        ("standing",),
        (LINES, *fields, NOTE),
        done,
        is_versioned=False,
        initial_values=_initial,
        extra_fields=_correction_fields(kind),
        complete_body=_complete,
        template="investigation/seizure_action.html",
        context=_firearms,
        **more,
    )


ACTIONS: Final = (
    Action(
        "withdraw",
        message("Withdraw the seizure"),
        message(
            "Withdraw a seizure recorded in error; this is final. Searches no longer find its"
            " firearms, its matches are removed, and states that received it are notified."
        ),
        WithdrawalRequest,
        _withdraw,
        Permission.SEIZURE_RECORD,
        ("standing",),
        (REASON,),
        message("The seizure is withdrawn."),
        is_destructive=True,
    ),
    _entry_action(
        "handover",
        message("Enter a hand-over"),
        message(
            "Who gave it to whom, when and under which seal. Gaps and overlaps are shown on the"
            " page of the seizure."
        ),
        HandoverRequest,
        (
            Field("occurred_at", message("Moment"), "moment", required=True),
            Field("from", message("From whom"), required=True),
            Field("to", message("To whom"), required=True),
            Field("place", message("Place")),
            Field("seal", message("Seal"), max_length=100),
        ),
        message("The hand-over is entered."),
        is_for=lambda actor, view: bool(_lines_in_custody(view)),
    ),
    _entry_action(
        "disposition",
        message("Enter the disposition"),
        message(
            "What is done with it. Returned, retained, deactivated or destroyed, it leaves custody,"
            " and its history says so. It is never sold into private hands (CIFTA VII)."
        ),
        DispositionRequest,
        (
            Field("kind", message("Kind"), "choice", "disposition_kind", required=True),
            DATE,
            Field(
                "act_number",
                message("Number of the act or certificate"),
                hint=message("Required for a destruction or deactivation."),
                max_length=100,
            ),
            Field("place", message("Place")),
            Field("confiscation_mark", message("Mark of the confiscation"), max_length=100),
            Field("to.name", message("To whom")),
            Field("to.kind", message("Kind of party"), "choice", "party_kind"),
        ),
        message("The disposition is entered."),
        is_for=lambda actor, view: bool(_lines_in_custody(view)),
    ),
    _entry_action(
        "origin",
        message("Establish the origin"),
        message(
            "How it left lawful hands, as a competent authority established; it counts for"
            " SDG 16.4.2 without a trace."
        ),
        OriginRequest,
        (
            Field("established_by", message("Established by"), "choice", "established_by", True),
            Field(
                "diversion_kind",
                message("How it was diverted"),
                "choice",
                "diversion_kind",
                required=True,
            ),
            DATE,
            Field("state", message("Where it was diverted"), "choice", "any_state"),
            Field("authority", message("Authority")),
        ),
        message("The origin is entered."),
    ),
    Action(
        "withdraw_entry",
        message("Withdraw an entry"),
        message("Withdraw an entry made in error, with the transfer that it wrote."),
        EntryWithdrawalRequest,
        _withdraw_entry,
        Permission.SEIZURE_RECORD,
        ("standing",),
        (REASON,),
        message("The entry is withdrawn."),
        is_versioned=False,
        is_destructive=True,
        is_for=lambda actor, view: bool(_current_entries(view, None)),
        extra_fields=lambda view: (
            Field(
                "entry",
                message("Entry"),
                "choice",
                tuple(
                    (code, Message("{text}", {"text": name}))
                    for code, name in _current_entries(view, None)
                ),
                required=True,
            ),
        ),
    ),
)
