"""Tables of consents and of agencies restricted from traces."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ARRAY, CHAR, CheckConstraint, Date, Index, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from salsa_ext.database.session import Base


class Consent(Base):
    """One state's row of a consent.

    Origin and asking state have one row each, of the same id. `status` is `asked`, `granted`,
    `refused`, `revoked` or `notified`; a grant is valid through `expires_on`. `to_state` is the
    third state of an onward use. Agencies restricted from a trace in `about` do not see the
    consent, except `asking_agency`.
    """

    __tablename__ = "consent"
    __table_args__ = (
        Index(None, "owner_state", "record_id"),
        Index(None, "asking_state", "case_number"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    owner_state: Mapped[str] = mapped_column(CHAR(3), primary_key=True)
    version: Mapped[int]
    origin_state: Mapped[str] = mapped_column(CHAR(3))
    asking_state: Mapped[str] = mapped_column(CHAR(3))
    record_id: Mapped[UUID]
    use: Mapped[str]
    to_state: Mapped[str | None] = mapped_column(CHAR(3))
    case_number: Mapped[str]
    reason: Mapped[str]
    status: Mapped[str]
    answer: Mapped[str | None]
    expires_on: Mapped[date | None] = mapped_column(Date)
    asked_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    asking_agency: Mapped[str | None]
    about: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), server_default="{}")


class TraceRestriction(Base):
    """An agency that must not see a subject of the owner.

    For it the subject does not exist. The agency may be of another state, which receives the
    restriction with the request. `is_own` marks rows set by the asked state in addition to those of
    the asking state; an agency restricted by both has two rows, and one can end without the other.
    `named_by` is the state that named the agency; another state's list does not change its rows.
    """

    __tablename__ = "trace_restriction"
    __table_args__ = (CheckConstraint("subject_kind IN ('trace', 'request')", name="subject_kind"),)
    subject_id: Mapped[UUID] = mapped_column(primary_key=True)
    agency: Mapped[str] = mapped_column(primary_key=True)
    owner_state: Mapped[str] = mapped_column(CHAR(3), primary_key=True)
    subject_kind: Mapped[str]
    restricted_at: Mapped[datetime]
    is_own: Mapped[bool] = mapped_column(primary_key=True)
    named_by: Mapped[str] = mapped_column(CHAR(3), primary_key=True)
