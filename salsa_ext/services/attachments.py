"""Photographs, documents and laboratory reports: attached to an object, handed out, withdrawn."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from salsa_ext.audit import Act, Action, append, append_many, officer_id
from salsa_ext.config import MIB
from salsa_ext.db import db, insert_many
from salsa_ext.errors import Coded, Conflict, Forbidden, Invalid, NotFound, StaleVersion, say
from salsa_ext.models import Attachment, AttachmentPart
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.release import FOUND
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import attachments, subjects
from salsa_ext.readmodels.attachments import AttachmentView
from salsa_ext.readmodels.marks import owner_of
from salsa_ext.readmodels.pages import Page
from salsa_ext.services import pdfs
from salsa_ext.services.disclosures import require_purpose
from salsa_ext.values.actor import Actor
from salsa_ext.values.attachments import AttachmentData, Content, Subject
from salsa_ext.values.changes import Decision
from salsa_ext.values.ids import new_id

PART: Final = MIB
CONTENT: Final = ("content",)
"""What is written down where the file itself is handed out, and not only what is known of it."""
SHARED: Final = ("H0", "H1")
"""Handling codes of what other states that the object concerns may see (Europol's H0 to H3)."""


def add(*, actor: Actor, data: AttachmentData, received: bytes, kept: Content) -> UUID:
    """Attach a file to an object that the actor may read; raises NotFound, or Invalid for the file.

    `kept` is what `contents.take` makes of what was received, before the transaction begins: that
    takes seconds, and one picture waits for another.
    """
    require(actor, Permission.ATTACHMENT_RECORD)
    require(actor, subjects.KINDS[data.subject.kind].permission)
    subject = subjects.find(data.subject)
    if data.kind == "photograph" and kept.media_type == pdfs.TYPE:
        raise Invalid({"kind": [say("A PDF is a document or a laboratory report.")]})
    owner = actor.own_state()
    concerned = sorted({owner, *(subject.concerned if data.handling in SHARED else ())})
    row = _row(actor, data, received, kept) | {"owner_state": owner, "concerned": concerned}
    insert_many(Attachment, [row])
    for part in _parts(row, kept.data):  # one at a time: the driver holds each thrice
        insert_many(AttachmentPart, [part])
    append(actor, _act(Action.ATTACHMENT_ADDED, Attachment(**row), concerned))
    return UUID(str(row["id"]))


def withdraw(*, actor: Actor, attachment_id: UUID, seen: int | None, data: Decision) -> None:
    """Hand an attachment out no more; it stays with its reason, and its hashes.

    Raises NotFound, Forbidden for another state's, StaleVersion, and Conflict the second time.
    """
    require(actor, Permission.ATTACHMENT_RECORD)
    found = db.session.get(
        Attachment, attachment_id, populate_existing=True, with_for_update=True
    ) or attachments.read(attachment_id)  # another state's is seen, and not locked
    require(actor, Permission.ATTACHMENT_RECORD, found.owner_state)
    attachments.get_attachment(actor, attachment_id)
    if seen is not None and found.version != seen:
        raise StaleVersion(say("This was changed since you read it; read it again."))
    _check_stands(found)
    found.withdrawn_at, found.withdrawn_reason = actor.now(), data.reason
    found.version += 1
    db.session.flush()
    append(actor, _act(Action.ATTACHMENT_WITHDRAWN, found, found.concerned))


def read(*, actor: Actor, attachment_id: UUID) -> AttachmentView:
    """Return what is known of an attachment, which its owner reads of another state.

    Raises NotFound, or Invalid without a purpose.
    """
    require(actor, Permission.ATTACHMENT_READ)
    return _told(actor, [_readable(actor, attachment_id)])[0]


def hand_out(*, actor: Actor, attachment_id: UUID) -> tuple[Attachment, Content]:
    """Return what an attachment holds; its owner reads which other state was given it.

    Raises as `read` does, and Conflict for one that was withdrawn.
    """
    require(actor, Permission.ATTACHMENT_READ)
    found = _readable(actor, attachment_id)
    _check_stands(found)
    if found.owner_state != actor.state:
        append(actor, _disclosed(found, CONTENT))
    return found, attachments.content_of(found)


def list_of(
    *, actor: Actor, subject: Subject, kind: str | None, limit: int, cursor: str | None
) -> Page[AttachmentView]:
    """Return a page of what is attached to an object; owners read what another state was told of.

    Raises NotFound, Invalid for half a purpose, and Forbidden for an open record of another state:
    what is attached is for the states that it concerns.
    """
    require(actor, Permission.ATTACHMENT_READ)
    if actor.purpose is not None:
        require_purpose(actor)
    try:
        page = attachments.list_attachments(actor, subject, kind, limit, cursor)
    except NotFound:
        _refuse_open(actor, subject)
        raise
    return page.of(_told(actor, page.items))


def _refuse_open(actor: Actor, subject: Subject) -> None:
    """Raise Forbidden, which says whom to ask, for a record that the actor may read and not more of.

    Whether anything is attached it does not say. A file holds free text, persons and places: of
    `remarks`, the release function gives nothing to states that are not concerned.
    """
    owner = owner_of(subject.id) if subject.kind == "record" else None
    if owner and owner[1] in FOUND["firearm"] and Permission.RECORD_READ in actor.permissions:
        raise Forbidden(say("What is attached to a record is shown to the states that it concerns;"
                            " ask {state}.", state=Coded("state", owner[0])))  # fmt: skip


def _readable(actor: Actor, attachment_id: UUID) -> Attachment:
    found = attachments.get_attachment(actor, attachment_id)
    if found.owner_state != actor.state and subjects.KINDS[found.subject_kind].for_a_purpose:
        require_purpose(actor)
    return found


def _told(actor: Actor, rows: Sequence[Attachment]) -> list[AttachmentView]:
    """Return attachments as the reader is given them, and write down for their owners what he is told."""
    views = [attachments.shared(actor, row) for row in rows]
    append_many(actor, [
        _disclosed(view.row, view.sharing.given(_held(view.row)))
        for view in views if not view.sharing.is_own
    ])  # fmt: skip
    return views


def _held(row: Attachment) -> list[str]:
    has_text = row.title or row.withdrawn_reason
    return ["document", "remarks"] if has_text else ["document"]


def _check_stands(found: Attachment) -> None:
    if found.withdrawn_at is not None:
        raise Conflict(
            say("This attachment was withdrawn: {reason}", reason=found.withdrawn_reason)
        )


def _row(actor: Actor, data: AttachmentData, received: bytes, kept: Content) -> dict[str, Any]:
    return {
        "id": new_id(), "version": 1,
        "subject_kind": data.subject.kind, "subject_id": data.subject.id,
        "kind": data.kind, "title": data.title, "handling": data.handling,
        "media_type": kept.media_type, "size": len(kept.data),
        "width": kept.width, "height": kept.height,
        "received_sha256": hashlib.sha256(received).digest(),
        "kept_sha256": hashlib.sha256(kept.data).digest(),
        "added_at": actor.now(), "added_by_agency": actor.agency,
        "added_by_officer": officer_id(actor), "withdrawn_at": None, "withdrawn_reason": None,
    }  # fmt: skip


def _parts(row: dict[str, Any], data: bytes) -> Iterator[dict[str, Any]]:
    of = {"attachment_id": row["id"], "owner_state": row["owner_state"],
          "concerned": row["concerned"]}  # fmt: skip
    for position, start in enumerate(range(0, len(data), PART)):
        yield of | {"position": position, "content": data[start : start + PART]}


def _disclosed(found: Attachment, groups: Sequence[str]) -> Act:
    act = _act(Action.ATTACHMENT_DISCLOSED, found, [found.owner_state])
    return replace(act, data=act.data | {"groups": [*groups]})


def _act(action: Action, found: Attachment, concerned: Sequence[str]) -> Act:
    said: dict[str, Any] = {
        "subject": f"{found.subject_kind}:{found.subject_id}", "kind": found.kind,
        "sha256": found.kept_sha256.hex(),
    }  # fmt: skip
    if found.subject_kind == "trace":  # which may be kept from an agency, and this with it
        said["about"] = [str(found.subject_id)]
    return Act(action, "attachment", found.id, found.owner_state, concerned, said)
