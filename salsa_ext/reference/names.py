"""Codes for typed text, and labels for codes; cached per process."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache, lru_cache
from itertools import starmap
from typing import Final, NamedTuple

from sqlalchemy import select

from salsa_ext.core.errors import Invalid, message
from salsa_ext.database.session import db
from salsa_ext.reference.models import Alias, Calibre, FirearmType, Label, Make, Post, State
from salsa_ext.reference.name_matching import LIKELY, NameCandidate, NameIndex, fold_name
from salsa_ext.reference.packaged import KnownAlias, MakeColumns, build_index, read_csv
from salsa_ext.reference.placeholders import read_placeholder


@cache
def _name_index(kind: str) -> NameIndex:
    columns = (Alias.kind, Alias.folded, Alias.code, Alias.confidence)
    of_kind = (Alias.kind == kind) | Alias.kind.startswith(f"{kind} ")
    known = starmap(KnownAlias, db.session.execute(select(*columns).where(of_kind)))
    makes = db.session.execute(select(Make.code, Make.kind, Make.parent))
    return build_index(kind, known, starmap(MakeColumns, makes))


@cache
def _placeholders(kind: str) -> dict[str, str]:
    rows = db.session.execute(
        select(Alias.folded, Alias.code).where(Alias.kind == f"{kind} remark")
    )
    return dict(rows.all())


@cache
def _calibre_families() -> dict[str, str]:
    return dict(db.session.execute(select(Calibre.code, Calibre.family)).all())


@cache
def _type_groups() -> dict[str, TypeGroup]:
    columns = (FirearmType.code, FirearmType.category, FirearmType.iafq, FirearmType.hs)
    rows = db.session.execute(select(*columns)).all()
    return {code: TypeGroup(category, group, hs) for code, category, group, hs in rows}


@cache
def _state_codes() -> frozenset[str]:
    return frozenset(db.session.scalars(select(State.code)))


@cache
def _alpha2_codes() -> dict[str, str | None]:
    return dict(db.session.execute(select(State.code, State.alpha2)).all())


def alpha2(state: str) -> str | None:
    """Return a state's ISO 3166-1 alpha-2 code, None if it has none."""
    return _alpha2_codes().get(state)


@cache
def former_states() -> dict[str, tuple[date, list[str]]]:
    """Return the last day and the successors of each former state."""
    columns = (State.code, State.valid_to, State.successors)
    rows = db.session.execute(select(*columns).where(State.valid_to.is_not(None)))
    return {code: (last, list(successors)) for code, last, successors in rows if last}


@cache
def _post_sides() -> dict[str, frozenset[str]]:
    rows = db.session.execute(select(Post.code, Post.state_a, Post.state_b))
    return {code: frozenset(filter(None, sides)) for code, *sides in rows}


@cache
def post_names() -> dict[str, str]:
    """Return the names of border posts by code."""
    return dict(db.session.execute(select(Post.code, Post.name)).all())


@cache
def participant_codes() -> tuple[str, ...]:
    """Return the codes of participating states, in order."""
    query = select(State.code).where(State.is_participant).order_by(State.code)
    return tuple(db.session.scalars(query))


@cache
def cifta_parties() -> frozenset[str]:
    """Return the codes of CIFTA parties, without mere signatories."""
    return frozenset(db.session.scalars(select(State.code).where(State.is_cifta_party)))


@cache
def _states_by_name() -> dict[str, str]:
    rows = db.session.execute(select(Label.text, Label.code).where(Label.kind == "state"))
    return {fold_name("state", text): code for text, code in rows}


def find_state(text: str) -> str | None:
    """Return a state's code from its code or name, in any language."""
    return (
        text.upper() if is_state(text.upper()) else _states_by_name().get(fold_name("state", text))
    )


def is_state(code: str) -> bool:
    """True for the code of a present or former state."""
    return code in _state_codes()


def is_post(code: str) -> bool:
    """True for the code of a border post."""
    return code in _post_sides()


def is_side(state: str, post: str) -> bool:
    """True if the state is a side of the border post."""
    return state in _post_sides().get(post, ())


@cache
def labels(kind: str, language: str) -> dict[str, str]:
    """Return the names of all codes of a kind in one language."""
    condition = (Label.kind == kind, Label.language == language)
    rows = db.session.execute(select(Label.code, Label.text).where(*condition))
    return dict(rows.all())


@cache
def codes_by_label_kind() -> dict[str, set[str]]:
    """Return the codes that each kind of labels names."""
    codes: dict[str, set[str]] = {}
    for kind, code in db.session.execute(select(Label.kind, Label.code).distinct()):
        codes.setdefault(kind, set()).add(code)
    return codes


def label(kind: str, code: str | None, language: str) -> str:
    """Return a code's name, or the code itself."""
    return labels(kind, language).get(code or "", code or "")


@cache
def _display_names(kind: str) -> dict[str, str]:
    table: type[Make] | type[Calibre] = Make if kind == "make" else Calibre
    return dict(db.session.execute(select(table.code, table.name)).all())


def display_name(kind: str, code: str, language: str) -> str:
    """Return a type's label, or the name of a make or calibre."""
    return label(kind, code, language) if kind == "type" else _display_names(kind).get(code, code)


@lru_cache(maxsize=4_000)
def _resolve_cached(kind: str, text: str, type_code: str | None) -> str | None:
    return None if find_placeholder(kind, text) else _name_index(kind).resolve(text, type_code)


def resolve(kind: str, text: str | None, type_code: str | None = None) -> str | None:
    """Return the certain code of a make, calibre or type, or None.

    `type_code` is that of the gun. Certain means a different spelling only, or a bare number that
    means one calibre in 19 of 20 counted guns. An importer is no make; see docs/names.md.
    """
    return _resolve_cached(kind, text, type_code) if text else None


@lru_cache(maxsize=2_000)
def _candidates_cached(kind: str, text: str) -> tuple[NameCandidate, ...]:
    return () if find_placeholder(kind, text) else tuple(_name_index(kind).candidates(text))


def find_candidates(kind: str, text: str, limit: int = 5) -> list[NameCandidate]:
    """Return possible codes for a text, best first, with kind of match.

    `how` is `name`, `form`, `usual` (a bare number), `importer`, `part`, `several`, `cut`, `number`
    or `typo`. Only certain codes (`resolve`) are written into records.
    """
    return list(_candidates_cached(kind, text)[:limit])


def possible_families(text: str | None, type_code: str | None = None) -> frozenset[str]:
    """Return the calibre families that an uncertain text can mean; none if it may be any."""
    index = _name_index("calibre")
    if not text or find_placeholder("calibre", text) or resolve("calibre", text, type_code):
        return frozenset()
    families = {_calibre_families()[each.code] for each in index.read(text, type_code)}
    return frozenset(families.union(*map(related_families, families)))


def find_likely(kind: str, text: str | None) -> str | None:
    """Return the best candidate if good enough for weak evidence, or None."""
    candidates = find_candidates(kind, text, 1) if text else []
    good = (
        candidates
        and candidates[0].confidence >= LIKELY
        and candidates[0].how not in ("importer", "several")
    )
    return candidates[0].code if good else None


def find_placeholder(kind: str, text: str) -> str | None:
    """Return the meaning of a text that is no name. One of unmarked, unknown, craft, ammunition, several."""
    folded = fold_name(kind, text)
    if not folded or kind not in PLACEHOLDER_NOUNS:
        return _placeholders(kind).get(folded) if folded else "unknown"
    if known := _placeholders(kind).get(folded):
        return known
    is_name = _name_index(kind).named(text)
    return None if is_name else read_placeholder(text, PLACEHOLDER_NOUNS[kind])


@cache
def usual_calibres() -> tuple[str, ...]:
    """Return the calibres that bare numbers usually mean, the likeliest of each first."""
    rows = (row["code"] for row in read_csv("usual") if row["kind"] == "calibre")
    return tuple(dict.fromkeys(rows))


def calibre_family(calibre: str | None) -> str | None:
    """Return the family of interchangeable calibres."""
    return _calibre_families().get(calibre) if calibre else None


@cache
def family_calibres(family: str | None) -> list[str] | None:
    """Return calibres of a family and its related ones; None without family."""
    families = {family, *related_families(family)}
    return (
        [code for code, code_family in _calibre_families().items() if code_family in families]
        if family
        else None
    )


@cache
def related_families(family: str | None) -> frozenset[str]:
    """Return the calibre families fired from the same guns."""
    query = select(Calibre.related).where(Calibre.family == family, Calibre.related.is_not(None))
    return frozenset(_calibre_families()[str(code)] for code in db.session.scalars(query))


@cache
def make_country(make: str | None) -> str | None:
    """Return the country of a make, or None."""
    return db.session.scalar(select(Make.country).where(Make.code == make))


@cache
def related_makes(make: str | None) -> frozenset[str]:
    """Return the parent, brands and sister brands of a make."""
    rows = db.session.execute(select(Make.code, Make.parent).where(Make.parent.is_not(None)))
    above = dict(rows.all())
    near = {make, above.get(make or "")} - {None}
    below = {code for code, parent in above.items() if parent in near}
    return frozenset(str(code) for code in (near | below) - {make})


def type_category(type_code: str | None) -> str | None:
    """Return the category of a type."""
    group = _type_groups().get(type_code or "")
    return group.category if group else None


def type_codes() -> list[str]:
    """Return the codes of all types."""
    return sorted(_type_groups())


def questionnaire_class(type_code: str | None) -> str:
    """Return a type's class in the Illicit Arms Flows Questionnaire."""
    return _type_groups()[type_code].group if type_code in _type_groups() else "unknown"


def tariff_heading(type_code: str | None) -> str:
    """Return a type's heading in the Harmonized System."""
    group = _type_groups().get(type_code or "")
    return (group and group.heading) or "unknown"


def specific_type(type_code: str | None) -> str | None:
    """Return the type, or None for `unknown` and `other`."""
    return None if type_code in UNSPECIFIC_TYPES else type_code


@cache
def similar_types(type_code: str | None) -> frozenset[str]:
    """Return other types used for the same gun, as carbine and rifle."""
    return (
        find_similar_types(type_code, _type_groups())
        if type_code in _type_groups()
        else frozenset()
    )


def clear_cache() -> None:
    """Clear the caches after loading reference data."""
    for function in list(globals().values()):
        if hasattr(function, "cache_clear"):
            function.cache_clear()


def participants() -> list[str]:
    """Return the codes of participating states, in order."""
    return list(participant_codes())


def require_participant(code: str | None) -> None:
    """Raise Invalid for a non-participating state; None (secretariat) is accepted."""
    known = participants()
    if code is not None and code not in known:
        problem = message(
            "{state} is not a participating state. These are: {states}.",
            state=code,
            states=", ".join(known),
        )
        raise Invalid({"state": [problem]})


PLACEHOLDER_NOUNS: Final = {
    "make": frozenset(
        "marca marcas make brand fabricante fabricant marque maker nombre nome nom".split()
    ),
    "model": frozenset("modelo modelos model modele".split()),
    "calibre": frozenset("calibre calibres caliber cal calibe".split()),
}
"""What words such as `sin marca` say that there is none of, by kind."""
UNSPECIFIC_TYPES: Final = frozenset(("unknown", "other", "other_firearm"))
MIXED_GROUPS: Final = frozenset(("other", "unknown"))
"""Catch-all groups of the firearms questionnaire; membership implies no similarity."""
NUMBERED_PARTS: Final = frozenset(("barrel", "receiver", "slide"))
"""Parts marked with the number of their gun."""
PRODUCTION_TYPES: Final = frozenset(("homemade",))
"""Types that describe production, not the kind of gun."""
AUTOMATIC_TYPES: Final = frozenset(("machine_gun", "submachine_gun"))


class TypeGroup(NamedTuple):
    """Category of a type, its illicit arms flows questionnaire group, and its tariff heading."""

    category: str
    group: str
    heading: str | None


def find_similar_types(code: str, known: Mapping[str, TypeGroup]) -> frozenset[str]:
    """Return the types that can name the same gun."""
    return frozenset(other for other in known if other != code and _are_similar(code, other, known))


def _are_similar(first: str, other: str, known: Mapping[str, TypeGroup]) -> bool:
    pair = {first, other}
    if pair & (NUMBERED_PARTS | PRODUCTION_TYPES):
        return all(code in NUMBERED_PARTS or known[code].category == "firearm" for code in pair)
    groups = {known[code].group for code in pair}
    return pair <= AUTOMATIC_TYPES or (len(groups) == 1 and not groups & MIXED_GROUPS)
