"""Documents of shipments: export attachments, checkpoints, receipts."""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Final

from salsa_ext.demo.guns import describe_gun
from salsa_ext.demo.parties import HOLD_REASONS, People, localized
from salsa_ext.demo.trade.deals import Consignment
from salsa_ext.demo.world import DATA, Calendar
from salsa_ext.trade.receipts.values import ReceiptData, ReceivedItem
from salsa_ext.trade.shipments.values import (
    CheckpointData,
    ExpectedStageData,
    ShipmentData,
    Transport,
)

TRANSPORT_DOCUMENTS: Final[Mapping[str, tuple[str, ...]]] = DATA["transport_documents"]


@dataclass(frozen=True)
class PlannedStage:
    """A stage of a shipment: side, post, day before anchor, hour."""

    stage: str
    state: str
    post: str | None
    day: int
    hour: int


class ShipmentWriter:
    """Writer of shipment documents for numbered consignments."""

    def __init__(self, random: Random, calendar: Calendar, people: People) -> None:
        self._random = random
        self._calendar = calendar
        self._people = people

    def shipment(self, sent: Consignment) -> ShipmentData:
        """Return the export attachment with its items."""
        way, number = sent.deal.way, self._random.randrange(1_000_000)
        return ShipmentData(
            number=sent.number,
            ships_on=self._calendar.on(sent.ships),
            mode=way.mode,
            items=tuple(describe_gun(gun, self._calendar, line=line) for line, gun in sent.guns()),
            port_of_exit=way.port_of_exit,
            port_of_entry=way.port_of_entry,
            route=way.posts,
            expected=tuple(map(self._expectation, planned_stages(sent))),
            carrier=self._people.carrier(way.exporter),
            seals=(f"{way.exporter}{number:06d}",),
            transport=Transport(
                self._random.choice(TRANSPORT_DOCUMENTS[way.mode]),
                f"{way.exporter}-{number:06d}",
                (f"XX{number % 10_000:04d}",) if way.mode == "road" else (),
                f"XXXU{number:06d}0" if way.mode == "sea" else None,
            ),
        )

    def ticks(self, sent: Consignment) -> list[tuple[str, CheckpointData]]:
        """Return the recorded checkpoints, each with its state."""
        passed = planned_stages(sent)[: self._passed(sent)]
        return [(step.state, self._tick(step, sent)) for step in passed]

    def receipt(self, sent: Consignment) -> ReceiptData | None:
        """Return the importing state's receipt, if any."""
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
        """Return the number of passed stages; None for all."""
        late = self._random.choice((0, 1))
        return {"due": 0, "at_exit": 1, "never": 1, "late": late}.get(sent.fate)

    def _tick(self, step: PlannedStage, sent: Consignment) -> CheckpointData:
        is_held = sent.fate == "held" and step.stage == "entry"
        day = max(step.day, 1)
        return CheckpointData(
            step.stage,
            self._calendar.at(day, step.hour, self._random.randrange(60)),
            "held" if is_held else "passed",
            step.post,
            reason=localized(HOLD_REASONS, step.state) if is_held else None,
        )

    def _expectation(self, step: PlannedStage) -> ExpectedStageData:
        at = self._calendar.at(step.day, step.hour)
        return ExpectedStageData(step.stage, at, step.post)


def planned_stages(consignment: Consignment) -> list[PlannedStage]:
    """Return the stages in order: both sides of posts, or two ports."""
    way = consignment.deal.way
    hour = 6 + sum(map(ord, consignment.number)) % 12
    if not way.posts:
        return [
            PlannedStage("exit", way.exporter, None, consignment.ships, hour),
            PlannedStage("entry", way.importer, None, consignment.enters, hour),
        ]
    stops, stages = (way.exporter, *way.transit, way.importer), []
    for index, post in enumerate(way.posts):
        day = consignment.ships - round((index + 1) * way.days / len(way.posts))
        out = "exit" if index == 0 else "transit_out"
        into = "entry" if index == len(way.posts) - 1 else "transit_in"
        stages += [
            PlannedStage(out, stops[index], post, day, hour),
            PlannedStage(into, stops[index + 1], post, day, hour + 2),
        ]
    return stages
