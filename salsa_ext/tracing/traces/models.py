"""Traces, and their legs: the asking state's view of each request."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CHAR,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    UniqueConstraint,
    text,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from salsa_ext.core.dates import first_day, rough_date, within_of
from salsa_ext.database.models import Owned
from salsa_ext.database.session import Base


class Trace(Owned, Base):
    """One request for the history of one gun; `firearm` is the description that was sent.

    `outcome`, `reached` (whom), `days_to_crime`, and the states `sold_in` and `exported_by` are those
    of its result now, as they are counted; None while unsent or withdrawn.
    `likeness` is how well the best candidate of all states agreed, in bits. `approval` is who approved
    it: `own`, a second person of the state, or `alone`, nobody, where the state has too few.
    `approval_requested_at` is set while the approval is pending. `approval_snapshot` is the draft as
    it was when approval was first requested, or given; `declined_snapshot` as it was when declined,
    until someone approves it. `etrace_data` is what was typed for eTrace, sealed; null erases it.
    """

    __tablename__ = "trace"
    __table_args__ = (
        Index(None, "owner_state", "id"),
        Index(None, "owner_state", "status"),
        Index(None, "owner_state", "seizure_id"),
        Index(None, "owner_state", "case_number"),
        CheckConstraint("approval IN ('own', 'alone')", name="approval"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-30)
    version: Mapped[int]
    status: Mapped[str]
    case_number: Mapped[str]
    seizure_id: Mapped[UUID | None]
    record_id: Mapped[UUID | None]
    firearm: Mapped[dict[str, Any]]
    found_first_day: Mapped[date] = mapped_column("found_on")
    found_within: Mapped[str | None]

    @hybrid_property
    def found_on(self) -> date:
        """Return the date of the find as it is known; in queries its first possible day."""
        return rough_date(self.found_first_day, self.found_within)

    @found_on.inplace.setter
    def _set_found_on(self, on: date) -> None:
        self.found_first_day, self.found_within = first_day(on), within_of(on)

    @found_on.inplace.expression
    @classmethod
    def _found_on(cls) -> ColumnElement[date]:
        return cls.found_first_day  # type: ignore[return-value]

    priority: Mapped[str]
    priority_reason: Mapped[str | None]
    legal_basis: Mapped[str]
    illicit_reason: Mapped[str]
    circumstances: Mapped[str]
    intended_use: Mapped[str]
    needed_by: Mapped[date | None]
    confidentiality_requested: Mapped[bool]
    requested_by: Mapped[UUID | None]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    coverage: Mapped[list[dict[str, Any]] | None] = mapped_column(sort_order=99)
    likeness: Mapped[dict[str, Any] | None] = mapped_column(sort_order=99)
    assignee_id: Mapped[UUID | None] = mapped_column(sort_order=99)
    approval: Mapped[str | None] = mapped_column(sort_order=99)
    approval_requested_at: Mapped[datetime | None] = mapped_column(sort_order=99)
    approved_at: Mapped[datetime | None] = mapped_column(sort_order=99)
    approved_by: Mapped[UUID | None] = mapped_column(sort_order=99)
    approval_snapshot: Mapped[dict[str, Any] | None] = mapped_column(sort_order=99)
    declined_snapshot: Mapped[dict[str, Any] | None] = mapped_column(sort_order=99)
    outcome: Mapped[str | None] = mapped_column(sort_order=99)
    reached: Mapped[str | None] = mapped_column(sort_order=99)
    days_to_crime: Mapped[int | None] = mapped_column(sort_order=99)
    sold_in: Mapped[str | None] = mapped_column(CHAR(3), sort_order=99)
    exported_by: Mapped[str | None] = mapped_column(CHAR(3), sort_order=99)
    etrace_data: Mapped[bytes | None] = mapped_column(sort_order=99)
    note: Mapped[str | None] = mapped_column(sort_order=99)
    external_ids: Mapped[list[dict[str, Any]]] = mapped_column(sort_order=99, server_default="[]")


class TraceLeg(Owned, Base):
    """The request to one state, its channel, and the answer.

    `is_automatic`: answered without a person; `failure_reason` is the state's reason for knowing no
    more. `request_envelope_id` is the last request, `question_envelope_id` the last question or
    refusal; `reference` its number in another channel. `is_form_pending`: a person has to send its
    form by that channel and did not report it sent. For another channel `asked_on` and
    `answered_on` are the days as an officer recorded them, or None; `answered_at` is when the
    officer did. `reply_class` is how a tracing center classed that answer. `attempts` are those by
    other channels (`attempts.Attempt`).
    """

    __tablename__ = "trace_leg"
    __table_args__ = (
        UniqueConstraint("trace_id", "state"),
        Index(None, "id"),
        Index(
            "ix_trace_leg_waiting",
            "owner_state",
            "state",
            "asked_at",
            postgresql_where=text(
                "status IN ('sent', 'acknowledged', 'clarification', 'deferred')"
            ),
        ),
    )
    trace_id: Mapped[UUID] = mapped_column(ForeignKey("trace.id"), primary_key=True, sort_order=-31)
    id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-30)
    state: Mapped[str] = mapped_column(CHAR(3))
    channel: Mapped[str]
    status: Mapped[str]
    reasons: Mapped[list[dict[str, Any]]]
    events: Mapped[list[dict[str, Any]]]
    records_through: Mapped[date | None]
    asked_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    is_automatic: Mapped[bool] = mapped_column(sort_order=99)
    reference: Mapped[str | None] = mapped_column(sort_order=99)
    request_envelope_id: Mapped[UUID | None] = mapped_column(sort_order=99)
    question_envelope_id: Mapped[UUID | None] = mapped_column(sort_order=99)
    failure_reason: Mapped[str | None] = mapped_column(sort_order=99)
    is_form_pending: Mapped[bool] = mapped_column(server_default=text("false"), sort_order=99)
    asked_on: Mapped[date | None] = mapped_column(sort_order=99)
    answered_on: Mapped[date | None] = mapped_column(sort_order=99)
    reply_class: Mapped[str | None] = mapped_column(sort_order=99)
    attempts: Mapped[list[dict[str, Any]]] = mapped_column(
        server_default=text("'[]'"), sort_order=99
    )
