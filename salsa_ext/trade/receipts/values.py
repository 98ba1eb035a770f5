"""What an importing state confirms to have received."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from salsa_ext.core.fields import Field, LineNumber, Rule, Word, Year
from salsa_ext.core.occurrence import ExternalIds, Note
from salsa_ext.trade.shipments.values import BulkGoods


@dataclass(frozen=True)
class ReceivedItem:
    """A received serial number as it was read. `line` and `make` distinguish guns with equal serials."""

    serial: Annotated[str, Rule(most=64), Field("Serial number", "firearm")]
    line: Annotated[LineNumber | None, Field("Line", "firearm")] = None
    make: Annotated[str | None, Rule(most=200), Field("Make", "firearm")] = None


@dataclass(frozen=True)
class ImportMark:
    """The import mark applied to each received gun (CIFTA VI.1 b)."""

    text: Annotated[Word, Field("Import mark", "firearm")]
    year: Annotated[Year | None, Field("Year", "firearm")] = None


@dataclass(frozen=True)
class ReceiptData:
    """A receipt by the importing state, or of returned goods.

    CIFTA IX.4, Model Regulations 9.7. `all` confirms that everything arrived; otherwise `items`
    lists the serials (tuple or Manifest) and `bulk` the quantities of goods without serials. A list
    without any shipped serial is accepted only with `confirm_nothing_matches`. The exporting state
    gives the number of the `delivery_verification` of a state that licenses on paper. A correction
    gives its `reason`.
    """

    received_on: Annotated[date, Field("Received on", "event")]
    all: Annotated[
        bool,
        Field("Everything arrived as it was shipped", stored="no", is_sent=False, is_shown=False),
    ] = False
    items: Annotated[
        Collection[ReceivedItem], Field("Items", "firearm", "rows", is_sent=False, is_shown=False)
    ] = ()
    bulk: Annotated[tuple[BulkGoods, ...], Rule(most=1000), Field("Bulk", "firearm")] = ()
    import_mark: Annotated[ImportMark | None, Field("Import mark", "firearm")] = None
    delivery_verification: Annotated[
        Word | None, Field("Delivery verification of the importing state", "document")
    ] = None
    note: Note = None
    external_ids: ExternalIds = ()
    confirm_nothing_matches: Annotated[
        bool,
        Field("It is the right list, even if none of it was shipped", stored="no", is_shown=False),
    ] = False
    reason: Annotated[str | None, Field("Reason", stored="no", is_sent=False, is_shown=False)] = (
        None
    )
