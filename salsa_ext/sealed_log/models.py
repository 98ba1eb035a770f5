"""Tables of the sealed log: new leaves, leaves, roots of subtrees, checkpoints."""

from uuid import UUID

from sqlalchemy import CHAR, BigInteger, Identity, Index, LargeBinary, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from salsa_ext.database.session import Base


class NewLeaf(Base):
    """Leaf of an audit entry, in the log of `state`; without a place until it is sealed."""

    __tablename__ = "log_new"
    __table_args__ = (Index(None, "state", "id"),)
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    state: Mapped[str] = mapped_column(CHAR(3))
    entry_id: Mapped[UUID]
    leaf: Mapped[bytes] = mapped_column(LargeBinary)


class SealedLeaf(Base):
    """Leaf at its place in the log of a state; append-only."""

    __tablename__ = "log_leaf"
    state: Mapped[str] = mapped_column(CHAR(3), primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    entry_id: Mapped[UUID] = mapped_column(index=True)
    leaf: Mapped[bytes] = mapped_column(LargeBinary)


class Subtree(Base):
    """Root of the whole subtree `number` of 256 to the power `level` leaves."""

    __tablename__ = "log_subtree"
    state: Mapped[str] = mapped_column(CHAR(3), primary_key=True)
    level: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class LogCheckpoint(Base):
    """Signed root of the first `size` leaves; `peaks` continue the tree."""

    __tablename__ = "log_checkpoint"
    state: Mapped[str] = mapped_column(CHAR(3), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    peaks: Mapped[bytes] = mapped_column(LargeBinary)
    note: Mapped[str]
