"""Queue matching and owner notices for the worker.

Records of crime precede trade: otherwise a seizure would wait an hour behind a file of 100,000
sales.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

from salsa_ext.checks.models import OwnerNoticeJob
from salsa_ext.core.actor import Actor
from salsa_ext.core.batches import chunks
from salsa_ext.core.ids import new_id
from salsa_ext.database.bulk import insert_many
from salsa_ext.matches.models import MatchJob

RECORDS_PER_JOB: Final = 200


def queue_matching(
    owner: str,
    record_ids: Iterable[UUID],
    per_job: int = RECORDS_PER_JOB,
    *,
    is_of_crime: bool = False,
) -> None:
    """Queue a state's records for matching, `per_job` in a row."""
    insert_many(MatchJob, match_job_rows(owner, record_ids, per_job, is_of_crime=is_of_crime))


def match_job_rows(
    owner: str,
    record_ids: Iterable[UUID],
    per_job: int = RECORDS_PER_JOB,
    *,
    is_of_crime: bool = False,
) -> list[dict[str, Any]]:
    """Return the queue rows, to be inserted with the records."""
    return [
        {"id": new_id(), "owner_state": owner, "is_of_crime": is_of_crime, "record_ids": some}
        for some in chunks(record_ids, per_job)
    ]


def queue_owner_notice(actor: Actor, kind: str, cause: UUID) -> None:
    """Queue notices to owners of silent records.

    `kind` is `seizure` or `trace`. A row is written whether anything was found or not: it reveals
    nothing.
    """
    job = {"id": new_id(), "owner_state": actor.own_state(), "kind": kind, "cause_id": cause}
    insert_many(OwnerNoticeJob, [job | {"at": actor.now()}])
