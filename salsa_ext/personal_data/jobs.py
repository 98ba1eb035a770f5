"""Background work: private persons are erased when their time is over."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from salsa_ext.core.actor import Actor
from salsa_ext.core.fields import members
from salsa_ext.firearms.records.parties import Party
from salsa_ext.jobs.runner import DueJob
from salsa_ext.personal_data.erasure import erase, find_outdated

YEARS: Final = max(member.field.retain or 0 for member in members(Party))


def erase_outdated_persons(actor: Actor) -> int:
    """Erase private persons after the declared years, but for those that are kept; return how many."""
    oldest = actor.now() - timedelta(days=YEARS * 365.25)
    before = UUID(int=int(oldest.timestamp() * 1000) << 80)
    findings = [each for each in find_outdated(actor, before) if each.obstacle is None]
    if findings:
        erase(actor, findings, cause="retention")
    return len(findings)


JOBS: Final = (DueJob("retention", timedelta(days=1), erase_outdated_persons, repeats=False),)
