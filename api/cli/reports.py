"""Reports of a state that a gun is lost, stolen, recovered or surrendered, from the server's own machine."""

from __future__ import annotations

from typing import IO, Any

import click

from api.cli.bodies import file_option, instead_option, read_body, taken
from api.cli.context import acting, explained, recording
from api.cli.described import (
    day_option,
    given,
    gun_of,
    gun_options,
    place_of,
    place_options,
    sharing_options,
)
from api.cli.documents import chosen, print_document
from api.cli.options import Line, own_state_option
from api.cli.printing import (
    echo_json,
    echo_page,
    echo_remarks,
    echo_table,
    json_option,
    limit_option,
)
from api.resources.reports import matched
from api.schemas.reports import (
    ReportCorrection,
    ReportRequest,
    ReportResponse,
    ReportWholeResponse,
)
from salsa_ext.readmodels.documents import REPORTS, DocumentView, list_documents, read
from salsa_ext.readmodels.matches import MatchView
from salsa_ext.readmodels.reports import ReportView, whole
from salsa_ext.services import report_withdrawals, reports
from salsa_ext.values.codes import REPORT_KINDS, REPORT_STATUSES, STOLEN_FROM

NUMBER = Line(100)
number_argument = click.argument("number", type=NUMBER)


@click.group()
def report() -> None:
    """Report guns that are lost, stolen, recovered or surrendered, and see what was reported.

    Each command exits with 0, with 1 where the service refuses and says why, or with 2 for wrong
    usage.
    """


@report.command("list")
@own_state_option
@click.option("--kind", type=click.Choice(REPORT_KINDS))
@click.option("--status", type=click.Choice(REPORT_STATUSES))
@click.option("--number", type=NUMBER)
@limit_option
@json_option
@explained
def list_all(state: str, limit: int, as_json: bool, **filters: Any) -> None:
    """List the reports of a state, newest first.

    \b
    Example:
      salsa report list --state PRY --kind theft
    """
    with acting(state) as actor:
        page = list_documents(actor, REPORTS, filters, limit, None)
        echo_page(ReportResponse(), page, _row, as_json=as_json)


@report.command()
@own_state_option
@json_option
@number_argument
@explained
def show(state: str, as_json: bool, number: str) -> None:
    """Show a report with the gun and its record, what it matches, and the alerts entered from it.

    \b
    Example:
      salsa report show --state PRY R-1
    """
    with acting(state) as actor:
        _told(whole(actor, chosen(actor, REPORTS, number)), as_json=as_json)


@report.command()
@own_state_option
@click.option("--kind", type=click.Choice(REPORT_KINDS))
@day_option("--occurred-on", "The day, there.")
@click.option("--stolen-from", type=click.Choice(STOLEN_FROM), help="Of a theft alone.")
@place_options
@gun_options
@sharing_options
@instead_option
@json_option
@click.argument("number", type=NUMBER, required=False)
@explained
def record(state: str, file: IO[bytes] | None, as_json: bool, **said: Any) -> None:
    """Report a gun by options, or by a file, which can name who had it.

    The file is what POST /api/v1/reports takes.

    \b
    Examples:
      salsa report record --state PRY --kind theft --stolen-from private --occurred-on 2026-02-03 \\
        --serial ABC123456 --make Taurus --type pistol --calibre 9x19 R-1
      salsa report record --state PRY --file report.json
    """
    with recording(state) as actor:
        body = given({"firearm": gun_of(said), "place": place_of(state, said)} | said)
        data = taken(file, body, ReportRequest())
        _told(matched(actor, data, reports.record(actor=actor, data=data)), as_json=as_json)


@report.command()
@own_state_option
@file_option
@json_option
@number_argument
@explained
def correct(state: str, file: IO[bytes], as_json: bool, number: str) -> None:
    """Say a report anew, with the reason.

    The file is what POST /api/v1/reports/…/correct takes.

    \b
    Example:
      salsa report correct --state PRY --file corrected.json R-1
    """
    with acting(state) as actor:
        data, reason = read_body(file, ReportCorrection())
        old = chosen(actor, REPORTS, number)
        reports.correct(
            actor=actor, report_id=old.document.id, seen=old.version, data=data, reason=reason
        )
        _told(matched(actor, data, old.document.id), as_json=as_json)


@report.command()
@own_state_option
@click.option("--reason", required=True, type=Line(500), help="Why it was made in error.")
@json_option
@number_argument
@explained
def withdraw(state: str, reason: str, as_json: bool, number: str) -> None:
    """Say for good that a report was made in error, and why; alerts that were entered from it stand.

    \b
    Example:
      salsa report withdraw --state PRY --reason "The gun was in the safe" R-1
    """
    with acting(state) as actor:
        old = chosen(actor, REPORTS, number)
        report_withdrawals.withdraw(
            actor=actor, report_id=old.document.id, seen=old.version, reason=reason
        )
        _told(whole(actor, read(REPORTS, old.document.id)), as_json=as_json)


def _told(found: ReportView, *, as_json: bool) -> None:
    if as_json:
        echo_json(ReportWholeResponse(), found)
        return
    print_document(found.view.document.kind, found.view)
    if found.view.document.status != "standing":
        click.echo(f"{found.view.document.status}: {found.view.document.reason}")
    click.echo(f"matches: {len(found.matches or ()) or 'none'}")
    echo_table([_match(one) for one in found.matches or ()], "  ")
    click.echo(f"alerts entered from it: {len(found.alerts or ()) or 'none'}")
    echo_table([
        (one.alert.id, one.alert.status, one.alert.action, one.gun.record.serial)
        for one in found.alerts or ()
    ], "  ")  # fmt: skip
    echo_remarks(found.view.remarks or ())


def _match(one: MatchView) -> tuple[Any, ...]:
    row, office = one.match, one.contact
    called = (office.agency, office.telephone) if office else (None, None)
    return row.id, row.other_state, row.strength, row.status, *called


def _row(view: DocumentView) -> tuple[Any, ...]:
    row, gun = view.document, view.items[0].record
    said = row.id, row.number, row.kind, row.occurred_on, gun.serial, gun.make_text
    return *said, row.stolen_from, row.status
