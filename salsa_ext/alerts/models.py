"""Tables of alerts on wanted guns, and of hits on alerts."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CHAR, CheckConstraint, Date, Double, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from salsa_ext.alerts.values import SILENT_ACTION
from salsa_ext.database.models import Owned
from salsa_ext.database.session import Base


class Alert(Owned, Base):
    """An alert: what to do if a wanted gun is found.

    The gun is described by the alert's own record, `record_id`; `source_record_id` is the record of the
    same state that it was entered from. `visible_to` are the states that may see it, None for all;
    `concerned` follows from it and from an action that is not shown. `second_check` is `waiting`
    until a second person has compared the alert with its source. The alert must be validated again
    by `validate_on`.
    """

    __tablename__ = "alert"
    __table_args__ = (
        CheckConstraint(
            "action IN ('seize', 'hold_and_call', 'inform_only', 'let_pass_and_inform')",
            name="action",
        ),
        CheckConstraint("priority IN ('urgent', 'routine')", name="priority"),
        CheckConstraint("status IN ('active', 'expired', 'cancelled')", name="status"),
        CheckConstraint("second_check IN ('not_needed', 'waiting', 'done')", name="second_check"),
        Index(None, "owner_state", "case_number"),
        Index(None, "owner_state", "id"),
        Index(None, "record_id"),
        Index(
            "ix_alert_source_record_id",
            "source_record_id",
            postgresql_where=text("source_record_id IS NOT NULL"),
        ),
        Index(
            "ix_alert_expiring",
            "owner_state",
            "expires_on",
            postgresql_where=text("status = 'active'"),
        ),
        Index(
            "ix_alert_unchecked",
            "owner_state",
            "id",
            postgresql_where=text("second_check = 'waiting'"),
        ),
        Index(
            "ix_alert_validating",
            "owner_state",
            "validate_on",
            postgresql_where=text("status = 'active'"),
        ),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-30)
    version: Mapped[int]
    record_id: Mapped[UUID]
    source_record_id: Mapped[UUID | None]
    action: Mapped[str]
    priority: Mapped[str]
    reason: Mapped[str]
    reason_text: Mapped[str | None]
    case_number: Mapped[str]
    visible_to: Mapped[list[str] | None] = mapped_column(ARRAY(CHAR(3)))
    expires_on: Mapped[date] = mapped_column(Date)
    status: Mapped[str]
    second_check: Mapped[str]
    entered_by: Mapped[UUID | None]
    entered_at: Mapped[datetime]
    verified_by: Mapped[UUID | None]
    verified_at: Mapped[datetime | None]
    validate_on: Mapped[date] = mapped_column(Date)
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None]


class Hit(Base):
    """A hit on an alert, as stored by one state.

    One row belongs to the alert's state, a second row with the same id to the state whose check or
    record matched. `cause_id` is that check or record, None if its state does not show it;
    `cause_key` is its pseudonym and is never shown. `serial_read` is the serial that matched, shown
    together with the cause. `cause_version` is the version of the record last compared:
    `cause_status` is `corrected` if it still matches the alert, `corrected_away` if not. `agency`
    is where it matched. `found_at` is the time of the check or record; the alert's state must answer
    by `due_at`.
    """

    __tablename__ = "hit"
    __table_args__ = (
        UniqueConstraint("owner_state", "alert_id", "cause_key"),
        CheckConstraint(
            "status IN ('open', 'confirmed', 'denied', 'extended', 'expired', 'ended')",
            name="status",
        ),
        CheckConstraint(
            "cause_status IN ('standing', 'corrected', 'corrected_away', 'withdrawn')",
            name="cause_status",
        ),
        CheckConstraint("strength IN ('strong', 'moderate')", name="strength"),
        Index(None, "owner_state", "id"),
        Index(None, "alert_id"),
        Index(None, "cause_id"),
        Index(None, "cause_key"),
        Index(None, "owner_state", "created_at"),
        Index(
            "ix_hit_waiting",
            "owner_state",
            "due_at",
            postgresql_where=text("status IN ('open', 'extended')"),
        ),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    owner_state: Mapped[str] = mapped_column(CHAR(3), primary_key=True)
    version: Mapped[int]
    alert_id: Mapped[UUID]
    alert_state: Mapped[str] = mapped_column(CHAR(3))
    finding_state: Mapped[str] = mapped_column(CHAR(3))
    agency: Mapped[str | None]
    action: Mapped[str]
    priority: Mapped[str]
    cause_kind: Mapped[str]
    cause_id: Mapped[UUID | None]
    cause_key: Mapped[UUID]
    strength: Mapped[str]
    score: Mapped[float] = mapped_column(Double)
    status: Mapped[str]
    found_at: Mapped[datetime]
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    reminded_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[UUID | None]
    note: Mapped[str | None]
    changed_at: Mapped[datetime]
    serial_read: Mapped[str | None] = mapped_column(info={"pii": "link"})
    cause_version: Mapped[int] = mapped_column(server_default=text("1"))
    cause_status: Mapped[str] = mapped_column(server_default=text("'standing'"))
    cause_changed_at: Mapped[datetime | None]

    @hybrid_property
    def is_silent(self) -> bool:
        """Return whether only the alert's state may know of the hit."""
        return self.action == SILENT_ACTION

    @property
    def has_finder_row(self) -> bool:
        """Return whether another state found the gun; it has a row unless the alert is hidden."""
        return self.finding_state != self.alert_state
