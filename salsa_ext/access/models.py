"""Tables of accounts, keys, officers, audit entries and signing keys."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CHAR, BigInteger, CheckConstraint, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from salsa_ext.database.models import Owned
from salsa_ext.database.session import Base


class Account(Base):
    """Account of a person, with an argon2id password hash.

    `opened_by` is set until a second person confirms the account; its first password then has two
    parts, the second by `second_hash`. `password_given_at`: another person set it then. `recovery_by`
    began a recovery, whose password's first part has `recovery_hash`. `subject` is its person in the
    directory of the state.
    """

    __tablename__ = "account"
    __table_args__ = (UniqueConstraint("username"), UniqueConstraint("subject"))
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
    password_given_at: Mapped[datetime | None]
    second_hash: Mapped[str | None]
    opened_by: Mapped[UUID | None]
    recovery_by: Mapped[UUID | None]
    recovery_hash: Mapped[str | None]
    language: Mapped[str | None]
    time_zone: Mapped[str | None]
    muted_kinds: Mapped[list[str]] = mapped_column(server_default="{}")
    subject: Mapped[str | None]


class SecondFactor(Base):
    """Sealed secret of an account's codes; `last_step` is the last that was used."""

    __tablename__ = "second_factor"
    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    owner_state: Mapped[str] = mapped_column(CHAR(3))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    last_step: Mapped[int] = mapped_column(BigInteger)


class Passkey(Base):
    """Public key of a device of an account (WebAuthn), with the counter of its signatures."""

    __tablename__ = "passkey"
    __table_args__ = (UniqueConstraint("credential_id"),)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    owner_state: Mapped[str] = mapped_column(CHAR(3))
    account_id: Mapped[UUID] = mapped_column(index=True)
    credential_id: Mapped[bytes] = mapped_column(LargeBinary)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str]
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class UsedChallenge(Base):
    """Challenge that a passkey answered already; forgotten once it would be too old."""

    __tablename__ = "used_challenge"
    challenge: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    until: Mapped[datetime]


class ApiKey(Base):
    """Bearer key of 256 random bits, stored as SHA-256; sessions expire soon.

    `kind`: key of a program, session of a browser or of a wall display, link that opens one.
    `networks` are the ranges of addresses of its use (CIDR); none means any. `ends_at`: a newer one
    replaces it then.
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
    kind: Mapped[str]
    used_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    networks: Mapped[list[str]]
    address: Mapped[str | None]
    browser: Mapped[str | None]


class SignInAttempt(Base):
    """Attempts to sign in by digest of an address, with or without a user name (`attempts`)."""

    __tablename__ = "sign_in_attempt"
    key: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    count: Mapped[int]
    at: Mapped[datetime] = mapped_column(index=True)
    until: Mapped[datetime]


class Officer(Base):
    """Officer's number, known only to its state; the audit holds the id."""

    __tablename__ = "officer"
    __table_args__ = (UniqueConstraint("owner_state", "number"),)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    owner_state: Mapped[str] = mapped_column(CHAR(3))
    number: Mapped[str] = mapped_column(info={"pii": "direct"})


class AuditEntry(Owned, Base):
    """Audited event; `leaf_hash` seals it with the erasable `salt`.

    `owner_state` is the acting state, `concerned` adds the owners of touched records. `agency` is
    the acting agency; it always sees its own events; None for the service.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index(None, "subject_id"),
        Index(None, "account_id", "id"),
        Index("ix_audit_entry_at", "at", postgresql_using="brin"),
        Index("ix_audit_entry_concerned", "concerned", postgresql_using="gin"),
        Index(
            "ix_audit_entry_lookups",
            "owner_state",
            "at",
            postgresql_where=text(
                "action IN ('check:made', 'trace:sent', 'record:disclosed', 'lookup:refused')"
            ),
        ),
        Index(
            "ix_audit_entry_batch",
            text("(data -> 'ids')"),
            postgresql_using="gin",
            postgresql_where=text("subject_kind = 'batch'"),
        ),
        Index(
            "ix_audit_entry_batches", "owner_state", postgresql_where=text("subject_kind = 'batch'")
        ),
        Index(
            "ix_audit_entry_reported",
            "owner_state",
            postgresql_where=text("action = 'trace:reported'"),
        ),
        Index(
            "ix_audit_entry_shown",
            text("(data -> 'records')"),
            postgresql_using="gin",
            postgresql_where=text(
                "action IN ('record:matched', 'record:shown') AND data ? 'groups'"
            ),
        ),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-30)
    at: Mapped[datetime]
    action: Mapped[str]
    subject_kind: Mapped[str]
    subject_id: Mapped[str]
    subject_state: Mapped[str | None] = mapped_column(CHAR(3))
    account_id: Mapped[UUID | None]
    key_id: Mapped[UUID | None]
    officer_id: Mapped[UUID | None]
    role: Mapped[str]
    purpose: Mapped[str | None]
    case_number: Mapped[str | None]
    request_id: Mapped[str | None]
    data: Mapped[dict[str, Any]]
    salt: Mapped[bytes | None] = mapped_column(LargeBinary)
    leaf_hash: Mapped[bytes] = mapped_column(LargeBinary)
    agency: Mapped[str | None] = mapped_column(sort_order=99)


class SigningKey(Base):
    """Public Ed25519 key, readable by all, managed only by its state.

    A retired key signs nothing new and still verifies. Signatures of a compromised key from
    `compromised_at` on are refused. A state has at most one key that is not retired.
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
    """Private key, encrypted with the installation's master key; deleted on retirement."""

    __tablename__ = "signing_secret"
    kid: Mapped[str] = mapped_column(primary_key=True)
    owner_state: Mapped[str] = mapped_column(CHAR(3))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
