"""Input of transfers, reports, and seizures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from salsa_ext.core.time import EventTime, ImportSource, Place
from salsa_ext.firearms.marks.values import Firearm
from salsa_ext.firearms.records.values import Party


@dataclass(frozen=True)
class TransferData:
    """A domestic transfer of a gun.

    Also its manufacture, registration, deactivation or destruction.
    """

    kind: str
    when: EventTime
    firearm: Firearm
    number: str | None = None
    giver: Party | None = None
    receiver: Party | None = None
    licence: str | None = None
    visibility: str | None = None
    handling: str | None = None
    source: ImportSource | None = None


@dataclass(frozen=True)
class ReportData:
    """A report: a gun is lost, stolen, recovered or surrendered.

    A second report of one kind on the same serial and day needs `confirm_second`.
    """

    kind: str
    number: str
    when: EventTime
    firearm: Firearm
    place: Place | None = None
    giver: Party | None = None
    stolen_from: str | None = None
    visibility: str | None = None
    handling: str | None = None
    source: ImportSource | None = None
    confirm_second: bool = False


@dataclass(frozen=True)
class SeizureData:
    """Firearms seized, found or surrendered on one occasion.

    `details` holds descriptive fields: setting, organized_crime, concealment, transport, route,
    found_with, joint_with, related.
    """

    number: str
    kind: str
    when: EventTime
    agency: str
    place: Place
    legal_grounds: tuple[str, ...]
    crime_context: tuple[str, ...]
    items: tuple[Firearm, ...]
    post: str | None = None
    details: Mapping[str, Any] | None = None
    visibility: str | None = None
    handling: str | None = None
    source: ImportSource | None = None
