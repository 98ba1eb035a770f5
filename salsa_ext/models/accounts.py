"""Accounts of persons, keys of programs and sessions, and officers' numbers."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CHAR, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from salsa_ext.db import Base


class Account(Base):
    """Somebody who signs in; the password stands as an argon2id hash.

    One of the role `display` is a screen on the wall of its `post`, and signs in by a link.
    """

    __tablename__ = "account"
    __table_args__ = (UniqueConstraint("username"),)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    owner_state: Mapped[str] = mapped_column(CHAR(3))
    agency: Mapped[str]
    role: Mapped[str]
    username: Mapped[str]
    password_hash: Mapped[str]
    is_active: Mapped[bool]
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(server_default="1")
    post: Mapped[str | None]


class ApiKey(Base):
    """A bearer key of 256 random bits, stored as its SHA-256; a session is a short one.

    One that `is_link` opens nothing: it is exchanged for a session of a display, once.
    """

    __tablename__ = "api_key"
    __table_args__ = (UniqueConstraint("digest"),)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    owner_state: Mapped[str] = mapped_column(CHAR(3), index=True)
    account_id: Mapped[UUID] = mapped_column(index=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    name: Mapped[str]
    scopes: Mapped[list[str]]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    is_link: Mapped[bool]


class Officer(Base):
    """An officer's number, resolved by the own state alone; the audit holds the id."""

    __tablename__ = "officer"
    __table_args__ = (UniqueConstraint("owner_state", "number"),)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    owner_state: Mapped[str] = mapped_column(CHAR(3))
    number: Mapped[str] = mapped_column(info={"pii": "direct"})
