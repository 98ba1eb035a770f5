"""Reports of lost, stolen, recovered and surrendered guns; their corrections."""

from operator import attrgetter
from typing import Any, Final
from uuid import UUID

from api.schemas.documents import (
    ReportCorrectionRequest,
    ReportQuery,
    ReportRequest,
    ReportResponse,
    WithdrawalRequest,
)
from api.web.document_actions import Action, Subject
from api.web.forms import Field, Form
from api.web.lists import EXTERNAL_ID, FROM_DAY, SERIAL, TO_DAY
from api.web.pages import investigation_pages
from api.web.prefill import complete_gun, complete_report, gun_values
from api.web.record_pages import DocumentPages, other_fields
from salsa_ext.access.permissions import Permission
from salsa_ext.alerts import queries as alert_queries
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import message
from salsa_ext.documents import queries as document_queries
from salsa_ext.documents import related, reports, withdrawals
from salsa_ext.documents.queries import REPORTS, DocumentView
from salsa_ext.documents.values import ReportData
from salsa_ext.reference.calendars import today
from salsa_ext.reference.names import label
from salsa_ext.reference.suggestions import remarks_on_rows

REPORT_FIELDS: Final = ("kind", "number", "occurred_on", "stolen_from")
PARTY_FIELDS: Final = ("name", "kind", "country", "address", "contact", "identification", "licence")
FILTERS: Final = (
    SERIAL,
    Field("kind", message("Kind"), "choice", "report_kind"),
    Field("status", message("Status"), "choice", "report_status"),
    Field("number", message("Number"), max_length=100),
    EXTERNAL_ID,
    FROM_DAY,
    TO_DAY,
)


def _correct_report(*, data: tuple[ReportData, str], **ids: Any) -> None:
    corrected, reason = data
    reports.correct_fields(data=corrected, reason=reason, **ids)


def _withdraw_report(*, data: str, report_id: UUID, **rest: Any) -> None:
    withdrawals.withdraw(kind=REPORTS, document_id=report_id, reason=data, **rest)


def _correction_values(actor: Actor, view: DocumentView) -> dict[str, str]:
    """Return the current report as form values."""
    report, setting = ReportResponse().dump(view), view.items[0].setting
    others = other_fields("report")
    party = dict.fromkeys(PARTY_FIELDS)
    if (owner := report["from"]) and owner.get("name"):  # an erased name cannot be given again
        party = {name: owner.get(name) for name in PARTY_FIELDS}
        is_foreign = party["country"] != view.document.owner_state
        party["country"] = label("state", party["country"], actor.language) if is_foreign else None
    values = (
        {name: report.get(name) for name in (*REPORT_FIELDS, *map(attrgetter("key"), others))}
        | {f"from.{name}": value for name, value in party.items()}
        | {"place.name": (report["place"] or {}).get("name")}
        | {"visibility": setting.visibility if setting else "open"}
        | gun_values(report["firearm"])
        | {"firearm.lot": report["firearm"]["lot"]}
    )
    return {path: str(value) for path, value in values.items() if value}


def _complete_correction(body: dict[str, Any], view: DocumentView, form: Form) -> None:
    complete_gun(body, ReportResponse().dump(view)["firearm"])
    complete_report(body, view.document.owner_state)


ACTIONS: Final = (
    Action(
        "correct",
        message("Correct the report"),
        message(
            "How it should have been. Its firearm is matched again; the earlier version stays"
            " readable, and states that received it are notified."
        ),
        ReportCorrectionRequest,
        _correct_report,
        Permission.REPORT_RECORD,
        ("standing",),
        success=message("The report is corrected, and its firearm was matched again."),
        initial_values=_correction_values,
        complete_body=_complete_correction,
        template="investigation/report_correct.html",
    ),
    Action(
        "withdraw",
        message("Withdraw the report"),
        message(
            "Withdraw a report made in error; this is final. Searches no longer find its"
            " firearm, its matches are removed, and states that received it are notified. Its"
            " alerts remain until they are cancelled."
        ),
        WithdrawalRequest,
        _withdraw_report,
        Permission.REPORT_RECORD,
        ("standing",),
        (
            Field(
                "reason", message("Why it was made in error"), "area", required=True, max_length=500
            ),
        ),
        message("The report is withdrawn."),
        is_destructive=True,
    ),
)


def _find(actor: Actor, report_id: UUID) -> Subject:
    view = document_queries.read_document(actor=actor, kind=REPORTS, document_id=report_id)
    row = view.document
    title = f"{label('report_kind', row.kind, actor.language)} {row.number}"
    return Subject(view, title, row.owner_state, row.status)


def _detail(actor: Actor, subject: Subject) -> dict[str, Any]:
    """Return the report as in the API, with its matches and alerts."""
    view = subject.view
    items = (("firearm", item.record) for item in view.items)
    return {
        "report": ReportResponse().dump(view),
        "alerts": alert_queries.alerts_of_records(actor, [item.record.id for item in view.items]),
        "history": document_queries.document_history(view),
        "related": related.find_related(actor, view),
        "remarks": remarks_on_rows(items, actor.language),
    }


def _show_form(actor: Actor, form: Form | None) -> dict[str, Any]:
    initial = {"kind": "theft", "occurred_on": today(actor).isoformat(), "visibility": "open"}
    return {"form": form or Form(initial)}


def _record(actor: Actor, form: Form) -> str:
    data = form.load(ReportRequest(), lambda body: complete_report(body, actor.own_state()))
    return PAGES.address(reports.record(actor=actor, data=data), done="recorded")


PAGES = DocumentPages(
    investigation_pages,
    "report",
    "/reports",
    message("Reports of losses and thefts"),
    _find,
    ACTIONS,
    {"recorded": message("The report is recorded.")},
)
PAGES.add_list(
    ReportQuery,
    lambda actor, *page: document_queries.list_own_documents(actor, REPORTS, *page),
    FILTERS,
    item=ReportResponse,
)
PAGES.add_detail(_detail)
PAGES.add_form(
    Permission.REPORT_RECORD,
    _show_form,
    _record,
    labels={"confirm_second": message("A second report of this gun is wanted")},
)
