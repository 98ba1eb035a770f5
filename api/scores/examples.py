"""Three questions to a small region: what is on record there, what is asked, and what is answered."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from flask import Flask

from api.transaction import transaction
from salsa_ext.clock import FixedClock
from salsa_ext.policy.rules import operator
from salsa_ext.services import checks, transfers
from salsa_ext.services.checks import Answer
from salsa_ext.values.actor import Actor, Purpose
from salsa_ext.values.documents import TransferData
from salsa_ext.values.events import When
from salsa_ext.values.firearms import Firearm
from salsa_ext.values.inquiries import CheckData, Query

NOON: Final = datetime(2026, 3, 9, 12, tzinfo=UTC)
WHY: Final = Purpose("investigation", "C-17")
PISTOL: Final = ("Taurus", "9x19", "pistol")
REVOLVER: Final = ("Rossi", ".38 Special", "revolver")
FAMILY: Final = tuple(f"TK{letter}48123" for letter in "UACEHMR")
ON_RECORD: Final = {
    "PRY": [("ABC12345", *PISTOL)],
    "ARG": [(serial, *PISTOL) for serial in FAMILY],
    "URY": [("RS778120", *REVOLVER), ("RS771934", *PISTOL)],
}


@dataclass(frozen=True)
class Example:
    """A question, by the name of its picture, and what it shows."""

    name: str
    title: str
    query: Query


EXAMPLES: Final = (
    Example("another-make", "The serial is the same, the make is not",
            Query("ABC12345", make="Glock", calibre="9x19")),
    Example("crowd", "One wrong letter, and many serials are as near",
            Query("TKV48123", make="Taurus", calibre="9x19")),
    Example("half", "Half a serial, with make and calibre",
            Query("RS77*", make="Rossi", calibre=".38 Special")),
)  # fmt: skip


@contextmanager
def answered(app: Flask) -> Iterator[dict[str, Answer]]:
    """Give the answer to each example, on a database without records."""
    asker = _operator("BRA")
    with app.app_context():
        for state, guns in ON_RECORD.items():
            _record(_operator(state), guns)
        with transaction(asker):
            yield {
                example.name: checks.make(actor=asker, data=CheckData(example.query, WHY))
                for example in EXAMPLES
            }


def _operator(state: str) -> Actor:
    return operator(state, agency=f"{state}-POLICE", clock=FixedClock(NOON))


def _record(actor: Actor, guns: list[tuple[str, str, str, str]]) -> None:
    sold = [
        TransferData("registration", When(date(2024, 5, day)),
                     Firearm(serial=serial, make=make, calibre=calibre, type=kind))
        for day, (serial, make, calibre, kind) in enumerate(guns, 6)
    ]  # fmt: skip
    with transaction(actor):
        transfers.record_many(actor=actor, batch=sold)
