"""Checks as a person reads them: one with its reasons, many as a table and as rows of a CSV."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import click

from api.batches import Judged
from api.cli.printing import echo_table
from api.tables import disarmed
from salsa_ext.errors import Invalid
from salsa_ext.models import Contact
from salsa_ext.readmodels.crowds import Candidate
from salsa_ext.services.checks import Answer
from salsa_ext.values.inquiries import Query

HEAD: Final = ("line", "serial", "verdict", "state", "score", "strength", "record", "why")
ASKED: Final = ("serial", "make", "model", "calibre", "type", "country", "year")
SAID: Final = ("verdict", "check", "candidates", "state", "record", "event", "score", "strength",
               "reasons", "action", "telephone", "wrong", "reported",
               "remarks")  # fmt: skip
COLUMNS: Final = ("line", *ASKED, *SAID)
WRONG: Final = "not searched"


def print_answer(answer: Answer) -> None:
    """Print the verdict, what to do, and each candidate with the reasons that make its score."""
    reported = f"{answer.reported.text} " if answer.reported else ""
    click.echo(f"{answer.verdict}: {reported}{answer.advice}")
    for noted in remarked(answer):
        click.echo(f"  {noted}")
    for contact in answer.contacts:
        click.echo(f"  call {contact.agency}{_ways(contact)}")
    for candidate in answer.candidates:
        click.echo()
        _print_candidate(candidate)
    if answer.more:
        click.echo(f"\n{answer.more} more fit less well: --all lists them")
    click.echo()
    click.echo("Searched:")
    rows = [(one.state, one.records, f"records through {one.through}") for one in answer.searched]
    echo_table(rows, indent="  ")


def remarked(answer: Answer) -> list[str]:
    """Return in words what was asked and did not count, by its field."""
    return [f"{one.field}: {' '.join(map(str, one.messages))}" for one in answer.remarks]


def _print_candidate(candidate: Candidate) -> None:
    held, evidence = candidate.held, candidate.evidence
    what = f"{held.event} of {held.occurred_on}, record {held.record_id}"
    shown = what if candidate.is_open else "holds something; ask it"
    click.echo(f"{held.state}  {evidence.bits:+.1f} bits, {evidence.strength}  {shown}")
    if candidate.is_open:
        reasons = evidence.reasons
        echo_table([(f"{one.bits:+5.1f}", one.code, one.text) for one in reasons], indent="  ")


def _ways(contact: Contact) -> str:
    return "".join(f", {way}" for way in (contact.telephone, contact.email) if way)


def row_of(asked: Judged, answer: Answer | Invalid) -> tuple[str, Sequence[Any] | None]:
    """Return the verdict on a gun, and its row of the table; none where it is in no record."""
    line, query = asked
    if isinstance(answer, Invalid) or isinstance(query, Invalid):
        serial = query.serial if isinstance(query, Query) else None
        return WRONG, (line, serial, WRONG, None, None, None, None, _wrong(asked, answer))
    if not answer.candidates:
        return answer.verdict, None
    best = answer.candidates[0]
    record = best.held.record_id if best.is_open else None
    return answer.verdict, (line, query.serial, answer.verdict, best.held.state, best.evidence.bits,
                            best.evidence.strength, record, _reasons(best, " "))  # fmt: skip


def noted_in(told: Sequence[tuple[Judged, Answer | Invalid]]) -> list[tuple[int, str]]:
    """Return what did not count in some guns of a file, each with its line."""
    return [(line, noted) for (line, _), answer in told if not isinstance(answer, Invalid)
            for noted in remarked(answer)]  # fmt: skip


def tell_counts(counts: Mapping[str, int]) -> None:
    """Print how many guns each verdict was given; those in no record are in no row above."""
    said = ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items()))
    click.echo(f"{sum(counts.values())} checked: {said}.")


def cells_of(asked: Judged, answer: Answer | Invalid) -> list[Any]:
    """Return a row of the CSV: what was asked, and the best candidate of its answer."""
    line, query = asked
    gun = [getattr(query, name, None) for name in ASKED]
    if isinstance(answer, Invalid):
        said = [*[None] * SAID.index("wrong"), _wrong(asked, answer), None, None]
    else:
        said = [*_said(answer), answer.action,
                answer.contact.telephone if answer.contact else None, None,
                answer.reported.event if answer.reported else None,
                " ".join(remarked(answer)) or None]  # fmt: skip
    return [disarmed(cell) for cell in (line, *gun, *said)]


def _said(answer: Answer) -> list[Any]:
    count = len(answer.candidates)
    if not count:
        return [answer.verdict, answer.id, 0, *[None] * 6]
    best = answer.candidates[0]
    held = best.held
    shown = [held.record_id, held.event] if best.is_open else [None, None]
    return [answer.verdict, answer.id, count, held.state, *shown, best.evidence.bits,
            best.evidence.strength, _reasons(best, "; ")]  # fmt: skip


def _reasons(candidate: Candidate, between: str) -> str | None:
    if not candidate.is_open:
        return None
    return between.join(f"{one.code}{one.bits:+g}" for one in candidate.evidence.reasons)


def _wrong(asked: Judged, answer: Answer | Invalid) -> str:
    error = answer if isinstance(answer, Invalid) else asked[1]
    assert isinstance(error, Invalid)
    return " ".join(f"{path}: {text}" for path, said in error.errors.items() for text in said)
