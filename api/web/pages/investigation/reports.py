"""Reports of lost, stolen, recovered and surrendered guns; their corrections."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from flask import render_template, request, url_for

from api.i18n.messages import translate
from api.schemas.reports import (
    ReportCorrectionRequest,
    ReportQuery,
    ReportRequest,
    ReportResponse,
    ReportWithdrawalRequest,
)
from api.web import actions, choices, listing, submission
from api.web.access import login_required, login_required_for_form, render_again
from api.web.actions import Action, ActionField, Subject
from api.web.blueprints import investigation_pages
from api.web.forms import Form
from api.web.pages.investigation import corrections
from api.web.prefill import complete_report
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.alerts import queries as alert_queries
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import message
from salsa_ext.documents import queries as document_queries
from salsa_ext.documents import related, reports
from salsa_ext.documents.queries import REPORTS, DocumentView
from salsa_ext.documents.values import ReportData
from salsa_ext.reference import names
from salsa_ext.reference.calendars import actor_zone, today
from salsa_ext.reference.names import label
from salsa_ext.reference.suggestions import remarks_on_rows

CONFIRM_DUPLICATE: Final = message("A second report of this gun is wanted")
SUCCESS_MESSAGES: Final = {
    "recorded": message("The report is recorded."),
    "correct": message("The report is corrected, and its gun was matched anew."),
    "withdraw": message("The report is withdrawn."),
}


@investigation_pages.get("/reports")
@login_required
def report_list(actor: Actor) -> str:
    """List the own state's reports, newest first."""
    asked = listing.read_filters(ReportQuery)
    page = document_queries.list_own_documents(
        actor, REPORTS, asked.filters, listing.PAGE_SIZE, asked.cursor
    )
    return render_template(
        "investigation/reports.html",
        actor=actor,
        form=asked.form,
        page=page,
        choices=choices,
        onward=listing.next_page_address(page.next),
    )


@investigation_pages.get("/reports/<uuid:report_id>")
@login_required
def report_page(actor: Actor, report_id: UUID) -> str:
    """Show a report with its matches and alerts."""
    subject = find_subject(actor, report_id)
    view = subject.view
    entered = alert_queries.alerts_of_records(actor, [item.record.id for item in view.items])
    return render_template(
        "investigation/report.html",
        actor=actor,
        report=ReportResponse().dump(view),
        zone=actor_zone(actor),
        done=SUCCESS_MESSAGES.get(request.args.get("done", "")),
        subject=subject,
        doings=actions.available_actions(ACTIONS, actor, subject),
        alerts=entered,
        told=document_queries.document_history(view),
        beside=related.find_related(actor, view),
        remarks=remarks_on_rows((("firearm", item.record) for item in view.items), actor.language),
    )


@investigation_pages.get("/reports/new")
@login_required
def report_form(actor: Actor) -> str:
    """Show the form of a report."""
    require(actor, Permission.REPORT_RECORD)
    form = Form({"kind": "theft", "occurred_on": today(actor).isoformat(), "visibility": "open"})
    return _render_form(actor, form)


@investigation_pages.post("/reports/new")
@login_required_for_form
def record_report(actor: Actor) -> Any:
    """Record a report and redirect to it.

    Shows the form with 422 or 409 if refused.
    """
    require(actor, Permission.REPORT_RECORD)
    form = submission.read_form()
    form.called = {"confirm_second": translate(CONFIRM_DUPLICATE)}
    done = submission.submit(form, actor, lambda: _record(actor, form))
    return done or (render_again(actor, lambda: _render_form(actor, form)), form.status)


def _record(actor: Actor, form: Form) -> str:
    data = form.load(ReportRequest(), lambda body: complete_report(body, actor.own_state()))
    report_id = reports.record(actor=actor, data=data)
    return url_for("investigation.report_page", report_id=report_id, done="recorded")


def _render_form(actor: Actor, form: Form) -> str:
    if form.existing:
        standing = find_subject(actor, form.existing)
        form.lead(standing.title, standing.address)
    return render_template(
        "investigation/report_new.html",
        actor=actor,
        form=form,
        choices=choices,
        suggest=choices.suggestions(actor),
    )


REPORT_FIELDS: Final = ("kind", "number", "occurred_on", "stolen_from")
PARTY_FIELDS: Final = ("name", "kind", "country", "address", "contact", "identification", "licence")


def _correct_report(*, data: tuple[ReportData, str], **said: Any) -> None:
    corrected, reason = data
    reports.correct_fields(data=corrected, reason=reason, **said)


def _withdraw_report(*, data: str, **said: Any) -> None:
    reports.withdraw(reason=data, **said)


def _correction_values(actor: Actor, view: DocumentView) -> dict[str, str]:
    """Return the current report as form values."""
    report, setting = ReportResponse().dump(view), view.items[0].setting
    held = report["from"] or {}
    if not held.get("name"):  # whoever was erased cannot be named again
        held = {}
    party = {name: held.get(name) for name in PARTY_FIELDS}
    abroad = party["country"] if party["country"] != view.document.owner_state else None
    party["country"] = names.label("state", abroad, actor.language)
    values = (
        {name: report[name] for name in REPORT_FIELDS}
        | {f"from.{name}": value for name, value in party.items()}
        | {"place.name": (report["place"] or {}).get("name")}
        | {"visibility": setting.visibility if setting else "open"}
        | corrections.gun_values(actor, report["firearm"])
    )
    return {path: str(value) for path, value in values.items() if value}


def _complete_correction(body: dict[str, Any], view: DocumentView, form: Form) -> None:
    corrections.complete_gun(body, ReportResponse().dump(view)["firearm"])
    complete_report(body, view.document.owner_state)


ACTIONS: Final[actions.Actions] = (
    Action(
        "correct",
        message("Correct the report"),
        message(
            "How it should have been. Its gun is matched anew; what stood before stays readable, and states"
            " that received it are told."
        ),
        ReportCorrectionRequest,
        _correct_report,
        Permission.REPORT_RECORD,
        ("standing",),
        (),
        start=_correction_values,
        settle=_complete_correction,
        page="investigation/report_correct.html",
        told=lambda actor, view: choices.suggestions(actor),
    ),
    Action(
        "withdraw",
        message("Withdraw the report"),
        message(
            "Say for good that it was made in error. No search finds its gun any more, its matches are taken"
            " away, and states that received it are told. Alerts that were entered from it stand until they"
            " are cancelled."
        ),
        ReportWithdrawalRequest,
        _withdraw_report,
        Permission.REPORT_RECORD,
        ("standing",),
        (
            ActionField(
                "reason", message("Why it was made in error"), "area", required=True, most=500
            ),
        ),
        is_grave=True,
    ),
)


def find_subject(actor: Actor, report_id: UUID) -> Subject:
    """Return a report as the subject of actions."""
    view = document_queries.read_document(actor=actor, kind=REPORTS, document_id=report_id)
    row = view.document
    title = f"{label('report_kind', row.kind, actor.language)} {row.number}"
    return Subject(
        view,
        title,
        url_for("investigation.report_page", report_id=report_id),
        row.owner_state,
        row.status,
        "report_status",
        ("investigation.report_list", message("Reports of losses and thefts")),
    )


@investigation_pages.get("/reports/<uuid:report_id>/<slug:name>")
@login_required
def report_action_form(actor: Actor, report_id: UUID, name: str) -> Any:
    """Show the form of an action on a report."""
    return actions.show_action(actor, actions.find_action(ACTIONS, name), find_subject, report_id)


@investigation_pages.post("/reports/<uuid:report_id>/<slug:name>")
@login_required_for_form
def report_action(actor: Actor, report_id: UUID, name: str) -> Any:
    """Run an action on a report and redirect to it."""
    return actions.submit_action(
        actor, actions.find_action(ACTIONS, name), find_subject, report_id, "report_id"
    )
