"""Rows of one document put together, wherever in the file they are."""

from collections.abc import Iterable
from typing import Final

from importers.judge import Interpreter
from importers.judgement import ANOTHER_ROW, Candidate, Problem, Reject, RowRefused, merge
from importers.occurrences import Occurrences
from importers.reading.tables import Row
from importers.subjects import SUBJECTS
from salsa_ext.core.errors import message

TOO_MANY_ROWS: Final = Problem(
    "", message("More rows have this number than a document has firearms. Give them other numbers.")
)


class Groups:
    """Holds documents until all their rows are there."""

    def __init__(self, interpreter: Interpreter, shares: Occurrences | None) -> None:
        self._interpreter, self._shares = interpreter, shares
        self._waiting: dict[tuple[str, str], tuple[list[Candidate], list[Reject]]] = {}

    def add(self, rows: Iterable[Row]) -> tuple[list[Candidate], list[Reject]]:
        """Return what rows complete: documents, and rows that are refused."""
        done, rejects = list[Candidate](), list[Reject]()
        for row in rows:
            try:
                candidates = self._interpreter.documents(row)
            except RowRefused as refusal:
                reject = Reject(row, refusal.problems)
                if self._is_shared(*refusal.key):
                    self._waiting.setdefault(refusal.key, ([], []))[1].append(reject)
                    self._end_if_whole(refusal.key, done, rejects)
                else:
                    rejects.append(reject)
                continue
            if not self._shares:
                done += candidates
                continue
            for candidate in candidates:
                key = (candidate.subject.name, candidate.number)
                if self._count(*key) > candidate.subject.most_items:
                    rejects.append(Reject(row, [TOO_MANY_ROWS]))
                    continue
                if not self._is_shared(*key):
                    done.append(candidate)
                    continue
                self._waiting.setdefault(key, ([], []))[0].append(candidate)
                self._end_if_whole(key, done, rejects)
        return done, rejects

    def end(self) -> tuple[list[Candidate], list[Reject]]:
        """Return what waits still: rows of theirs were skipped."""
        done, rejects = list[Candidate](), list[Reject]()
        for key in [*self._waiting]:
            self._end(key, done, rejects)
        return done, rejects

    def _is_shared(self, subject: str, number: str) -> bool:
        return 1 < self._count(subject, number) <= SUBJECTS[subject].most_items

    def _count(self, subject: str, number: str) -> int:
        return self._shares.count(f"{subject} {number}") if self._shares else 0

    def _end_if_whole(
        self, key: tuple[str, str], done: list[Candidate], rejects: list[Reject]
    ) -> None:
        if sum(len(part) for part in self._waiting[key]) >= self._count(*key):
            self._end(key, done, rejects)

    def _end(self, key: tuple[str, str], done: list[Candidate], rejects: list[Reject]) -> None:
        candidates, refused = self._waiting.pop(key)
        if refused and not (candidates and candidates[0].subject.correct):
            rejects += refused
            rejects += [Reject(row, [ANOTHER_ROW]) for each in candidates for row in each.rows]
            return
        first, *others = candidates
        merge(first, others)
        first.refused = refused
        done.append(first)
