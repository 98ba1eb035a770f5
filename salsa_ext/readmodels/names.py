"""Codes for what people write, and names for codes in the caller's language."""

from __future__ import annotations

from datetime import date
from functools import cache

from sqlalchemy import select

from salsa_ext.db import db
from salsa_ext.matching.names import fold
from salsa_ext.models import Alias, Calibre, FirearmType, Label, Post, State


@cache
def _aliases(kind: str) -> dict[str, str]:
    rows = db.session.execute(select(Alias.folded, Alias.code).where(Alias.kind == kind))
    return dict(rows.all())


@cache
def _families() -> dict[str, str]:
    return dict(db.session.execute(select(Calibre.code, Calibre.family)).all())


@cache
def _categories() -> dict[str, str]:
    rows = db.session.execute(select(FirearmType.code, FirearmType.category))
    return dict(rows.all())


@cache
def _states() -> frozenset[str]:
    return frozenset(db.session.scalars(select(State.code)))


@cache
def ended_states() -> dict[str, tuple[date, list[str]]]:
    """Return the last day of each state that is no more, and the codes of those that followed it."""
    columns = (State.code, State.valid_to, State.successors)
    rows = db.session.execute(select(*columns).where(State.valid_to.is_not(None)))
    return {code: (last, list(successors)) for code, last, successors in rows if last}


@cache
def _posts() -> dict[str, frozenset[str]]:
    rows = db.session.execute(select(Post.code, Post.state_a, Post.state_b))
    return {code: frozenset(sides) for code, *sides in rows}


@cache
def participants() -> tuple[str, ...]:
    """Return the codes of the participating states, in order."""
    wanted = select(State.code).where(State.is_participant).order_by(State.code)
    return tuple(db.session.scalars(wanted))


@cache
def _named_states() -> dict[str, str]:
    """Return the states by their folded names in all languages."""
    rows = db.session.execute(select(Label.text, Label.code).where(Label.kind == "state"))
    return {fold("state", text): code for text, code in rows}


def state_named(text: str) -> str | None:
    """Return the code of a state by its code or its name in any language, or None."""
    return text.upper() if is_state(text.upper()) else _named_states().get(fold("state", text))


def is_state(code: str) -> bool:
    """Tell whether a code is that of a state of today or of the past."""
    return code in _states()


def is_post(code: str) -> bool:
    """Tell whether a code is that of a border post."""
    return code in _posts()


def is_side(state: str, post: str) -> bool:
    """Tell whether a state is one of the two sides of a border post."""
    return state in _posts().get(post, ())


@cache
def labels(kind: str, language: str) -> dict[str, str]:
    """Return the names of all codes of a kind in one language."""
    wanted = (Label.kind == kind, Label.language == language)
    rows = db.session.execute(select(Label.code, Label.text).where(*wanted))
    return dict(rows.all())


def label(kind: str, code: str | None, language: str) -> str:
    """Return the name of one code, or the code where it has none."""
    return labels(kind, language).get(code or "", code or "")


def resolve(kind: str, text: str | None) -> str | None:
    """Return the code of a make, calibre or type as somebody wrote it, or None; never a guess."""
    return _aliases(kind).get(fold(kind, text)) if text else None


def family(calibre: str | None) -> str | None:
    """Return the family of calibres that are taken for each other."""
    return _families().get(calibre) if calibre else None


@cache
def calibres(family: str | None) -> list[str] | None:
    """Return the calibres of a family, or None for no family."""
    return [code for code, of in _families().items() if of == family] if family else None


def category(type_code: str | None) -> str | None:
    """Return the category that a type belongs to."""
    return _categories().get(type_code) if type_code else None


def types() -> list[str]:
    """Return the codes of all types."""
    return sorted(_categories())


def forget() -> None:
    """Drop what is kept in memory; for the command that loads reference data anew."""
    tables = (_aliases, _families, calibres, _categories, _states, ended_states, _named_states,
              _posts, participants, labels)  # fmt: skip
    for kept in tables:
        kept.cache_clear()
