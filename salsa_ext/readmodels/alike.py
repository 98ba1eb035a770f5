"""Candidates for many records at once: those that share no mark cost next to nothing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from salsa_ext.errors import Invalid
from salsa_ext.matching import neighbours, sightings
from salsa_ext.matching.nearness import compare
from salsa_ext.matching.pairs import READ_AFIELD
from salsa_ext.readmodels import alerted, serials
from salsa_ext.readmodels.crowds import Candidate
from salsa_ext.readmodels.marks import Held, Sought, holding_each
from salsa_ext.readmodels.search import asked_of, by_other_mark, search, searched_by, weighed
from salsa_ext.readmodels.together import EACH, Near, bearing, led_to
from salsa_ext.values.actor import Actor
from salsa_ext.values.inquiries import Query

FEW: Final = 5
"""Guns that were read in the field, of which each is searched by itself at once."""
MOST: Final = 20_000
"""Marks that are read at once; where there are more, the guns are asked for in halves."""


@dataclass(frozen=True)
class Gun:
    """A record's gun that is to be compared with all others.

    `own` are the records of its document. `is_afield` where its mark was read in the field, or is
    of a gun that is missed.
    """

    record_id: UUID
    query: Query
    own: Collection[UUID]
    is_afield: bool


def of_many(
    guns: Sequence[Gun], actor: Actor, *, silent: bool | None
) -> dict[UUID, Sequence[Candidate]]:
    """Return for each gun the candidates of all states, best first; what stands is compared alone.

    Of the licit trade the same marks are compared, and what was read in the field and is near:
    then the gun is searched as any other, and so is each that was itself read in the field. The
    caller heeds what others keep silent, or asks without it (False), as in `search`.
    """
    asked = [(gun, sought) for gun in guns if (sought := _searched_by(gun.query))]
    same, crowded = _same(asked, actor, silent)
    asked_near = [one for one in asked if one[0].record_id not in crowded]
    afield = [one for one in asked_near if one[0].is_afield]
    near = crowded | _near([one for one in asked_near if not one[0].is_afield], actor, silent)
    few = len(afield) <= FEW
    near |= {gun.record_id for gun, _ in afield} if few else _near(afield, actor, silent)
    shown = _shown(actor, same, silent)
    found: dict[UUID, Sequence[Candidate]] = {}
    for gun, sought in asked:
        held = same.get(gun.record_id, ())
        if gun.record_id in near or (gun.is_afield and held):
            found[gun.record_id] = _search(gun, actor, silent)
        elif held:
            found[gun.record_id] = weighed(gun.query, actor, sought, shown[gun.record_id])
    return found


def every_of(
    guns: Sequence[Gun], actor: Actor, *, silent: bool | None
) -> dict[UUID, Sequence[Candidate]]:
    """Return for each gun all candidates, as `search` does of one where nothing settles it, best first.

    They are looked for by one question for all of the guns. Nothing for a gun that cannot be searched.
    """
    asked = [(gun, sought) for gun in guns if (sought := _searched_by(gun.query))]
    sides = [([*sought], asked_of(gun.query)) for gun, sought in asked]
    held = {
        gun.record_id: [one for one in found if one.record_id not in gun.own and not one.is_superseded]
        for (gun, _), found in zip(asked, holding_each(sides, actor.state, silent=silent), strict=True)
    }  # fmt: skip
    shown = _shown(actor, held, silent)
    legible = serials.legible(actor, (
        one for gun, sought in asked for one in by_other_mark(shown[gun.record_id], sought)
    ))  # fmt: skip
    return {
        gun.record_id: weighed(gun.query, actor, sought, shown[gun.record_id], legible)
        for gun, sought in asked
    }


def _shown(
    actor: Actor, same: Mapping[UUID, Sequence[Held]], silent: bool | None
) -> dict[UUID, list[Held]]:
    """Return what each gun meets, as `search` shows alerts; the database is asked once for all."""
    every = [(gun, one) for gun, held in same.items() for one in held]
    found: dict[UUID, list[Held]] = {gun: [] for gun in same}
    shown = alerted.as_shown(actor, (one for _, one in every))
    for (gun, _), one in zip(every, shown, strict=True):
        if silent is not False or not alerted.is_unseen(one):
            found[gun].append(one)
    return found


Asked = tuple[Gun, Mapping[Sought, str]]


def _searched_by(query: Query) -> Mapping[Sought, str]:
    try:
        return searched_by(query)
    except Invalid:  # a gun that cannot be searched is still worth recording
        return {}


def _search(gun: Gun, actor: Actor, silent: bool | None) -> list[Candidate]:
    """Search for one gun; its own record stands there by now, and would settle the search."""
    return search(gun.query, actor, settles=False, silent=silent, stands=True, own=gun.own)


def _same(
    asked: Sequence[Asked], actor: Actor, silent: bool | None
) -> tuple[dict[UUID, list[Held]], set[UUID]]:
    """Return what bears the same marks as each gun, but for its own; and the guns of which it is a crowd.

    Of a crowd not all are read: those guns are to be searched by themselves, which ranks before it cuts.
    """
    guns: dict[int, list[Gun]] = defaultdict(list)
    for gun, sought in asked:
        for one in sought:
            if one.is_whole:
                guns[one.value].append(gun)
    rows = bearing(guns, actor.state, silent=silent, most=MOST)
    if len(rows) == MOST and len(asked) > 1:
        (first, its), (last, others) = (_same(half, actor, silent) for half in _halves(asked))
        return first | last, its | others
    found: dict[UUID, list[Held]] = defaultdict(list)
    for key, held in rows:
        for gun in guns[key]:
            if held.record_id not in gun.own:
                found[gun.record_id].append(held)
    held_by = Counter(key for key, _ in rows)
    is_cut = len(rows) == MOST
    crowds = [key for key in guns if held_by[key] >= EACH or is_cut]
    return found, {gun.record_id for key in crowds for gun in guns[key]}


def _halves(asked: Sequence[Asked]) -> tuple[Sequence[Asked], Sequence[Asked]]:
    middle = len(asked) // 2
    return asked[:middle], asked[middle:]


def _near(asked: Sequence[Asked], actor: Actor, silent: bool | None) -> set[UUID]:
    """Return which guns are near a mark that matters to them: of trade, one that was read in the field."""
    forms = [
        (gun, one.norm, _forms(one, is_afield=gun.is_afield))
        for gun, sought in asked for one in sought if one.is_near
    ]  # fmt: skip
    if not forms:
        return set()
    events = None if asked[0][0].is_afield else READ_AFIELD
    every = set().union(*(each for _, _, each in forms))
    rows = led_to(every, actor.state, events=events, silent=silent, most=MOST)
    if rows is None:
        if len(asked) == 1:
            return {asked[0][0].record_id}
        return set().union(*(_near(half, actor, silent) for half in _halves(asked)))
    by_form: dict[int, list[Near]] = defaultdict(list)
    for row in rows:
        by_form[row.form].append(row)
    return {gun.record_id for gun, norm, each in forms if _meets(gun, norm, each, by_form)}


def _meets(gun: Gun, norm: str, forms: Set[int], by_form: Mapping[int, Sequence[Near]]) -> bool:
    return any(
        row.record_id not in gun.own and compare(norm, row.serial_norm)
        for form in by_form.keys() & forms for row in by_form[form]
    )  # fmt: skip


def _forms(sought: Sought, *, is_afield: bool) -> Set[int]:
    if sought.is_whole and not is_afield:
        return sightings.sought(sought.norm)
    forms = neighbours.sought(sought.norm)
    return forms.one | forms.two | {*forms.part}
