"""Leads, read for a purpose where other states' records make them, and written down for their owners."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Final
from uuid import UUID

from salsa_ext.audit import Act, Action, append_many
from salsa_ext.matching.joined import Gun, Said
from salsa_ext.matching.leads import Lead
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import leads
from salsa_ext.readmodels.pages import Page
from salsa_ext.readmodels.sharing import group_of
from salsa_ext.services import disclosures
from salsa_ext.values.actor import Actor
from salsa_ext.values.codes import FIELD_GROUPS

IN_A_LIST: Final = 10  # guns of each lead; what is shown is written down one by one
ALONE: Final = 500


@dataclass(frozen=True)
class LeadView:
    """A lead, and so many of its guns as are shown: those that were seized last."""

    lead: Lead
    most: int

    @cached_property
    def guns(self) -> Sequence[Gun]:
        """Return the guns that are shown, the last seized first."""
        return sorted(self.lead.guns, key=_last, reverse=True)[: self.most]

    @property
    def records(self) -> Iterable[Said]:
        """Return the records that are shown, or that its words are taken from."""
        return (*self.lead.told, *(said for gun in self.guns for said in gun.records))

    @cached_property
    def words(self) -> set[str]:
        """Return the names and numbers that its words hold."""
        said = (word for reason in self.lead.reasons for word in reason.text.params.values())
        return {word for word in said if isinstance(word, str)}

    def groups_of(self, said: Said) -> set[str]:
        """Return the field groups of a record that it says something of."""
        paper, sides = said.paper, [said.giver, said.receiver]
        sides += [paper.consignee] if paper else []
        named = {group_of(side.kind) for side in sides if side and side.name in self.words}
        if paper and self.words & {paper.number, paper.permit_number}:
            named.add("document")
        return {*said.given} - {"firms", "persons"} | named


def _last(gun: Gun) -> tuple[date, UUID]:
    return gun.seized[-1].on, gun.seized[-1].id


def list_leads(
    *, actor: Actor, filters: Mapping[str, Any], limit: int, cursor: str | None
) -> Page[LeadView]:
    """Return a page of leads, the strongest first; raises Invalid for a purpose without its case."""
    require(actor, Permission.LEAD_READ)
    if actor.purpose:
        disclosures.require_purpose(actor)
    page = leads.list_leads(actor, filters, limit, cursor)
    views = [LeadView(lead, IN_A_LIST) for lead in page.items]
    _write_down(actor, views)
    return page.of(views)


def read_lead(*, actor: Actor, lead_id: UUID) -> LeadView:
    """Return one lead with its guns; raises NotFound, or Invalid for a purpose without its case."""
    require(actor, Permission.LEAD_READ)
    if actor.purpose:
        disclosures.require_purpose(actor)
    view = LeadView(leads.get_lead(actor, lead_id), ALONE)
    _write_down(actor, [view])
    return view


def _write_down(actor: Actor, views: Iterable[LeadView]) -> None:
    """Write down for its owner each record of another state that is shown, once an answer."""
    shown: dict[UUID, Said] = {}
    groups: dict[UUID, set[str]] = defaultdict(set)
    for view in views:
        for said in view.records:
            if said.state != actor.state:
                shown[said.id] = said
                groups[said.id] |= view.groups_of(said)
    append_many(actor, [
        Act(Action.RECORD_DISCLOSED, "record", said.id, said.state, [said.state],
            {"version": said.version, "handling": said.handling,
             "groups": sorted(groups[said.id], key=FIELD_GROUPS.index)})
        for said in shown.values()
    ])  # fmt: skip
