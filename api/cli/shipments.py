"""Shipments whose manifests come as files, from the server's own machine."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from api import manifests
from api.cli.context import acting, explained, recording
from api.cli.options import STATE, Line, Part, own_state_option
from api.cli.printing import echo_remarks, told_of_hold
from api.rows import columns_of
from api.schemas.fields import RequestSchema
from api.schemas.shipments import ReceivedItemRequest, ShippedItemRequest
from api.tables import disarmed
from salsa_ext.errors import Conflict, NotFound, say
from salsa_ext.models import Checkpoint
from salsa_ext.readmodels import discrepancies, remarks
from salsa_ext.readmodels import shipments as reading
from salsa_ext.readmodels.loose import loose_of
from salsa_ext.readmodels.pages import Page
from salsa_ext.readmodels.permits import list_permits
from salsa_ext.readmodels.records import RecordView
from salsa_ext.readmodels.shipments import ShipmentView
from salsa_ext.services import receipt_corrections, receipts, shipments
from salsa_ext.values.actor import Actor
from salsa_ext.values.codes import MODES
from salsa_ext.values.manifests import named
from salsa_ext.values.permits import Bulk, ImportMark, ReceiptData, ShipmentData

DAY = click.DateTime(["%Y-%m-%d"])
PAGE = 1_000
SHOWN = 20
COLUMNS = ("line", "serial", "category", "type", "make", "model", "calibre", "quantity")
Told = Callable[[int], None]
number_argument = click.argument("number", type=Line(100))
from_option = click.option(
    "--from", "exporter", metavar="ISO", type=STATE, help="The exporting state."
)


def file_option(required: bool, schema: RequestSchema) -> Callable[..., Any]:
    """Return the option of a manifest whose items are of a schema."""
    columns = ", ".join(columns_of(schema))
    return click.option(
        "--file", "path", required=required,
        help="The manifest: a CSV whose first row names the columns that it has, or NDJSON with an"
             f" object on each line. Columns: {columns}; a column that is not there says nothing.",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
    )  # fmt: skip


@click.group()
def shipment() -> None:
    """Record and receive shipments with long manifests, and show one."""


@shipment.command()
@own_state_option
@click.option("--permit", required=True, type=Line(100), help="The export certificate's number.")
@click.option("--ships-on", required=True, type=DAY)
@click.option("--mode", required=True, type=click.Choice(MODES))
@click.option("--port-of-exit", type=Line(100))
@click.option("--port-of-entry", type=Line(100))
@click.option("--seal", "seals", multiple=True, type=Line(50), help="Once for each seal.")
@file_option(required=True, schema=ShippedItemRequest())
@number_argument
@explained
def record(
    state: str, permit: str, ships_on: datetime, mode: str, port_of_exit: str | None,
    port_of_entry: str | None, seals: tuple[str, ...], path: Path, number: str,
) -> None:  # fmt: skip
    """Record a shipment under an export certificate, with the guns of a file.

    \b
    Example:
      salsa shipment record --state BRA --permit E-1 --ships-on 2026-02-01 --mode sea \\
        --file manifest.csv A-1

    \b
    manifest.csv, where each serial stands with its line of the certificate:
      line,serial
      1,ABC123456
      1,ABC123457
    """
    with recording(state) as actor, _taken(path, ShippedItemRequest(), 3) as items:
        data = ShipmentData(number, ships_on.date(), mode, items, port_of_exit=port_of_exit,
                            port_of_entry=port_of_entry, seals=seals)  # fmt: skip
        made = shipments.record(actor=actor, permit_id=_permit(actor, permit), data=data)
        noted = remarks.on_firearms(named(items), actor.language)
        found = reading.read(actor, made).findings
    click.echo(f"{number} is recorded with {len(items)} items.")
    echo_remarks(noted)
    for each in found:
        click.echo(f"  contradicts {permit}: {_contradiction(each)}", err=True)


@shipment.command()
@own_state_option
@from_option
@click.option("--received-on", required=True, type=DAY)
@click.option("--all", "is_all", is_flag=True, help="Everything arrived; then there is no file.")
@click.option("--bulk", "bulk", multiple=True, metavar="LINE=QUANTITY", type=Part(),
              help="What arrived of a line's goods without serials, once for each line;"
                   " without --file or --all, nothing that has a serial arrived.")  # fmt: skip
@click.option("--import-mark", type=Line(100), help="What is stamped on each gun.")
@click.option("--confirm-nothing-matches", is_flag=True,
              help="The file is the right one, although no serial of it was shipped.")  # fmt: skip
@click.option("--correct", is_flag=True, help="Take the place of a receipt that is confirmed.")
@click.option(
    "--reason", type=Line(1000), help="Why it is corrected; the states concerned read it."
)
@file_option(required=False, schema=ReceivedItemRequest())
@number_argument
@explained
def receive(
    state: str, exporter: str | None, received_on: datetime, is_all: bool,
    bulk: tuple[tuple[int, Decimal], ...], import_mark: str | None,
    confirm_nothing_matches: bool, correct: bool, reason: str | None, path: Path | None, number: str,
) -> None:  # fmt: skip
    """Confirm what arrived of a shipment, by the serials of a file, or say it anew.

    \b
    Example, of a shipment that has 500 rounds on line 2 too:
      salsa shipment receive --state PRY --from BRA --received-on 2026-03-03 \\
        --file received.csv --bulk 2=500 A-1
      salsa shipment receive --state PRY --from BRA --received-on 2026-03-03 \\
        --file right.csv --bulk 2=500 --correct --reason "The file was of A-2" A-1

    \b
    received.csv, the serials as they were read on arrival:
      line,serial
      1,ABC123456
      1,ABC123457
    """
    if correct != bool(reason):
        raise click.UsageError("Give --reason with --correct, and with nothing else.")
    if is_all == bool(path or bulk):
        raise click.UsageError("Give --file with what arrived, --bulk too or alone, or --all.")
    mark = ImportMark(import_mark) if import_mark else None
    with recording(state) as actor:
        found = find(actor, exporter, number)
        with _taken(path, ReceivedItemRequest(), 1) as items:
            goods = () if is_all else _goods(found, bulk)
            data = ReceiptData(received_on.date(), is_all, items, goods, mark,
                               confirm_nothing_matches, reason)  # fmt: skip
            if correct:
                receipt_corrections.correct(
                    actor=actor, shipment_id=found.shipment.id, seen=found.version, data=data
                )
            else:
                receipts.confirm(actor=actor, shipment_id=found.shipment.id, data=data)
        show_in_words(actor, reading.read(actor, found.shipment.id))


@shipment.command()
@own_state_option
@from_option
@click.option("--items", "path", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path),
              help="Write every item to a CSV.")  # fmt: skip
@number_argument
@explained
def show(state: str, exporter: str | None, path: Path | None, number: str) -> None:
    """Show a shipment, and write its items to a file.

    \b
    Example:
      salsa shipment show --state PRY --items items.csv A-1
    """
    with acting(state) as actor:
        found = find(actor, exporter, number)
        show_in_words(actor, found)
        if path is not None:
            _write_items(actor, found, path)
            click.echo(f"  the items are in {path}")


@contextmanager
def _taken(path: Path | None, schema: RequestSchema, readings: int) -> Iterator[Any]:
    """Give the items of a file, having judged all; a second bar shows how a command reads them."""
    if path is None:
        yield ()
        return
    with path.open("rb") as file:
        with _bar("Reading", sum(1 for _ in file)) as told:
            items = manifests.take(file, manifests.kind_of(path), schema, told)
        with _bar("Recording", len(items) * readings) as told:
            items.progress = told
            yield items


@contextmanager
def _bar(label: str, length: int) -> Iterator[Told]:
    with click.progressbar(length=length, label=f"{label:<10}", width=30) as bar:
        yield bar.update


def _permit(actor: Actor, number: str) -> Any:
    found = list_permits(actor, {"kind": "export", "number": number}, PAGE, None).items
    for view in found:
        if view.permit.owner_state == actor.state:
            return view.permit.id
    raise NotFound("permit", number)


def find(actor: Actor, exporter: str | None, number: str) -> ShipmentView:
    """Return the one shipment of a number, of an exporting state where it is named; raises NotFound."""
    found = [view for view in reading.list_shipments(actor, {"number": number}, PAGE, None).items
             if exporter in (None, view.shipment.exporting_state)]  # fmt: skip
    if not found:
        raise NotFound("shipment", number)
    if len(found) > 1:
        raise Conflict(say("Shipments of several states have this number: name one with --from."))
    return found[0]


def _goods(view: ShipmentView, said: tuple[tuple[int, Decimal], ...]) -> tuple[Bulk, ...]:
    """Return what came without serials; raises Conflict where something shipped is passed over."""
    lines = {line for line, _ in said}
    if left := [part for part in loose_of(view.shipment) if part.line not in lines]:
        raise Conflict(say("Goods without serials were shipped too, of which nothing is said (line: quantity):"
                           " {goods}. Say how much arrived, 0 for nothing: {options}",
                           goods=", ".join(f"{part.line}: {part.shown}" for part in left),
                           options=" ".join(f"--bulk {part.line}={part.shown}" for part in left)))  # fmt: skip
    return tuple(Bulk(line, quantity) for line, quantity in said if quantity)


def show_in_words(actor: Actor, view: ShipmentView) -> None:
    """Print a shipment: its stages, what stops it, what does not add up, and its receipt."""
    row, receipt = view.shipment, view.receipt
    sides = f"{row.exporting_state} to {row.importing_state}"
    click.echo(f"{row.number} of {sides}: {view.status}, {row.item_count} items")
    for tick in view.checkpoints:
        click.echo(f"  {_ticked(tick, view)}")
    for move in view.held.standing:
        click.echo(f"  {told_of_hold(move)}")
    for doubt in discrepancies.waiting_about(actor, [row.id])[row.id]:
        click.echo(f"  discrepancy {doubt.kind} {doubt.key}: {doubt.status}; {_data(doubt.data)}")
    for found in view.findings:
        click.echo(f"  contradicts {row.permit_number}: {_contradiction(found)}")
    if receipt is None:
        return
    missing = [item["serial"] for item in receipt.missing]
    miskeyed = [f"{pair['shipped']} as {pair['received']}" for pair in receipt.miskeyed]
    click.echo(f"  received on {receipt.received_on}: {receipt.item_count} items")
    if receipt.reason:
        click.echo(f"  corrected: {receipt.reason}")
    for label, serials in (("missing", missing), ("not shipped", receipt.unexpected),
                           ("read otherwise", miskeyed)):  # fmt: skip
        if serials:
            more = f" and {len(serials) - SHOWN} more" if len(serials) > SHOWN else ""
            click.echo(f"  {label}: {len(serials)} ({', '.join(serials[:SHOWN])}{more})")
    for part in receipt.differences[:SHOWN]:
        click.echo(f"  without serials, line {part['line']}: {Decimal(part['quantity']):+f}")


def _ticked(tick: Checkpoint, view: ShipmentView) -> str:
    said = [f"{tick.at:%Y-%m-%d %H:%M}"]
    if let_go := view.held.let_go_at(tick):
        said.append(f"let go on {let_go:%Y-%m-%d %H:%M}")
    if tick.seals:
        said.append(f"seals {', '.join(tick.seals)}")
    if tick.quantity is not None:
        said.append(f"counted {tick.quantity}")
    said += [tick.reason] if tick.reason else []
    return f"{tick.owner_state} {tick.stage}: {tick.outcome}, {'; '.join(said)}"


def _data(told: Mapping[str, Any]) -> str:
    return "; ".join(f"{name} {', '.join(map(str, said)) if isinstance(said, list) else said}"
                     for name, said in sorted(told.items()))  # fmt: skip


def _contradiction(found: Mapping[str, Any]) -> str:
    named = ", ".join(found["serials"])
    more = ", …" if named and found["count"] > len(found["serials"]) else ""
    return (f"line {found['line']}, {found['field']}: shipped {found['ours']}, permitted"
            f" {found['theirs']}; items: {found['count']}"
            + (f" ({named}{more})" if named else ""))  # fmt: skip


def _write_items(actor: Actor, view: ShipmentView, path: Path) -> None:
    try:
        with (path.open("w", encoding="utf-8-sig", newline="") as file,
              _bar("Writing", view.shipment.item_count) as told):  # fmt: skip
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            for page in _pages(actor, view):
                writer.writerows(_cells(item.record) for item in page.items)
                told(len(page.items))
    except OSError as error:
        raise click.ClickException(f"{path}: {error.strerror}") from None


def _pages(actor: Actor, view: ShipmentView) -> Iterator[Page[RecordView]]:
    cursor = None
    while True:
        page = reading.list_items(actor, {}, PAGE, cursor, view.shipment.id)
        yield page
        if (cursor := page.next) is None:
            return


def _cells(record: Any) -> list[Any]:
    return [disarmed(getattr(record, name)) for name in COLUMNS]
