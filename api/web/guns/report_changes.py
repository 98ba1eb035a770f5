"""A report that was wrong: corrected field by field, or withdrawn where it was made in error."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from flask import url_for

from api.schemas.reports import ReportCorrection, ReportResponse, ReportWithdrawal
from api.web.access import sender, signed_in
from api.web.desk import choices, doings
from api.web.desk.doings import Doing, Field, Subject
from api.web.desk.filling import reported
from api.web.guns import correcting
from api.web.guns.blueprint import blueprint
from api.web.typed import Form
from salsa_ext.errors import say
from salsa_ext.policy.permissions import Permission
from salsa_ext.readmodels import names
from salsa_ext.readmodels.documents import REPORTS, DocumentView
from salsa_ext.readmodels.names import label
from salsa_ext.services import disclosures, report_corrections, report_withdrawals
from salsa_ext.values.actor import Actor
from salsa_ext.values.documents import ReportData

TYPED: Final = ("kind", "number", "occurred_on", "stolen_from")
OF_PARTY: Final = ("name", "kind", "country", "address", "contact", "identification", "licence")


def _correct(*, data: tuple[ReportData, str], **said: Any) -> None:
    corrected, reason = data
    report_corrections.correct_said(data=corrected, reason=reason, **said)


def _withdraw(*, data: str, **said: Any) -> None:
    report_withdrawals.withdraw(reason=data, **said)


def _opened(actor: Actor, view: DocumentView) -> dict[str, str]:
    """Return what the form of a correction opens with: the report as it stands."""
    report, setting = ReportResponse().dump(view), view.items[0].setting
    held = report["from"] or {}
    if not held.get("name"):  # whoever was erased cannot be named again
        held = {}
    party = {name: held.get(name) for name in OF_PARTY}
    abroad = party["country"] if party["country"] != view.document.owner_state else None
    party["country"] = names.label("state", abroad, actor.language)
    values = (
        {name: report[name] for name in TYPED}
        | {f"from.{name}": value for name, value in party.items()}
        | {"place.name": (report["place"] or {}).get("name")}
        | {"visibility": setting.visibility if setting else "open"}
        | correcting.described(actor, report["firearm"])
    )
    return {path: str(value) for path, value in values.items() if value}


def _complete(body: dict[str, Any], view: DocumentView, form: Form) -> None:
    correcting.complete(body, ReportResponse().dump(view)["firearm"])
    reported(body, view.document.owner_state)


DOINGS: Final[doings.Doings] = (
    Doing(
        "correct", say("Correct the report"),
        say("How it should have been. Its gun is matched anew; what stood before stays readable, and states"
            " that received it are told."),
        ReportCorrection, _correct, Permission.REPORT_RECORD, ("standing",), (),
        start=_opened, settle=_complete, page="guns/report_correct.html",
        told=lambda actor, view: choices.suggestions(actor),
    ),
    Doing(
        "withdraw", say("Withdraw the report"),
        say("Say for good that it was made in error. No search finds its gun any more, its matches are taken"
            " away, and states that received it are told. Alerts that were entered from it stand until they"
            " are cancelled."),
        ReportWithdrawal, _withdraw, Permission.REPORT_RECORD, ("standing",),
        (Field("reason", say("Why it was made in error"), "area", required=True, most=500),),
        is_grave=True,
    ),
)  # fmt: skip


def subject_of(actor: Actor, report_id: UUID) -> Subject:
    """Return a report as the pages of its doings show it."""
    view = disclosures.read_document(actor=actor, kind=REPORTS, document_id=report_id)
    row = view.document
    title = f"{label('report_kind', row.kind, actor.language)} {row.number}"
    return Subject(view, title, url_for("guns.report", report_id=report_id), row.owner_state,
                   row.status, "report_status",
                   ("guns.reports", say("Reports of losses and thefts")))  # fmt: skip


@blueprint.get("/reports/<uuid:report_id>/<slug:name>")
@signed_in
def report_doing_form(actor: Actor, report_id: UUID, name: str) -> Any:
    """Show the form of what can be done to a report."""
    return doings.open_form(actor, doings.named(DOINGS, name), subject_of, report_id)


@blueprint.post("/reports/<uuid:report_id>/<slug:name>")
@sender
def do_report(actor: Actor, report_id: UUID, name: str) -> Any:
    """Do it, and show the report."""
    return doings.take_form(actor, doings.named(DOINGS, name), subject_of, report_id, "report_id")
