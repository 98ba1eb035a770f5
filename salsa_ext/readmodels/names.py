"""Codes for what people write, and names for codes in the caller's language."""

from __future__ import annotations

from datetime import date
from functools import cache, lru_cache
from itertools import starmap

from sqlalchemy import select

from salsa_ext.db import db
from salsa_ext.matching.cartridges import Calibres
from salsa_ext.matching.likeness import Candidate
from salsa_ext.matching.makes import Makes
from salsa_ext.matching.names import fold
from salsa_ext.matching.resolver import LIKELY, Known, Names
from salsa_ext.matching.types import SAYING_NOTHING, Kind
from salsa_ext.matching.types import akin as akin_types
from salsa_ext.models import Alias, Calibre, FirearmType, Label, Make, Post, State


@cache
def _names(kind: str) -> Names:
    """Return what reads names of a kind."""
    columns = (Alias.folded, Alias.code, Alias.sureness)
    known = starmap(Known, db.session.execute(select(*columns).where(Alias.kind == kind)))
    if kind == "make":
        makes = db.session.execute(select(Make.code, Make.kind, Make.parent)).all()
        importers = {code for code, made, _ in makes if made == "importer"}
        return Makes(known, importers, {code: parent for code, _, parent in makes if parent})
    return Calibres(known) if kind == "calibre" else Names(known)


@cache
def _remarks(kind: str) -> dict[str, str]:
    rows = db.session.execute(
        select(Alias.folded, Alias.code).where(Alias.kind == f"{kind} remark")
    )
    return dict(rows.all())


@cache
def _families() -> dict[str, str]:
    return dict(db.session.execute(select(Calibre.code, Calibre.family)).all())


@cache
def _types() -> dict[str, Kind]:
    columns = (FirearmType.code, FirearmType.category, FirearmType.iafq)
    return {code: Kind(*said) for code, *said in db.session.execute(select(*columns))}


@cache
def _states() -> frozenset[str]:
    return frozenset(db.session.scalars(select(State.code)))


@cache
def _alpha2s() -> dict[str, str | None]:
    return dict(db.session.execute(select(State.code, State.alpha2)).all())


def alpha2(state: str) -> str | None:
    """Return the code of two letters of a state (ISO 3166-1), None where it has none."""
    return _alpha2s().get(state)


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
def parties_to_cifta() -> frozenset[str]:
    """Return the codes of the states that are parties to the Convention, and did not sign it alone."""
    return frozenset(db.session.scalars(select(State.code).where(State.is_cifta_party)))


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


@cache
def _titles(kind: str) -> dict[str, str]:
    table: type[Make] | type[Calibre] = Make if kind == "make" else Calibre
    return dict(db.session.execute(select(table.code, table.name)).all())


def title(kind: str, code: str, language: str) -> str:
    """Return the name of a type in a language, that of a make or calibre as it is everywhere."""
    return label(kind, code, language) if kind == "type" else _titles(kind).get(code, code)


@lru_cache(maxsize=4_000)
def _resolved(kind: str, text: str) -> str | None:
    return _names(kind).resolve(text)


def resolve(kind: str, text: str | None) -> str | None:
    """Return the code of a make, calibre or type that a text certainly means, or None.

    Certain is what differs in its writing alone, and a bare number that means one calibre in
    nineteen of twenty guns that were counted. An importer is no make; see docs/names.md.
    """
    return _resolved(kind, text) if text else None


@lru_cache(maxsize=2_000)
def _candidates(kind: str, text: str) -> tuple[Candidate, ...]:
    return () if remark(kind, text) else tuple(_names(kind).candidates(text))


def candidates(kind: str, text: str, limit: int = 5) -> list[Candidate]:
    """Return the codes that a text may mean, the surest first, each with how it was found.

    `how` is `name`, `form`, `usual` (a bare number), `importer`, `part`, `several`, `cut`, `number`
    or `typo`. What is not certain (`resolve`) is never written into a record.
    """
    return list(_candidates(kind, text)[:limit])


def likely(kind: str, text: str | None) -> str | None:
    """Return the best candidate where it is good enough for weak evidence, or None."""
    found = candidates(kind, text, 1) if text else []
    good = found and found[0].sureness >= LIKELY and found[0].how not in ("importer", "several")
    return found[0].code if good else None


def remark(kind: str, text: str) -> str | None:
    """Return what a text says instead of a name: unmarked, unknown, craft, ammunition, several."""
    folded = fold(kind, text)
    return _remarks(kind).get(folded) if folded else "unknown"


def family(calibre: str | None) -> str | None:
    """Return the family of calibres that are taken for each other."""
    return _families().get(calibre) if calibre else None


@cache
def calibres(family: str | None) -> list[str] | None:
    """Return the calibres of a family and of those related to it, or None for no family."""
    wanted = {family, *related(family)}
    return [code for code, of in _families().items() if of in wanted] if family else None


@cache
def related(family: str | None) -> frozenset[str]:
    """Return the families of cartridges that are fired from the same guns as those of a family."""
    wanted = select(Calibre.related).where(Calibre.family == family, Calibre.related.is_not(None))
    return frozenset(_families()[str(code)] for code in db.session.scalars(wanted))


@cache
def kin(make: str | None) -> frozenset[str]:
    """Return the other makes of a make's house: its parent, its brands, and the brands beside it."""
    rows = db.session.execute(select(Make.code, Make.parent).where(Make.parent.is_not(None)))
    above = dict(rows.all())
    near = {make, above.get(make or "")} - {None}
    below = {code for code, parent in above.items() if parent in near}
    return frozenset(str(code) for code in (near | below) - {make})


def category(type_code: str | None) -> str | None:
    """Return the category that a type belongs to."""
    found = _types().get(type_code or "")
    return found.category if found else None


def types() -> list[str]:
    """Return the codes of all types."""
    return sorted(_types())


def telling(type_code: str | None) -> str | None:
    """Return a type where it tells what a gun is: `unknown` and `other` say nothing."""
    return None if type_code in SAYING_NOTHING else type_code


@cache
def akin(type_code: str | None) -> frozenset[str]:
    """Return the other types that a gun of a type is called too, as a carbine is a rifle."""
    return akin_types(type_code, _types()) if type_code in _types() else frozenset()


def forget() -> None:
    """Drop what is kept in memory; for the command that loads reference data anew."""
    tables = (_names, _remarks, _resolved, _candidates, _families, calibres, related, kin, _types, akin,
              _states, _alpha2s, ended_states, _named_states, _posts, participants,
              parties_to_cifta, labels, _titles)  # fmt: skip
    for kept in tables:
        kept.cache_clear()
