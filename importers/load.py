"""Judge and load files: batch by batch, each one transaction, the same again after any end.

A document is found again by its natural key. What a file changes becomes a version; what is the
same is left alone. So a run that was killed is begun again, and nothing is lost or doubled.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Final
from uuid import UUID

from importers.grouping import Groups
from importers.judge import Interpreter, Judge, ReadBody
from importers.judgement import (
    Candidate,
    Judgement,
    Reject,
    errors_of,
    refuse,
    reject_row,
    report_data,
)
from importers.occurrences import Occurrences
from importers.profiles import Profile
from importers.reading.tables import Row, find_place, open_table
from importers.readings import add_readings, listed_readings, stored_gun
from importers.subjects import SUBJECTS
from salsa_ext.access.batches import Result, record_each
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.administration import agencies, imports
from salsa_ext.administration.agencies import AgencyData
from salsa_ext.administration.models import ImportedDocument
from salsa_ext.core.actor import Actor
from salsa_ext.core.batches import group_by
from salsa_ext.core.errors import Conflict, ImportRejected, message
from salsa_ext.core.fields import build_value
from salsa_ext.core.occurrence import ImportSource
from salsa_ext.database.session import transaction
from salsa_ext.documents import withdrawals

BATCH_ROWS: Final = 2_000
COUNTED_ROWS: Final = 10_000
UNDO_BATCH: Final = 100
PREVIEW, PREVIEW_GUNS = 20, 10
CHANGED_BY_FILE: Final = message("The file of {date} says so.")
CORRECTED_BY_HAND: Final = message(
    "The file says something else than before, and files do not change this. Change it by hand."
)
Progress = Callable[[int, Judgement], None]
File = Path | BinaryIO


@dataclass(frozen=True)
class Import:
    """A file with what is needed to judge and load it; `file` can be read from its start again."""

    profile: Profile
    file: Callable[[], File]
    actor: Actor
    read_body: ReadBody
    progress: Progress = lambda rows, judgement: None

    def judge(self) -> Judgement:
        """Return what the file would become; raises ImportRejected, Forbidden."""
        return self._to_end(self.steps(None, writes=False))

    def load(self, run_id: UUID) -> Judgement:
        """Load the file as a run, from its start or where it ended; raises as `judge`."""
        return self._to_end(self.steps(run_id, writes=True))

    def _to_end(self, steps: Iterator[Judgement]) -> Judgement:
        for judgement in steps:
            self.progress(judgement.rows_read, judgement)
        return judgement

    def steps(self, run_id: UUID | None, *, writes: bool) -> Iterator[Judgement]:
        """Judge a file, or load it, batch by batch; yield after each what it became so far.

        The progress is written to the run, which is `judged` or `loaded` in the end.
        """
        if self.profile.state not in ("", self.actor.state):
            text = message(
                "This profile is for files of {state}. Choose another one.",
                state=self.profile.state,
            )
            raise ImportRejected(text, rejects=[])
        judgement = Judgement(began_at=self.actor.now())
        shares = yield from self._count_shared(judgement)
        with open_table(self.file(), self.profile.spellings(), self.profile.sheets) as table:
            judgement.rows_in_all = max(0, table.last_row - table.header_row)
            judgement.read, judgement.starts = [*table.read], table.starts
            judgement.other_sheets = [each for each in table.sheets if each not in table.read]
            with transaction(self.actor):
                interpreter = Interpreter(self.profile, table, self.actor, judgement)
                if run_id:
                    imports.clear_rejects(self.actor, run_id)
            groups = Groups(interpreter, shares)
            while rows := list(islice(table.rows, BATCH_ROWS)):
                self._batch(groups, rows, _Changes(self, judgement, run_id, writes))
                yield judgement
            self._batch(groups, [], _Changes(self, judgement, run_id, writes))
        yield judgement
        if run_id:
            self._end(run_id, judgement, writes)

    def _end(self, run_id: UUID, judgement: Judgement, writes: bool) -> None:
        with transaction(self.actor):
            if self.profile.full and writes:
                judgement.vanished = imports.find_vanished(self.actor, self.profile.name, run_id)
            report = report_data(judgement)
            if not writes:
                report |= {"preview": judgement.preview, "readings": listed_readings(judgement)}
            imports.update_run(
                actor=self.actor,
                run_id=run_id,
                before=("loading",) if writes else ("judging",),
                status="loaded" if writes else "judged",
                rows_read=judgement.rows_read,
                report=report,
            )

    def _count_shared(self, judgement: Judgement) -> Generator[Judgement, None, Occurrences | None]:
        """Count the rows of each document that rows may share; return None where none is shared.

        Yields the judgement now and then, as a file may be long.
        """
        if not any(mapping.group for mapping in self.profile.documents):
            return None
        counts = Occurrences()
        with open_table(self.file(), self.profile.spellings(), self.profile.sheets) as table:
            with transaction(self.actor):
                interpreter = Interpreter(self.profile, table, self.actor, Judgement())
            while rows := list(islice(table.rows, COUNTED_ROWS)):
                for row in rows:
                    for key in interpreter.grouping_keys(row):
                        counts.add(key)
                yield judgement
        return counts

    def _batch(self, groups: Groups, rows: Sequence[Row], changes: _Changes) -> None:
        """Judge a batch of rows and write what they became, in one transaction."""
        with transaction(self.actor):
            self._check_permissions()
            missing = self._register_agencies(changes.writes)
            changes.judgement.rows_read += len(rows)
            candidates, rejects = groups.add(rows) if rows else groups.end()
            candidates, refused = self._judge(candidates, missing)
            rejects += refused + changes.sort_out(candidates)
            changes.count(rejects + changes.write())

    def _judge(
        self, candidates: Iterable[Candidate], agencies: frozenset[str]
    ) -> tuple[list[Candidate], list[Reject]]:
        """Return the documents that can be recorded, and the rows of the others."""
        judge, sound, rejects = Judge(self.actor, self.read_body, agencies), [], []
        for candidate in candidates:
            refused = judge.judge(candidate)
            rest = candidate.without(refused) if refused else None
            if rest and not judge.judge(rest):
                candidate, refused = rest, []
            rejects += [*refused, *candidate.refused]
            sound += [] if refused else [candidate]
        return sound, rejects

    def _check_permissions(self) -> None:
        require(self.actor, Permission.IMPORT_RUN)
        for mapping in self.profile.documents:
            require(self.actor, SUBJECTS[mapping.subject].permission)

    def _register_agencies(self, writes: bool) -> frozenset[str]:
        """Register the profile's agencies where the actor may; return those that count as known."""
        if Permission.AGENCY_MANAGE not in self.actor.permissions:
            return frozenset()
        batch = [AgencyData(**vars(agency)) for agency in self.profile.agencies]
        if writes and batch:
            agencies.register_missing(actor=self.actor, batch=batch)
        return frozenset(agency.code for agency in batch)


class _Changes:
    """What a batch of documents is to what there is: new, changed or the same."""

    def __init__(
        self, whole: Import, judgement: Judgement, run_id: UUID | None, writes: bool
    ) -> None:
        self._import, self.judgement, self._run_id = whole, judgement, run_id
        self.writes = writes
        self._new: list[Candidate] = []
        self._changed: list[tuple[Candidate, ImportedDocument]] = []
        self._same: list[tuple[Candidate, ImportedDocument]] = []

    def sort_out(self, candidates: Sequence[Candidate]) -> list[Reject]:
        """Compare documents with those there; return the rows of numbers that files do not own."""
        rejects: list[Reject] = []
        actor = self._import.actor
        for name, some in group_by(candidates, lambda each: each.subject.name).items():
            numbers = [candidate.number for candidate in some]
            known = imports.find_imported(actor, name, numbers)
            others = [number for number in numbers if number not in known]
            view = SUBJECTS[name].view
            used = imports.find_used_numbers(actor, view, others) if view else set()
            for candidate in some:
                before = known.get(candidate.number)
                if candidate.number in used:
                    text = message(
                        "Your state has a document of the number {number} that no file gave.",
                        number=candidate.number,
                    )
                    rejects += refuse(candidate, {"number": [text]})
                elif before is None:
                    self._new.append(candidate)
                elif before.digest == candidate.digest():
                    self._same.append((candidate, before))
                elif candidate.refused:  # what is there may have the guns of these rows
                    rejects += refuse(candidate, {})
                elif candidate.subject.correct is None:
                    rejects += refuse(candidate, {"": [CORRECTED_BY_HAND]})
                else:
                    self._changed.append((candidate, before))
        return rejects

    def write(self) -> list[Reject]:
        """Record new documents and correct changed ones; return the rows of those refused."""
        actor, run_id, profile = self._import.actor, self._run_id, self._import.profile
        if run_id is None or not self.writes:
            return []
        rejects: list[Reject] = []
        for name, some in group_by(self._new, lambda each: each.subject.name).items():
            batch = [self._with_source(candidate) for candidate in some]
            results = record_each(actor, batch, SUBJECTS[name].record_many)
            recorded = dict(self._recorded(some, results, rejects))
            shared = {"subject": name, "profile": profile.name, "run_id": run_id, "version": 1}
            rows = [
                shared
                | {"number": number, "document_id": results[at], "seen_in": run_id}
                | {"digest": some[at].digest()}
                for number, at in recorded.items()
            ]
            imports.add_imported(actor, rows)
        corrected = record_each(actor, self._changed, self._correct_many)
        self._changed = [
            self._changed[at]
            for _, at in self._recorded([each for each, _ in self._changed], corrected, rejects)
        ]
        if profile.full:
            same = [candidate for candidate, _ in self._same]
            for name, some in group_by(same, lambda each: each.subject.name).items():
                imports.mark_present(actor, name, [each.number for each in some], run_id)
        return rejects

    def _recorded(
        self, some: Sequence[Candidate], results: Sequence[Result], rejects: list[Reject]
    ) -> Iterator[tuple[str, int]]:
        """Yield number and place of the recorded documents; add the rows of the others."""
        for at, (candidate, result) in enumerate(zip(some, results, strict=True)):
            if isinstance(result, UUID):
                yield candidate.number, at
                continue
            if candidate in self._new:
                self._new.remove(candidate)
            rejects += refuse(candidate, errors_of(result))

    def _correct_many(
        self, *, actor: Actor, batch: Sequence[tuple[Candidate, ImportedDocument]]
    ) -> list[UUID]:
        for candidate, before in batch:
            subject = candidate.subject
            assert subject.correct and subject.view
            subject.correct(
                actor=actor,
                expected_version=before.version,
                data=self._with_source(candidate),
                reason=CHANGED_BY_FILE.text.format(date=actor.now().date()),
                **{f"{subject.view.name}_id": before.document_id},
            )
            imports.mark_corrected(actor, before, candidate.digest(), self._run_id)
        return [before.document_id for _, before in batch]

    def _with_source(self, candidate: Candidate) -> Any:
        assert self._run_id
        _, number = find_place(self.judgement.starts, candidate.rows[0].number)
        source = ImportSource(self._run_id, number)
        if not candidate.subject.has_source:
            return candidate.data
        return build_value(candidate.subject.value, vars(candidate.data) | {"source": source})

    def count(self, rejects: Sequence[Reject]) -> None:
        """Add what was found to the judgement, and store the refused rows of a run."""
        judgement, by_row = self.judgement, dict[int, Reject]()
        for name, written in (("created", self._new), ("changed", self._changed)):
            judgement.counts.update({name: len(written)} if written else {})
        for _, before in self._same:  # a run that goes on finds what it wrote before it ended
            is_own = before.run_id == self._run_id
            kind = "created" if before.version == 1 else "changed"
            judgement.counts[kind if is_own else "unchanged"] += 1
        for candidate in [*self._new, *(each for each, _ in self._changed)]:
            if not self.writes:
                add_readings(judgement, candidate)
            if len(judgement.preview) < PREVIEW:
                row = candidate.rows[0]
                _, number = find_place(judgement.starts, row.number)
                origin = {"row": number, "cells": row.cells, "subject": candidate.subject.name}
                guns = [stored_gun(gun) for gun in islice(candidate.guns, PREVIEW_GUNS)]
                judgement.preview.append(origin | {"document": candidate.body, "guns": guns})
        for reject in rejects:  # a row may be part of two documents
            first = by_row.setdefault(reject.row.number, Reject(reject.row, []))
            first.problems = [*first.problems, *reject.problems]
        for reject in by_row.values():
            judgement.add_reject(reject)
        loaded = (*self._new, *(each for each, _ in self._same))
        sound = [row for each in loaded for row in each.sound_rows()]
        by_row = {each.row.number: each for each in sound} | by_row
        if self._run_id is None:
            return
        actor, skipped = self._import.actor, judgement.skipped_rows
        for rows, is_skipped in ((by_row.values(), False), (skipped, True)):
            stored = {each.row.number: reject_row(each, judgement.starts) for each in rows}
            imports.add_rejects(actor, self._run_id, stored, is_skipped=is_skipped)
        skipped.clear()
        imports.update_run(
            actor=actor,
            run_id=self._run_id,
            rows_read=judgement.rows_read,
            report=report_data(judgement),
        )


def check_volume(profile: Profile, judgement: Judgement) -> None:
    """Raise ImportRejected for a file with an unusual number of usable rows."""
    if not profile.least <= judgement.usable <= profile.most:
        text = message(
            "{usable} of {rows} rows can be used, and this source gives {least} to {most};"
            " nothing was loaded.",
            usable=judgement.usable,
            rows=judgement.rows_read,
            least=profile.least,
            most=profile.most,
        )
        raise ImportRejected(text, rejects=[])


def undo_steps(actor: Actor, run_id: UUID, reason: str) -> Iterator[int]:
    """Withdraw the documents of a run that nobody has built on; yield how many each batch was.

    Can be repeated after any end. Raises NotFound, Conflict.
    """
    kinds = {name: subject.view for name, subject in SUBJECTS.items() if subject.view}
    with transaction(actor):
        run = imports.read_run(actor, run_id)
        if run.status not in ("loaded", "loading", "failed", "undoing"):
            raise Conflict(message("This run loaded nothing, or was undone already."))
        if run.status != "undoing":
            imports.check_undoable(actor, run_id)
        imports.update_run(actor=actor, run_id=run_id, status="undoing")
    while True:
        with transaction(actor):
            documents = imports.documents_to_undo(run_id, UNDO_BATCH)
            for document in documents:
                withdrawals.withdraw(
                    actor=actor,
                    kind=kinds[document.subject],
                    document_id=document.document_id,
                    expected_version=document.version,
                    reason=reason,
                )
            imports.forget_documents(actor, documents)
            if not documents:
                imports.end_undo(actor=actor, run_id=run_id)
                return
        yield len(documents)
