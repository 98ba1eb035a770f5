"""What goes with a shipment: its attachment, the ticks of its stages, and its receipt."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Final

from api.demo.deals import Consignment
from api.demo.guns import describe
from api.demo.people import People
from api.demo.words import HELD, said
from api.demo.world import Calendar
from salsa_ext.values.movements import CheckpointData
from salsa_ext.values.permits import Expectation, ReceiptData, ReceivedItem, ShipmentData

DOCUMENTS: Final = {"road": ("mic_dta", "crt"), "sea": ("bill_of_lading",), "air": ("awb",)}


@dataclass(frozen=True)
class Step:
    """A stage that a shipment passes: on whose side, where, and when (days before, hour)."""

    stage: str
    state: str
    post: str | None
    day: int
    hour: int


class Forwarder:
    """Writes what goes with shipments that have their numbers."""

    def __init__(self, random: Random, calendar: Calendar, people: People) -> None:
        self._random = random
        self._calendar = calendar
        self._people = people

    def shipment(self, sent: Consignment) -> ShipmentData:
        """Return the attachment with its manifest."""
        way, number = sent.deal.way, self._random.randrange(1_000_000)
        return ShipmentData(
            number=sent.number, ships_on=self._calendar.on(sent.ships), mode=way.mode,
            items=tuple(describe(gun, self._calendar, line=line) for line, gun in sent.guns()),
            port_of_exit=way.port_of_exit, port_of_entry=way.port_of_entry, route=way.posts,
            expected=tuple(map(self._expectation, steps(sent))),
            carrier=self._people.carrier(way.exporter), seals=(f"{way.exporter}{number:06d}",),
            transport={
                "document_kind": self._random.choice(DOCUMENTS[way.mode]),
                "document_number": f"{way.exporter}-{number:06d}",
                "plates": (f"XX{number % 10_000:04d}",) if way.mode == "road" else (),
                "container": f"XXXU{number:06d}0" if way.mode == "sea" else None,
            },
        )  # fmt: skip

    def ticks(self, sent: Consignment) -> list[tuple[str, CheckpointData]]:
        """Return the stages that were ticked, each with the state that ticked it."""
        passed = steps(sent)[: self._passed(sent)]
        return [(step.state, self._tick(step, sent)) for step in passed]

    def receipt(self, sent: Consignment) -> ReceiptData | None:
        """Return what the importing state confirms, or None where it never did."""
        if not sent.is_received:
            return None
        day = self._calendar.on(sent.enters)
        if sent.fate == "received":
            return ReceiptData(day, all=True)
        lost = set(sent.missing)
        arrived = [str(gun.serial) for _, gun in sent.guns() if gun not in lost]
        extra = [f"X{self._random.randrange(1_000_000):06d}"] if sent.fate == "over" else []
        return ReceiptData(day, items=tuple(map(ReceivedItem, (*arrived, *extra))))

    def _passed(self, sent: Consignment) -> int | None:
        """Return how many stages were passed; None for all."""
        late = self._random.choice((0, 1))
        return {"due": 0, "at_exit": 1, "never": 1, "late": late}.get(sent.fate)

    def _tick(self, step: Step, sent: Consignment) -> CheckpointData:
        held = sent.fate == "held" and step.stage == "entry"
        day = max(step.day, 1)
        return CheckpointData(
            step.stage, self._calendar.at(day, step.hour, self._random.randrange(60)),
            "held" if held else "passed", step.post,
            reason=said(HELD, step.state) if held else None,
        )  # fmt: skip

    def _expectation(self, step: Step) -> Expectation:
        at = self._calendar.at(step.day, step.hour)
        return Expectation(step.stage, at.isoformat(), step.post)


def steps(sent: Consignment) -> list[Step]:
    """Return the stages in order: both sides of each post, or the two ports."""
    way = sent.deal.way
    hour = 6 + sum(map(ord, sent.number)) % 12
    if not way.posts:
        return [Step("exit", way.exporter, None, sent.ships, hour),
                Step("entry", way.importer, None, sent.enters, hour)]  # fmt: skip
    stops, found = (way.exporter, *way.transit, way.importer), []
    for index, post in enumerate(way.posts):
        day = sent.ships - round((index + 1) * way.days / len(way.posts))
        out = "exit" if index == 0 else "transit_out"
        into = "entry" if index == len(way.posts) - 1 else "transit_in"
        found += [Step(out, stops[index], post, day, hour),
                  Step(into, stops[index + 1], post, day, hour + 2)]  # fmt: skip
    return found
