"""Idempotent requests: the first answer is stored encrypted for 30 days."""

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from cryptography.fernet import Fernet
from sqlalchemy import delete, select, text

from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import IdempotencyKeyReused, RequestInProgress, message
from salsa_ext.database.bulk import insert_many
from salsa_ext.database.models import IdempotencyKey
from salsa_ext.database.session import NO_STATE, db

RETENTION = timedelta(days=30)
_TRY_LOCK = text("SELECT pg_try_advisory_xact_lock(:number)")


@dataclass(frozen=True)
class RequestAttempt:
    """Request with an Idempotency-Key, perhaps repeated."""

    account_id: UUID | None
    method: str
    path: str
    key: str
    body: bytes

    @property
    def digest(self) -> bytes:
        """Return the key under which the answer is stored."""
        named = "\n".join((str(self.account_id), self.method, self.path, self.key))
        return hashlib.sha256(named.encode()).digest()

    @property
    def request_digest(self) -> bytes:
        """Return the SHA-256 of the body."""
        return hashlib.sha256(self.body).digest()

    def seal(self) -> Fernet:
        """Return a cipher derived from the caller's key and body (not stored)."""
        secret = hashlib.sha256(b"seal\n" + self.key.encode() + self.request_digest).digest()
        return Fernet(base64.urlsafe_b64encode(secret))


@dataclass(frozen=True)
class StoredAnswer:
    """First answer to a request."""

    status: int
    etag: str
    body: bytes


def find_answer(attempt: RequestAttempt) -> StoredAnswer | None:
    """Return the first answer, or None; raises RequestInProgress, IdempotencyKeyReused."""
    number = int.from_bytes(attempt.digest[:8], "big", signed=True)
    if not db.session.scalar(_TRY_LOCK, {"number": number}):
        raise RequestInProgress(
            message("The first request with this Idempotency-Key is not finished.")
        )
    row = db.session.scalars(
        select(IdempotencyKey).where(IdempotencyKey.digest == attempt.digest)
    ).first()
    if row is None:
        return None
    if row.request_digest != attempt.request_digest:
        raise IdempotencyKeyReused(
            message("This Idempotency-Key came with another body; use a new one.")
        )
    etag, _, body = attempt.seal().decrypt(row.sealed).partition(b"\n")
    return StoredAnswer(row.status, etag.decode(), body)


def store_answer(actor: Actor, attempt: RequestAttempt, answer: StoredAnswer) -> None:
    """Store an answer in the transaction of its effect."""
    insert_many(
        IdempotencyKey,
        [
            {
                "digest": attempt.digest,
                "owner_state": actor.state or NO_STATE,
                "request_digest": attempt.request_digest,
                "status": answer.status,
                "sealed": attempt.seal().encrypt(answer.etag.encode() + b"\n" + answer.body),
                "created_at": actor.now(),
            }
        ],
    )


def delete_expired(now: datetime) -> int:
    """Delete the own state's answers older than 30 days; returns the number."""
    old = delete(IdempotencyKey).where(IdempotencyKey.created_at < now - RETENTION)
    return len(db.session.execute(old.returning(IdempotencyKey.digest)).all())
