"""The page itself: what the service answers to the examples, in a text for those who act on scores."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from contextlib import redirect_stdout
from pathlib import Path
from typing import Final

import click
from flask import Flask

from api.cli.printing import echo_table
from api.scores import drawing, examples
from api.scores.examples import EXAMPLES, Example
from salsa_ext.matching import evidence, marks
from salsa_ext.matching.evidence import WEIGHTS, Description, weights_for
from salsa_ext.readmodels import frequencies
from salsa_ext.services.checks import Answer
from salsa_ext.values.inquiries import Query

PAGE: Final = "scores.md"
ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
SHOWN: Final = 2  # candidates in the output of a command
NAMES: Final = {"calibre_family": "calibre", "country": "country of manufacture",
                "year": "year of manufacture"}  # fmt: skip
HERE: Final = Path(__file__).parent


def pages(app: Flask) -> Mapping[str, str]:
    """Return the page and its pictures by the names of their files; `app` has a database of its own.

    The records of the examples are written to that database, so it is one that is thrown away.
    """
    with examples.answered(app) as answers:
        pictures = {_picture(example): _drawn(example, answers[example.name])
                    for example in EXAMPLES}  # fmt: skip
        parts = [_head(), *(_section(each, answers[each.name]) for each in EXAMPLES)]
    return {PAGE: "".join(parts)} | pictures


def _head() -> str:
    fields = "\n".join(
        f"| {NAMES.get(weight.name, weight.name)} the same, or another |"
        f" {weight.agrees:+.1f}, or {weight.differs:+.1f} |"
        for weight in WEIGHTS
    )
    penalties = evidence.PENALTIES
    return (HERE / "head.md").read_text().format(
        fields=fields, glyphs=evidence.MOST_GLYPHS, glyph=evidence.BITS_PER_GLYPH["serial"],
        confused=evidence.CONFUSED_GLYPH, alike=evidence.ALIKE_GLYPH, one=penalties["one"],
        two=penalties["two"], unread_one=penalties["unread_one"], core=penalties["core"],
        common=evidence.COMMON, short=evidence.SHORT,
        strong=evidence.STRONG, near=evidence.STRONG_THOUGH_NEAR, moderate=evidence.MODERATE,
        possible=evidence.POSSIBLE, related=evidence.RELATED, akin=evidence.AKIN,
        numbered=marks.NUMBERED, number=marks.LONGEST_NUMBER, fewest=f"{frequencies.FEWEST:,}",
        right=evidence.RIGHT, least=evidence.LEAST_AGREEMENT, most=evidence.MOST_AGREEMENT,
        early=evidence.TOO_EARLY, make=WEIGHTS[0].agrees, taurus=_make_of(0.2), rare=_make_of(0.001),
    )  # fmt: skip


def _make_of(share: float) -> float:
    """Return the bits of the same make, where that share of the records has it."""
    asked = Description("", make="taurus")
    return weights_for(asked, {("make", "taurus"): share})[0].agrees


def _section(example: Example, answer: Answer) -> str:
    best = answer.candidates[0]
    text = (HERE / f"{example.name}.md").read_text().format(
        bits=best.evidence.bits, serial=example.query.serial, best=best.held.serial_norm,
        count=len(answer.candidates) - 1,
    )  # fmt: skip
    picture = f"![{example.title}: {_told(answer)}]({_picture(example)})"
    question = f"    {_question(example.query)}"
    return f"\n## {example.title}\n\n{text}\n{picture}\n\n{question}\n{_output(answer)}"


def _told(answer: Answer) -> str:
    """Return what the picture shows, for who does not see it."""
    best = answer.candidates[0].evidence
    return (
        ", ".join(f"{one.code} {one.bits:+.1f}" for one in best.reasons) + f", sum {best.bits:.1f}"
    )


def _question(query: Query) -> str:
    described = [query.serial, query.make, query.calibre]
    return f"Asked: {', '.join(filter(None, described))}"


def _output(answer: Answer) -> str:
    """Return the first candidates with their reasons; the ids of records are cut."""
    printed = io.StringIO()
    with redirect_stdout(printed):
        _print_answer(answer)
    blocks = ID.sub("…", printed.getvalue()).split("\n\n")
    cut = ["…"] if len(answer.candidates) > SHOWN else []
    shown = "\n\n".join([*blocks[: SHOWN + 1], *cut, *blocks[-1:]] if cut else blocks)
    return "".join(f"    {line}".rstrip() + "\n" for line in shown.splitlines())


def _print_answer(answer: Answer) -> None:
    click.echo(f"{answer.verdict}: {answer.advice}")
    for candidate in answer.candidates:
        held, found = candidate.held, candidate.evidence
        what = f"{held.event} of {held.occurred_on}, record {held.record_id}"
        click.echo(f"\n{held.state}  {found.bits:+.1f} bits, {found.strength}  {what}")
        echo_table([(f"{one.bits:+5.1f}", one.code, one.text) for one in found.reasons], "  ")
    click.echo("\nSearched:")
    rows = [(one.state, one.records, f"records through {one.through}") for one in answer.searched]
    echo_table(rows, "  ")


def _drawn(example: Example, answer: Answer) -> str:
    is_near = answer.candidates[0].evidence.near.kind not in evidence.CERTAIN
    strong = evidence.STRONG_THOUGH_NEAR if is_near else evidence.STRONG
    return drawing.ladder(example.title, answer.candidates, (
        (evidence.POSSIBLE, f"possible from {evidence.POSSIBLE:.0f} bits"),
        (strong, f"strong from {strong:.0f} bits"),
    ))  # fmt: skip


def _picture(example: Example) -> str:
    return f"scores-{example.name}.svg"
