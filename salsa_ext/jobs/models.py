"""Tables of the change log, and of the progress of jobs in it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CHAR, BigInteger, Identity
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from salsa_ext.database.session import Base


class ChangeNew(Base):
    """Change as a command writes it, with its audit entry; numbered soon.

    `states[0]` made the change; each of `states` gets a change of its own.
    """

    __tablename__ = "change_new"
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    states: Mapped[list[str]] = mapped_column(ARRAY(CHAR(3)))
    kind: Mapped[str]
    object: Mapped[str]
    action: Mapped[str]
    cause: Mapped[UUID]
    at: Mapped[datetime]


class NumberedChange(Base):
    """Change of one state in the order of commits; append-only."""

    __tablename__ = "change"
    state: Mapped[str] = mapped_column(CHAR(3), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    object: Mapped[str]
    action: Mapped[str]
    cause: Mapped[UUID]
    at: Mapped[datetime]


class ChangeHead(Base):
    """Number of a state's last change of a kind."""

    __tablename__ = "change_head"
    state: Mapped[str] = mapped_column(CHAR(3), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger)


class ChangeCounter(Base):
    """The last number given; its row lock lets one process number at a time."""

    __tablename__ = "change_counter"
    last: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)


class JobCursor(Base):
    """Progress of a job in a state; its row lock is the claim.

    `number` is the last change that a change job handled, `ran_at` when a due job last ran to its
    end.
    """

    __tablename__ = "job_cursor"
    job: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(CHAR(3), primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, server_default="0")
    ran_at: Mapped[datetime | None]


class JobTry(Base):
    """How often the next changes of a job were tried, counted outside their transaction.

    The batch began with the change `number` and ended with `last`. Changes up to `singly_until` are
    tried one at a time, and none before `retry_at`.
    """

    __tablename__ = "job_try"
    job: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(CHAR(3), primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger)
    last: Mapped[int] = mapped_column(BigInteger)
    tries: Mapped[int]
    singly_until: Mapped[int] = mapped_column(BigInteger, server_default="0")
    retry_at: Mapped[datetime | None]
    reason: Mapped[str | None]


class JobFailure(Base):
    """Change that a job could not handle, set aside so that others go on."""

    __tablename__ = "job_failure"
    job: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(CHAR(3), primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    reason: Mapped[str]
    at: Mapped[datetime]
