"""Reports that a gun is lost, stolen, recovered or surrendered: the list, one, and a new one."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from flask import render_template, request, url_for

from api.i18n import translate
from api.schemas.reports import ReportQuery, ReportRequest, ReportResponse
from api.web import sending
from api.web.access import again, sender, signed_in
from api.web.desk import choices, doings, listing
from api.web.desk.filling import reported
from api.web.guns import report_changes
from api.web.guns.blueprint import blueprint
from api.web.typed import Form
from salsa_ext.errors import say
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import alerts, beside, documents
from salsa_ext.readmodels.days import today, zone_of
from salsa_ext.readmodels.documents import REPORTS
from salsa_ext.readmodels.remarks import on_rows
from salsa_ext.services import reports as commands
from salsa_ext.values.actor import Actor

SECOND: Final = say("A second report of this gun is wanted")
DONE: Final = {
    "recorded": say("The report is recorded."),
    "correct": say("The report is corrected, and its gun was matched anew."),
    "withdraw": say("The report is withdrawn."),
}


@blueprint.get("/reports")
@signed_in
def reports(actor: Actor) -> str:
    """Show the reports of the own state, newest first, by the filters of the address."""
    asked = listing.asked(ReportQuery)
    page = documents.list_documents(actor, REPORTS, asked.filters, listing.LIMIT, asked.cursor)
    return render_template(
        "guns/reports.html", actor=actor, form=asked.form, page=page, choices=choices,
        onward=listing.address(page.next),
    )  # fmt: skip


@blueprint.get("/reports/<uuid:report_id>")
@signed_in
def report(actor: Actor, report_id: UUID) -> str:
    """Show one report as it stands, what its gun matches, and the alerts that were entered from it."""
    subject = report_changes.subject_of(actor, report_id)
    view = subject.view
    entered = alerts.of_records(actor, [item.record.id for item in view.items])
    return render_template(
        "guns/report.html", actor=actor, report=ReportResponse().dump(view), zone=zone_of(actor),
        done=DONE.get(request.args.get("done", "")), subject=subject,
        doings=doings.offered(report_changes.DOINGS, actor, subject), alerts=entered,
        told=documents.told(view),
        beside=beside.of_document(actor, view),
        remarks=on_rows((("firearm", item.record) for item in view.items), actor.language),
    )  # fmt: skip


@blueprint.get("/reports/new")
@signed_in
def report_form(actor: Actor) -> str:
    """Show the form of a report."""
    require(actor, Permission.REPORT_RECORD)
    form = Form({"kind": "theft", "occurred_on": today(actor).isoformat(), "visibility": "open"})
    return _page(actor, form)


@blueprint.post("/reports/new")
@sender
def record_report(actor: Actor) -> Any:
    """Record the report and show it; 422 or 409 with the form where that cannot be."""
    require(actor, Permission.REPORT_RECORD)
    form = sending.sent()
    form.called = {"confirm_second": translate(SECOND)}
    done = sending.send(form, actor, lambda: _record(actor, form))
    return done or (again(actor, lambda: _page(actor, form)), form.status)


def _record(actor: Actor, form: Form) -> str:
    data = form.load(ReportRequest(), lambda body: reported(body, actor.own_state()))
    report_id = commands.record(actor=actor, data=data)
    return url_for("guns.report", report_id=report_id, done="recorded")


def _page(actor: Actor, form: Form) -> str:
    if form.existing:
        standing = report_changes.subject_of(actor, form.existing)
        form.lead(standing.title, standing.address)
    return render_template("guns/report_new.html", actor=actor, form=form, choices=choices,
                           suggest=choices.suggestions(actor))  # fmt: skip
