"""Keys by which states sign their papers: the public part for all, the private one sealed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CHAR, CheckConstraint, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from salsa_ext.db import Base


class SigningKey(Base):
    """The public part of an Ed25519 key; all may read it, its state alone adds and ends it.

    A retired key signs no more and still verifies. What a compromised one signed from
    `compromised_at` on is refused. A state has one key at most that is not retired.
    """

    __tablename__ = "signing_key"
    __table_args__ = (
        CheckConstraint("octet_length(public_key) = 32", name="public_key"),
        CheckConstraint("compromised_at IS NULL OR retired_at IS NOT NULL", name="compromised"),
        Index(
            "uq_signing_key_owner_state",
            "owner_state",
            unique=True,
            postgresql_where=text("retired_at IS NULL"),
        ),
    )
    kid: Mapped[str] = mapped_column(primary_key=True)
    owner_state: Mapped[str] = mapped_column(CHAR(3))
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    valid_from: Mapped[datetime]
    retired_at: Mapped[datetime | None]
    compromised_at: Mapped[datetime | None]


class SigningSecret(Base):
    """The private part, sealed with the installation's master key; a retired key has none."""

    __tablename__ = "signing_secret"
    kid: Mapped[str] = mapped_column(primary_key=True)
    owner_state: Mapped[str] = mapped_column(CHAR(3))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
