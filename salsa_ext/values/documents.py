"""Transfers, reports and seizures as an authority states them; each makes records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from salsa_ext.values.events import Place, Source, When
from salsa_ext.values.firearms import Firearm
from salsa_ext.values.parties import Party


@dataclass(frozen=True)
class TransferData:
    """A gun changes hands inside a state (or is made, registered, deactivated or destroyed)."""

    kind: str
    when: When
    firearm: Firearm
    number: str | None = None
    giver: Party | None = None
    receiver: Party | None = None
    licence: str | None = None
    visibility: str | None = None
    handling: str | None = None
    source: Source | None = None


@dataclass(frozen=True)
class ReportData:
    """A gun is lost, stolen, recovered or surrendered.

    A second report of its kind on one serial and day is taken only with `confirm_second`.
    """

    kind: str
    number: str
    when: When
    firearm: Firearm
    place: Place | None = None
    giver: Party | None = None
    stolen_from: str | None = None
    visibility: str | None = None
    handling: str | None = None
    source: Source | None = None
    confirm_second: bool = False


@dataclass(frozen=True)
class SeizureData:
    """Firearms seized, found or surrendered on one occasion.

    `details` holds the fields that only describe: setting, organized_crime, concealment, transport,
    route, found_with, joint_with, related.
    """

    number: str
    kind: str
    when: When
    agency: str
    place: Place
    legal_grounds: tuple[str, ...]
    crime_context: tuple[str, ...]
    items: tuple[Firearm, ...]
    post: str | None = None
    details: Mapping[str, Any] | None = None
    visibility: str | None = None
    handling: str | None = None
    source: Source | None = None
