"""A report with what its reader asks first: what its gun matches, and which alerts were entered from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from salsa_ext.policy.permissions import Permission
from salsa_ext.readmodels import alerts, matches
from salsa_ext.readmodels.alerts import AlertView
from salsa_ext.readmodels.documents import DocumentView
from salsa_ext.readmodels.matches import MatchView
from salsa_ext.values.actor import Actor


@dataclass(frozen=True)
class ReportView:
    """A report, its matches, and the alerts of its state; each is None to who may not read it."""

    view: DocumentView
    matches: Sequence[MatchView] | None
    alerts: Sequence[AlertView] | None

    @property
    def version(self) -> int:
        """Return the version that actions refer to."""
        return self.view.version


def whole(actor: Actor, view: DocumentView) -> ReportView:
    """Return a report that was read, with its matches and alerts as they stand now."""
    records = [item.record.id for item in view.items]
    may_match = Permission.MATCH_READ in actor.permissions
    found = matches.of_records(actor, records) if may_match else {}
    entered = alerts.of_records(actor, records)
    return ReportView(
        view,
        [one for record in records for one in found.get(record, ())] if may_match else None,
        entered if Permission.ALERT_READ in actor.permissions else None,
    )
