"""Annual reports: begin, write, sign and read."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, exists, select
from sqlalchemy.orm import aliased

from salsa_ext.access.audit import AuditEvent, append
from salsa_ext.access.audit_actions import Action
from salsa_ext.access.paper_tokens import Claims, facts_digest
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import is_same_person, require
from salsa_ext.access.signing import sign
from salsa_ext.annual_reports.models import AnnualReport, AnnualReportText
from salsa_ext.annual_reports.report_tables import (
    Content,
    Gap,
    changed_cells,
    fill_tables,
    find_gaps,
    in_order,
)
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Conflict, Forbidden, IllegalTransition, Invalid, NotFound, message
from salsa_ext.core.ids import new_id
from salsa_ext.database.bulk import insert_many
from salsa_ext.database.locks import lock
from salsa_ext.database.paging import Page, fetch_page
from salsa_ext.database.session import NO_STATE, db
from salsa_ext.figures import OriginShare, origin_share
from salsa_ext.papers.facts import ANNUAL_REPORT
from salsa_ext.reference.agencies import contact_agencies
from salsa_ext.reference.state_settings import needs_second_person
from salsa_ext.releases import releases
from salsa_ext.releases.models import Release
from salsa_ext.releases.releases import ReleaseView

LIAISON_KINDS: Final = ("liaison_authority", "national_point_of_contact")
"""Contacts whose agency reports for its state: the first kind that it has."""


@dataclass(frozen=True)
class AnnualReportData:
    """The year of a new report."""

    year: int


@dataclass(frozen=True)
class TextData:
    """What a person writes: words of sections in one language, and numbers; None removes."""

    language: str
    words: Mapping[str, str | None] = field(default_factory=dict)
    numbers: Mapping[str, int | None] = field(default_factory=dict)


@dataclass(frozen=True)
class AnnualReportView:
    """A report with its texts; of a draft the tables and gaps are those of now."""

    row: AnnualReport
    words: Mapping[str, Mapping[str, str]]
    numbers: Mapping[str, int]
    tables: Mapping[str, Content]
    share: OriginShare
    gaps: Sequence[Gap]
    changes: Sequence[Mapping[str, Any]]
    release: ReleaseView | None
    is_corrected: bool

    def __getattr__(self, name: str) -> Any:
        return getattr(self.row, name)

    @cached_property
    def digest(self) -> str | None:
        """Return the digest of what was signed."""
        return facts_digest(self.row.content) if self.row.content else None


def create_annual_report(*, actor: Actor, data: AnnualReportData) -> UUID:
    """Begin the report of an ended year, with the words of the one before it; returns its id.

    Of the secretariat it is of the newest release of that year. Raises Invalid, Forbidden, and
    Conflict while a draft of the year exists.
    """
    require(actor, Permission.ANNUAL_REPORT_WRITE)
    _require_liaison(actor)
    if data.year >= actor.now().year:
        raise Invalid({"year": [message("This year has not ended. Choose an earlier one.")]})
    owner, release_id = actor.state or NO_STATE, None
    if actor.state is None and (release_id := _newest_release(data.year)) is None:
        raise Conflict(message("No figures of this year are published. Publish the year first."))
    before = _last(owner, data.year)
    if before and before.status == "draft":
        raise Conflict(message("A draft of this year exists. Complete and sign it."))
    report_id, number = new_id(), before.number + 1 if before else 1
    row = {
        "id": report_id,
        "owner_state": owner,
        "year": data.year,
        "number": number,
        "version": 1,
        "status": "draft",
        "release_id": release_id,
        "created_at": actor.now(),
    }
    insert_many(AnnualReport, [row])
    text = _current_text(before.id) if before else None
    _insert_text(actor, report_id, 1, text.words if text else {}, text.numbers if text else {})
    _audit(actor, Action.ANNUAL_REPORT_CREATED, report_id, year=data.year, number=number)
    return report_id


def write_annual_report(
    *, actor: Actor, annual_report_id: UUID, data: TextData, expected_version: int | None
) -> None:
    """Store a draft's next version; raises NotFound, Forbidden, StaleVersion, IllegalTransition."""
    require(actor, Permission.ANNUAL_REPORT_WRITE)
    row = _lock_draft(actor, annual_report_id, "write", expected_version)
    text = _current_text(row.id)
    words = dict(text.words)
    for section, written in data.words.items():
        texts = {**words.pop(section, {}), data.language: written}
        if given := {code: each for code, each in texts.items() if each}:
            words[section] = given
    answered = {**text.numbers, **data.numbers}
    numbers = {name: number for name, number in answered.items() if number is not None}
    if (words, numbers) == (text.words, text.numbers):
        return
    row.version += 1
    _insert_text(actor, row.id, row.version, words, numbers)
    written_parts = sorted({*data.words, *data.numbers})
    _audit(
        actor,
        Action.ANNUAL_REPORT_WRITTEN,
        row.id,
        version=row.version,
        language=data.language,
        parts=written_parts,
    )


def sign_annual_report(
    *, actor: Actor, annual_report_id: UUID, expected_version: int | None
) -> None:
    """Freeze and sign a draft with the figures of now.

    Raises NotFound, Forbidden for who wrote it where the state's setting asks for a second person,
    StaleVersion, IllegalTransition.
    """
    require(actor, Permission.ANNUAL_REPORT_WRITE)
    row = _lock_draft(actor, annual_report_id, "sign", expected_version)
    acts = (Action.ANNUAL_REPORT_CREATED, Action.ANNUAL_REPORT_WRITTEN)
    if needs_second_person(actor, "annual_report") and is_same_person(actor, row.id, *acts):
        raise Forbidden(message("You wrote this report. A second person of your state signs it."))
    content = _content(_view(actor, row))
    number = f"{row.year}-{row.number}"
    claims = Claims(
        state=row.owner_state,
        kind=ANNUAL_REPORT,
        number=number,
        issued_on=actor.now().date(),
        valid_through=date.max,
        version=row.version,
        exporting_state=row.owner_state,
        importing_state=row.owner_state,
        quantities={},
        digest=facts_digest(content),
        signed_at=actor.now(),
    )
    row.token, row.content = sign(actor, claims), content
    row.signed_at, row.status = actor.now(), "signed"
    db.session.flush()
    _audit(actor, Action.ANNUAL_REPORT_SIGNED, row.id, number=number, digest=claims.digest)


def list_annual_reports(
    actor: Actor, filters: Mapping[str, Any], limit: int, cursor: str | None
) -> Page[AnnualReport]:
    """Return a page of the own reports, and of signed ones that the reader may read, newest first."""
    require(actor, Permission.STATISTICS_READ)
    query = select(AnnualReport).where(_is_readable(actor))
    for name in ("year", "status"):
        if name in filters:
            query = query.where(getattr(AnnualReport, name) == filters[name])
    if "state" in filters:
        query = query.where(AnnualReport.owner_state == filters["state"])
    return fetch_page(query, AnnualReport.id, limit, cursor)


def get_annual_report(actor: Actor, annual_report_id: UUID) -> AnnualReportView:
    """Return a report; raises NotFound."""
    require(actor, Permission.STATISTICS_READ)
    return _view(actor, _read(annual_report_id, _is_readable(actor)))


def annual_report_version(actor: Actor, annual_report_id: UUID) -> int:
    """Return the current version; raises NotFound."""
    return _read(annual_report_id, _is_readable(actor)).version


def list_texts(actor: Actor, annual_report_id: UUID) -> Sequence[AnnualReportText]:
    """Return all versions of the words and numbers of an own report, newest first; raises NotFound."""
    require(actor, Permission.STATISTICS_READ)
    row = _read(annual_report_id, AnnualReport.owner_state == (actor.state or NO_STATE))
    query = select(AnnualReportText).where(AnnualReportText.report_id == row.id)
    return db.session.scalars(query.order_by(AnnualReportText.version.desc())).all()


def list_published() -> Sequence[AnnualReport]:
    """Return the signed hemispheric reports for anybody, newest first."""
    query = select(AnnualReport).where(_IS_PUBLISHED).order_by(AnnualReport.id.desc())
    return db.session.scalars(query).all()


def read_published(annual_report_id: UUID) -> AnnualReportView:
    """Return a signed hemispheric report for anybody; raises NotFound."""
    return _view(None, _read(annual_report_id, _IS_PUBLISHED))


_IS_PUBLISHED: Final = (AnnualReport.owner_state == NO_STATE) & (AnnualReport.status == "signed")


def _is_readable(actor: Actor) -> Any:
    """Return whether a report is the reader's own, or signed: of all states for the secretariat."""
    own, is_signed = AnnualReport.owner_state == (actor.state or NO_STATE), _IS_PUBLISHED
    return own | (is_signed if actor.state else AnnualReport.status == "signed")


def _read(annual_report_id: UUID, condition: Any) -> AnnualReport:
    query: Select[Any] = select(AnnualReport).where(AnnualReport.id == annual_report_id, condition)
    row: AnnualReport | None = db.session.scalar(query.execution_options(populate_existing=True))
    if row is None:
        raise NotFound("annual_report", annual_report_id)
    return row


def _lock_draft(
    actor: Actor, annual_report_id: UUID, action: str, version: int | None
) -> AnnualReport:
    own = AnnualReport.owner_state == (actor.state or NO_STATE)
    row = _read(annual_report_id, own)
    if row.status != "draft":
        hint = message("To correct it, begin another report of the year.")
        raise IllegalTransition("annual_report", row.status, action, onward=hint)
    _require_liaison(actor)
    return lock(AnnualReport, annual_report_id, version)


def _require_liaison(actor: Actor) -> None:
    """Raise Forbidden for a person of another agency than the state's liaison authority."""
    if actor.state is None:
        return
    agencies = contact_agencies(actor.state, LIAISON_KINDS)
    if agencies and actor.agency not in agencies:
        raise Forbidden(
            message(
                "The liaison authority of your state writes and signs this: {agencies}.",
                agencies=", ".join(agencies),
            )
        )


def _newest_release(year: int) -> UUID | None:
    query = select(Release.id).where(Release.year == year, Release.status == "published")
    return db.session.scalar(query.order_by(Release.number.desc()).limit(1))


def _last(owner: str, year: int, before: int = 1_000_000) -> AnnualReport | None:
    """Return the report of a year with the highest number below `before`."""
    query = select(AnnualReport).where(
        AnnualReport.owner_state == owner, AnnualReport.year == year, AnnualReport.number < before
    )
    return db.session.scalars(query.order_by(AnnualReport.number.desc())).first()


def _current_text(report_id: UUID) -> AnnualReportText:
    query = select(AnnualReportText).where(AnnualReportText.report_id == report_id)
    return db.session.scalars(query.order_by(AnnualReportText.version.desc()).limit(1)).one()


def _insert_text(
    actor: Actor,
    report_id: UUID,
    version: int,
    words: Mapping[str, Any],
    numbers: Mapping[str, int],
) -> None:
    row = {
        "report_id": report_id,
        "version": version,
        "owner_state": actor.state or NO_STATE,
        "words": words,
        "numbers": numbers,
        "written_at": actor.now(),
    }
    insert_many(AnnualReportText, [row])


def _audit(actor: Actor, action: Action, report_id: UUID, **data: Any) -> None:
    append(actor, AuditEvent(action, "annual_report", report_id, data=data))


def _view(actor: Actor | None, row: AnnualReport) -> AnnualReportView:
    release = releases.read_published(row.release_id) if row.release_id else None
    later = aliased(AnnualReport)
    corrected = exists().where(
        later.owner_state == row.owner_state,
        later.year == row.year,
        later.number > row.number,
        later.status == "signed",
    )
    is_corrected = bool(db.session.scalar(select(corrected)))
    if stored := row.content:
        return AnnualReportView(
            row,
            stored["words"],
            stored["numbers"],
            in_order(stored.get("tables", {})),
            OriginShare(*stored["share"]),
            [Gap(each["code"], each["amount"], tuple(each["items"])) for each in stored["gaps"]],
            stored["changes"],
            release,
            is_corrected,
        )
    assert actor is not None, "a visitor reads signed reports alone"
    text, share = _current_text(row.id), origin_share(actor, row.year)
    tables: Mapping[str, Content] = {}
    gaps = list[Gap]()
    if actor.state is not None:
        tables = fill_tables(actor, row.year).tables
        gaps = find_gaps(actor, row.year, text.words, text.numbers)
    before = _last(row.owner_state, row.year, row.number)
    changes = [*_changes(before, tables, text)] if before else []
    return AnnualReportView(
        row, text.words, text.numbers, tables, share, gaps, changes, release, is_corrected
    )


def _changes(
    before: AnnualReport, tables: Mapping[str, Content], text: AnnualReportText
) -> Iterator[dict[str, Any]]:
    """Yield what differs from the report before: cells of tables, numbers, and sections rewritten."""
    old = before.content or {}
    yield from changed_cells(old.get("tables", {}), tables)
    for name in dict.fromkeys([*old["numbers"], *text.numbers]):
        amounts = {"before": old["numbers"].get(name), "after": text.numbers.get(name)}
        if amounts["before"] != amounts["after"]:
            yield {"table": "numbers", "row": name, "column": "", **amounts}
    for section in dict.fromkeys([*old["words"], *text.words]):
        written, now = old["words"].get(section, {}), text.words.get(section, {})
        for language in sorted(written.keys() | now.keys()):
            if written.get(language) != now.get(language):
                changed = {"table": "words", "row": section, "column": language}
                yield changed | {"before": None, "after": None}


def _content(view: AnnualReportView) -> dict[str, Any]:
    """Return what is signed of a report."""
    row = view.row
    content: dict[str, Any] = {
        "state": row.owner_state,
        "year": row.year,
        "number": row.number,
        "words": view.words,
        "numbers": view.numbers,
        "gaps": [gap._asdict() for gap in view.gaps],
        "changes": view.changes,
        "share": [*view.share],
    }
    if view.release is None:
        return content | {"tables": view.tables}
    signed = {"id": str(row.release_id), "signature": view.release.signature}
    return content | {"release": signed}
