"""Crime guns of a city in the United States: where each was sold, and when it was seized.

One row is one gun of a case. Its sale and its seizure become two documents that know nothing of
each other: that they are of one gun, a trace has to find by the marks.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from importers import run as runs
from importers.files import read_csv
from importers.rows import Document, Event, Lookups, RawRow, Report, Unusable
from importers.run import Importer, Progress
from salsa_ext.matching.prose import marking_of
from salsa_ext.services.agencies import AgencyData
from salsa_ext.values.actor import Actor
from salsa_ext.values.documents import SeizureData, TransferData
from salsa_ext.values.events import Place, When
from salsa_ext.values.firearms import Firearm
from salsa_ext.values.parties import Party

SOURCE = "us_crime_guns"
COUNTRY = "USA"
AGENCY = AgencyData(  # the file names no department
    "USA-POLICE", "police", "Police of the cities that publish", "America/New_York"
)
COLUMNS = (
    "source_dataset", "source_sheet", "source_row",
    "jurisdiction_state", "jurisdiction_city", "jurisdiction_method", "jurisdiction_confidence",
    "crime_location_state", "crime_location_city", "crime_location_zip", "crime_location_court",
    "crime_location_pd",
    "dealer_name", "dealer_city", "dealer_state", "dealer_ffl",
    "manufacturer_name", "firearm_serial", "firearm_caliber",
    "case_status", "purchase_date", "time_to_recovery", "ttr_category",
    "sale_date", "crime_date", "time_to_crime",
    "has_nibin", "has_trafficking_indicia", "is_interstate",
)  # fmt: skip
IGNORED = frozenset((
    "source_sheet", "jurisdiction_method", "jurisdiction_confidence",  # how the file was made
    "crime_location_zip", "crime_location_court", "crime_location_pd",  # empty in what is published
    "case_status",  # of the persons accused, not of the gun
    "time_to_crime", "time_to_recovery", "ttr_category",  # what a trace has to find by itself
    "has_nibin", "has_trafficking_indicia", "is_interstate",  # the publisher's own conclusions
))  # fmt: skip


def run(
    path: Path, actor: Actor, dry_run: bool = False, progress: Progress | None = None,
    lookups: Lookups | None = None,
) -> Report:  # fmt: skip
    """Take the file into the records of the actor's state; raises ImportRejected."""
    agencies = (AGENCY,) if actor.state == COUNTRY else ()
    importer = Importer(SOURCE, read, interpret, lookups or Lookups.load(SOURCE), agencies)
    return runs.take(importer, path, actor, dry_run, progress)


def read(path: Path) -> Iterator[RawRow]:
    """Yield the rows of the file as text; raises ImportRejected."""
    return read_csv(path, COLUMNS)


def interpret(row: RawRow, lookups: Lookups) -> Event:
    """Return the sale and the seizure that a row tells of, or the one of them; raises Unusable."""
    number = _number(row)
    gun = _gun(row, lookups)
    dealer, place = _dealer(row), _place(row)
    sold_on, seized_on = _dates(row)
    row.finish(IGNORED)
    documents: list[Document] = []
    if sold_on:
        sale = TransferData("domestic_sale", When(sold_on), gun, number, giver=dealer)
        documents.append(sale)
    if seized_on:
        documents.append(_seizure(number, seized_on, place, gun))
    return Event(tuple(documents))


def number_of(dataset: str, row: str) -> str:
    """Return the natural number under which both documents of a row stand."""
    return f"{dataset}/{row}"


def _seizure(number: str, seized_on: date, place: Place, gun: Firearm) -> SeizureData:
    return SeizureData(
        number=number, kind="seized", when=When(seized_on), agency=AGENCY.code, place=place,
        legal_grounds=(), crime_context=("unknown",), items=(gun,),
    )  # fmt: skip


def _number(row: RawRow) -> str:
    dataset, own = row.pop("source_dataset"), row.pop("source_row")
    if not (dataset and own):
        raise Unusable("the row has no number of its own, so a second run would take it twice")
    return number_of(dataset, own)


def _gun(row: RawRow, lookups: Lookups) -> Firearm:
    serial, marking = _serial(row, lookups)
    make = lookups.pop(row, "manufacturer_name")
    calibre = lookups.pop(row, "firearm_caliber")
    if not (serial or make or calibre) and marking == "unknown":
        raise Unusable("the row describes no gun: no serial, no make and no calibre")
    return Firearm(make=make, calibre=calibre, serial=serial, marking=marking)


def _serial(row: RawRow, lookups: Lookups) -> tuple[str | None, str]:
    """Return the serial as read and the state of the marking; a placeholder is no serial."""
    text = lookups.pop(row, "firearm_serial")
    said = lookups.markings.get(text.lower()) or marking_of(text) if text else "unknown"
    return (None, said) if said else (text, "intact")


def _dealer(row: RawRow) -> Party | None:
    name, licence = row.pop("dealer_name"), row.pop("dealer_ffl")
    town = ", ".join(filter(None, (row.pop("dealer_city"), row.pop("dealer_state"))))
    if name is None:
        return None
    return Party(name, "dealer", COUNTRY, address=town or None, licence=licence)


def _place(row: RawRow) -> Place:
    """Return where the gun was seized: the crime's place, else the jurisdiction's."""
    state, city = row.pop("crime_location_state"), row.pop("crime_location_city")
    seat_state, seat_city = row.pop("jurisdiction_state"), row.pop("jurisdiction_city")
    if state or city:
        return Place(COUNTRY, name=city, admin1=state)
    return Place(COUNTRY, name=seat_city, admin1=seat_state)


def _dates(row: RawRow) -> tuple[date | None, date | None]:
    """Return the days of the sale and of the seizure.

    A row whose dates contradict each other is not taken at all: nothing says which one is wrong.
    """
    written = row.pop("purchase_date")
    sold_on, seized_on = row.pop_date("sale_date"), row.pop_date("crime_date")
    if sold_on is None and written:
        raise Unusable(f"purchase_date is no date that can be read: {written}")
    if sold_on is None and seized_on is None:
        raise Unusable("neither the sale nor the crime has a date")
    if sold_on and seized_on and seized_on < sold_on:
        raise Unusable(f"sold on {sold_on}, after the crime on {seized_on}")
    return sold_on, seized_on
