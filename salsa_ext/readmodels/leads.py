"""Leads over the guns that a state seized, or that others seized and it knows of.

They are found when they are read, from what the reader may see at that moment: a match that is
judged or a record that is no longer open counts at once, and nothing has to be kept, or forgotten.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from salsa_ext.errors import Invalid, NotFound, say
from salsa_ext.matching import joined as joining_guns
from salsa_ext.matching import leads
from salsa_ext.matching.joined import Known, Said
from salsa_ext.matching.leads import Lead
from salsa_ext.matching.marks import normalise
from salsa_ext.matching.names import fold
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import consignments, holders, joining, sharing
from salsa_ext.readmodels.consignments import Shipped
from salsa_ext.readmodels.pages import Page
from salsa_ext.readmodels.sharing import Sharing, group_of
from salsa_ext.values.actor import Actor

FILTERS: Final[Mapping[str, Callable[[Lead, Any], bool]]] = {
    "kind": lambda lead, kind: lead.kind == kind,
    "since": lambda lead, since: lead.days[1] >= since,
    "state": lambda lead, state: state in lead.states,
    "dealer": lambda lead, dealer: any(
        fold("name", dealer) in fold("name", name) for name in lead.dealers
    ),
}

SHOWN: Final = ("firearm", "event")
"""What a lead shows of each record; it names firms and persons in words."""


def list_leads(
    actor: Actor, filters: Mapping[str, Any], limit: int, cursor: str | None
) -> Page[Lead]:
    """Return a page of leads, the strongest first; other states' records count with a purpose alone."""
    require(actor, Permission.LEAD_READ)
    beyond = _rank(cursor) if cursor else None
    wanted = [(FILTERS[name], value) for name, value in filters.items() if value is not None]
    found = [
        lead for lead in find(actor)
        if all(fits(lead, value) for fits, value in wanted) and (not beyond or lead.rank > beyond)
    ]  # fmt: skip
    page = found[:limit]
    more = len(found) > limit
    return Page(page, f"{page[-1].score}:{page[-1].id}" if more else None)


def get_lead(actor: Actor, lead_id: UUID) -> Lead:
    """Return one lead; raises NotFound where nothing that the reader may see makes it."""
    require(actor, Permission.LEAD_READ)
    for lead in find(actor):
        if lead.id == lead_id:
            return lead
    raise NotFound("lead", lead_id)


def find(actor: Actor) -> list[Lead]:
    """Return all leads, the strongest first."""
    require(actor, Permission.LEAD_READ)
    found = joining.joined(actor)
    rows = list(found.rows.values())
    papers = consignments.papers(actor, rows)
    shared = sharing.of_rows(actor, rows)
    parties = holders.known(actor, _named(rows, papers.values(), shared))
    said = [_said(row, parties, papers.get(row.document_id), shared[row.id]) for row in rows]
    return leads.find(joining_guns.guns(said, found.edges.values(), found.rejected))


def _rank(cursor: str) -> tuple[float, UUID]:
    score, _, key = cursor.partition(":")
    try:
        return -float(score), UUID(key)
    except ValueError:
        raise Invalid(
            {"cursor": [say("This is not a cursor of this list; begin without one.")]}
        ) from None


def _named(
    rows: Sequence[Any], papers: Iterable[Shipped], shared: Mapping[UUID, Sharing]
) -> dict[UUID, list[Sharing]]:
    """Return the parties of records and of their papers, with what may be given of those."""
    named: dict[UUID, list[Sharing]] = defaultdict(list)
    for paper in papers:
        named[paper.consignee].append(paper.sharing)
    for row in rows:
        for side in {row.giver_id, row.receiver_id} - {None}:
            named[side].append(shared[row.id])
    return named


def _said(row: Any, parties: Mapping[UUID, Known], paper: Shipped | None, shared: Sharing) -> Said:
    make = row.make or (fold("make", row.make_text) if row.make_text else None)
    sides = parties.get(row.giver_id), parties.get(row.receiver_id)
    groups = dict.fromkeys((*SHOWN, *(group_of(side.kind) for side in sides if side and side.name)))
    return Said(
        id=row.id, state=row.owner_state, event=row.event, on=row.occurred_on,
        document=row.document_id, version=row.version, counterpart_state=row.counterpart_state,
        type=row.type, make=make or None, serial=normalise(row.serial) if row.serial else None,
        lot=normalise(row.lot) or None if row.lot else None, giver=sides[0], receiver=sides[1],
        paper=paper.as_paper(parties) if paper else None, given=tuple(shared.given(groups)),
        handling=shared.said.handling,
    )  # fmt: skip
