"""What an importing state confirms to have received."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from salsa_ext.trade.shipments.values import BulkGoods


@dataclass(frozen=True)
class ReceivedItem:
    """A received serial number as it was read.

    `line` and `make` distinguish guns with equal serials.
    """

    serial: str
    line: int | None = None
    make: str | None = None


@dataclass(frozen=True)
class ImportMark:
    """The import mark applied to each received gun (CIFTA VI.1 b)."""

    text: str
    year: int | None = None


@dataclass(frozen=True)
class ReceiptData:
    """A receipt by the importing state, or of returned goods.

    CIFTA IX.4, Model Regulations 9.7. `all` confirms that everything arrived; otherwise `items`
    lists the serials (tuple or Manifest) and `bulk` the quantities of goods without serials. A list
    without any shipped serial is accepted only with `confirm_nothing_matches`. A correction gives
    its `reason`.
    """

    received_on: date
    all: bool = False
    items: Collection[ReceivedItem] = ()
    bulk: tuple[BulkGoods, ...] = ()
    import_mark: ImportMark | None = None
    confirm_nothing_matches: bool = False
    reason: str | None = None
