"""Crime guns of a city in the United States: sale and seizure.

One row is one gun of a case. Its sale and its seizure become two unlinked documents: a trace has to
join them by the marks.
"""

from __future__ import annotations

from datetime import date

from importers.pipeline import Importer
from importers.rows import Document, Lookups, RawRow, RowDocuments, UnusableRow
from salsa_ext.administration.agencies import AgencyData
from salsa_ext.core.occurrence import Place
from salsa_ext.documents.values import SeizureData, TransferData
from salsa_ext.firearms.marks.marking_words import marking_of
from salsa_ext.firearms.marks.values import Firearm, SeizedItem
from salsa_ext.firearms.records.parties import Party

COUNTRY = "USA"
AGENCY = AgencyData(  # the file names no department
    "USA-POLICE", "police", "Police of the cities that publish", "America/New_York"
)
COLUMNS = (
    "source_dataset",
    "source_sheet",
    "source_row",
    "jurisdiction_state",
    "jurisdiction_city",
    "jurisdiction_method",
    "jurisdiction_confidence",
    "crime_location_state",
    "crime_location_city",
    "crime_location_zip",
    "crime_location_court",
    "crime_location_pd",
    "dealer_name",
    "dealer_city",
    "dealer_state",
    "dealer_ffl",
    "manufacturer_name",
    "firearm_serial",
    "firearm_caliber",
    "case_status",
    "purchase_date",
    "time_to_recovery",
    "ttr_category",
    "sale_date",
    "crime_date",
    "time_to_crime",
    "has_nibin",
    "has_trafficking_indicia",
    "is_interstate",
)
IGNORED_COLUMNS = frozenset(
    (
        "source_sheet",
        "jurisdiction_method",
        "jurisdiction_confidence",  # how the file was made
        "crime_location_zip",
        "crime_location_court",
        "crime_location_pd",  # empty in what is published
        "case_status",  # of the persons accused, not of the gun
        "time_to_crime",
        "time_to_recovery",
        "ttr_category",  # what a trace has to find by itself
        "has_nibin",
        "has_trafficking_indicia",
        "is_interstate",  # the publisher's own conclusions
    )
)


def interpret_row(row: RawRow, lookups: Lookups) -> RowDocuments:
    """Return the sale, the seizure, or both; raises UnusableRow."""
    number = _number(row)
    gun = _gun(row, lookups)
    dealer, place = _dealer(row), _place(row)
    sold_on, seized_on = _dates(row)
    row.finish(IGNORED_COLUMNS)
    documents: list[Document] = []
    if sold_on:
        sale = TransferData(sold_on, kind="domestic_sale", firearm=gun, number=number, giver=dealer)
        documents.append(sale)
    if seized_on:
        documents.append(_seizure(number, seized_on, place, gun))
    return RowDocuments(tuple(documents))


def document_number(dataset: str, row: str) -> str:
    """Return the number of both documents of a row."""
    return f"{dataset}/{row}"


def _seizure(number: str, seized_on: date, place: Place, gun: Firearm) -> SeizureData:
    return SeizureData(
        number=number,
        kind="seized",
        occurred_on=seized_on,
        agency=AGENCY.code,
        place=place,
        legal_grounds=(),
        crime_context=("unknown",),
        items=(SeizedItem.from_firearm(gun),),
    )


def _number(row: RawRow) -> str:
    dataset, own = row.pop("source_dataset"), row.pop("source_row")
    if not (dataset and own):
        raise UnusableRow("the row has no number of its own, so a second run would take it twice")
    return document_number(dataset, own)


def _gun(row: RawRow, lookups: Lookups) -> Firearm:
    serial, marking = _serial(row, lookups)
    make = lookups.pop(row, "manufacturer_name")
    calibre = lookups.pop(row, "firearm_caliber")
    if not (serial or make or calibre) and marking == "unknown":
        raise UnusableRow("the row describes no gun: no serial, no make and no calibre")
    return Firearm(make=make, calibre=calibre, serial=serial, marking=marking)


def _serial(row: RawRow, lookups: Lookups) -> tuple[str | None, str]:
    """Return serial and marking; a placeholder is no serial."""
    text = lookups.pop(row, "firearm_serial")
    marking = lookups.markings.get(text.lower()) or marking_of(text) if text else "unknown"
    return (None, marking) if marking else (text, "intact")


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
    """Return the days of sale and seizure.

    Raises UnusableRow for contradicting dates: either may be wrong.
    """
    written = row.pop("purchase_date")
    sold_on, seized_on = row.pop_date("sale_date"), row.pop_date("crime_date")
    if sold_on is None and written:
        raise UnusableRow(f"purchase_date is no date that can be read: {written}")
    if sold_on is None and seized_on is None:
        raise UnusableRow("neither the sale nor the crime has a date")
    if sold_on and seized_on and seized_on < sold_on:
        raise UnusableRow(f"sold on {sold_on}, after the crime on {seized_on}")
    return sold_on, seized_on


IMPORTER = Importer(
    "us_crime_guns",
    help="Take crime guns of the United States: each row's sale and seizure.",
    columns=COLUMNS,
    interpret=interpret_row,
    state=COUNTRY,
    agencies=(AGENCY,),
    lookups=Lookups.load("us_crime_guns"),
)
