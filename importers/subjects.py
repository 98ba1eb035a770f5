"""What files are imported as: subjects with their fields, checks and commands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, dataclass
from functools import cache
from typing import Any, Final

from salsa_ext.access.permissions import Permission
from salsa_ext.core.actor import Actor
from salsa_ext.core.fields import Member, members
from salsa_ext.documents import queries, reports, seizures, transfers
from salsa_ext.documents.values import ReportData, SeizureData, TransferData
from salsa_ext.reference.agencies import agency_codes
from salsa_ext.reference.calendars import today

Path = tuple[Member, ...]
"""The fields from a document down to a plain one."""
READ_ELSEWHERE: Final = frozenset(("line", "confirm_second", "visibility", "handling"))
"""Fields that no column fills by itself; `line` is the place in the document."""
Check = Callable[[Any], None]


@dataclass(frozen=True)
class Subject:
    """A kind of document that files hold.

    `checker(actor, agencies)` returns the check of a batch, with agencies that it will register.
    """

    name: str
    value: type
    view: queries.DocumentKind
    permission: Permission
    checker: Callable[[Actor, frozenset[str]], Check]
    record_many: Callable[..., list[Any]]
    correct: Callable[..., Any]

    @property
    def items(self) -> str:
        """Return the name of the list of guns, empty for a document of one gun."""
        return "items" if any(member.name == "items" for member in members(self.value)) else ""


def _dated(check: Callable[..., None]) -> Callable[[Actor, frozenset[str]], Check]:
    def checker(actor: Actor, agencies: frozenset[str]) -> Check:
        on = today(actor)
        return lambda data: check(data, on)

    return checker


def _seizure_checker(actor: Actor, agencies: frozenset[str]) -> Check:
    owner, on = actor.own_state(), today(actor)
    known = agency_codes(actor.state) | agencies
    return lambda data: seizures.check(data, owner, on, known)


SUBJECTS: Final[Mapping[str, Subject]] = {
    subject.name: subject
    for subject in (
        Subject(
            "seizures",
            SeizureData,
            queries.SEIZURES,
            Permission.SEIZURE_RECORD,
            _seizure_checker,
            seizures.record_many,
            seizures.correct,
        ),
        Subject(
            "transfers",
            TransferData,
            queries.TRANSFERS,
            Permission.TRANSFER_RECORD,
            _dated(transfers.check),
            transfers.record_many,
            transfers.correct,
        ),
        Subject(
            "reports",
            ReportData,
            queries.REPORTS,
            Permission.REPORT_RECORD,
            _dated(reports.check),
            reports.record_many,
            reports.correct,
        ),
    )
}
"""A register of holdings and past imports and exports are transfers, by their kind."""


@cache
def targets(cls: type) -> Mapping[str, Path]:
    """Return the plain fields that columns can fill, by path: `items.serial`, `place.name`.

    A path through a list is that of the entry that a row makes.
    """
    return {".".join(member.key for member in path): path for path in _paths(cls, ())}


def _paths(cls: type, above: Path) -> Iterator[Path]:
    for member in members(cls):
        if not member.field.is_sent or member.name in READ_ELSEWHERE:
            continue
        if member.is_nested:
            yield from _paths(member.type, (*above, member))
        else:
            yield (*above, member)


def is_required(path: Path) -> bool:
    """Return whether a document without this field is refused."""
    return all(member.default is MISSING for member in path)
