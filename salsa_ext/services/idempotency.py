"""One effect for a repeated request: its first answer is kept, sealed, for 30 days."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from cryptography.fernet import Fernet
from sqlalchemy import delete, select, text

from salsa_ext.db import NO_STATE, db, insert_many
from salsa_ext.errors import InFlight, KeyReused, say
from salsa_ext.models import IdempotencyKey
from salsa_ext.values.actor import Actor

KEPT = timedelta(days=30)
_LOCK = text("SELECT pg_try_advisory_xact_lock(:number)")


@dataclass(frozen=True)
class Attempt:
    """A request that may have been made before: who, what, and the caller's key."""

    account_id: UUID | None
    method: str
    path: str
    key: str
    body: bytes

    @property
    def digest(self) -> bytes:
        """Return what the answer is filed under."""
        named = "\n".join((str(self.account_id), self.method, self.path, self.key))
        return hashlib.sha256(named.encode()).digest()

    @property
    def request_digest(self) -> bytes:
        """Return what tells this body from another."""
        return hashlib.sha256(self.body).digest()

    def seal(self) -> Fernet:
        """Return the seal that only this caller's key opens; the key itself is not stored."""
        secret = hashlib.sha256(b"seal\n" + self.key.encode() + self.request_digest).digest()
        return Fernet(base64.urlsafe_b64encode(secret))


@dataclass(frozen=True)
class Answer:
    """What was answered the first time."""

    status: int
    etag: str
    body: bytes


def replay(attempt: Attempt) -> Answer | None:
    """Return the first answer, or None where there is none yet.

    Raises InFlight while the first request runs, KeyReused where the key came with another body.
    """
    number = int.from_bytes(attempt.digest[:8], "big", signed=True)
    if not db.session.scalar(_LOCK, {"number": number}):
        raise InFlight(say("The first request with this Idempotency-Key is not finished."))
    row = db.session.scalars(
        select(IdempotencyKey).where(IdempotencyKey.digest == attempt.digest)
    ).first()
    if row is None:
        return None
    if row.request_digest != attempt.request_digest:
        raise KeyReused(say("This Idempotency-Key came with another body; use a new one."))
    etag, _, body = attempt.seal().decrypt(row.sealed).partition(b"\n")
    return Answer(row.status, etag.decode(), body)


def keep(actor: Actor, attempt: Attempt, answer: Answer) -> None:
    """Keep an answer, in the transaction of its effect."""
    insert_many(IdempotencyKey, [{
        "digest": attempt.digest, "owner_state": actor.state or NO_STATE,
        "request_digest": attempt.request_digest, "status": answer.status,
        "sealed": attempt.seal().encrypt(answer.etag.encode() + b"\n" + answer.body),
        "created_at": actor.now(),
    }])  # fmt: skip


def forget(now: datetime) -> int:
    """Delete the answers of the own state that are older than 30 days; returns how many."""
    old = delete(IdempotencyKey).where(IdempotencyKey.created_at < now - KEPT)
    return len(db.session.execute(old.returning(IdempotencyKey.digest)).all())
