"""Webhooks: a state's own system hears of changes; commands, lists, and the jobs that send."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, func, or_, select

from salsa_ext.access.audit import AuditEvent, append
from salsa_ext.access.audit_actions import Action
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Conflict, IllegalTransition, NotFound, message
from salsa_ext.core.ids import new_id
from salsa_ext.database.bulk import insert_many
from salsa_ext.database.locks import lock
from salsa_ext.database.paging import Page, fetch_page
from salsa_ext.database.session import acting_as, db, transaction, wake_after_commit
from salsa_ext.exchange import feed, webhook_sending
from salsa_ext.exchange.models import Webhook, WebhookDelivery
from salsa_ext.exchange.webhook_sending import NotSent, WebhookMessage
from salsa_ext.jobs.changes import Change
from salsa_ext.jobs.runner import ChangeJob, DueJob, QueueJob
from salsa_ext.notifications.commands import notify
from salsa_ext.notifications.notice_rules import Subject

TEST_KIND: Final = "test"
OVERLAP: Final = timedelta(days=1)
"""Time for which the secret before a rotation signs as well."""
DELAYS: Final = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Seconds before each further try, as Standard Webhooks has them."""
GIVES_UP_AFTER: Final = timedelta(days=3)
STORED: Final = timedelta(days=30)
CLAIM: Final = timedelta(minutes=1)
AT_ONCE: Final = 20
AT_ONCE_OF_STATE: Final = 5
"""So slow receivers of one state leave senders to the others."""
MAX_WEBHOOKS: Final = 20
WAIT_SECONDS: Final = 0.5
"""A round of jobs waits so long for receivers; the answers of slower ones are read by the next."""


@dataclass(frozen=True)
class WebhookData:
    """Address and kinds of changes of a new webhook."""

    url: str
    kinds: tuple[str, ...]


def add_webhook(*, actor: Actor, data: WebhookData) -> UUID:
    """Add a webhook that sees what the actor's agency may see; raises Invalid for its address.

    Conflict if the state has many already.
    """
    require(actor, Permission.WEBHOOK_MANAGE)
    current = select(func.count()).select_from(Webhook).where(Webhook.status != "removed")
    if (db.session.scalar(current) or 0) >= MAX_WEBHOOKS:
        raise Conflict(
            message("Your state has {count} webhooks. Remove one first.", count=MAX_WEBHOOKS)
        )
    webhook_sending.check_url(data.url)
    webhook_id = new_id()
    row = {
        "id": webhook_id,
        "owner_state": actor.own_state(),
        "version": 1,
        "url": data.url,
        "kinds": sorted({*data.kinds}),
        "agency": actor.agency,
        "secret": _seal(actor, webhook_id, webhook_sending.new_secret()),
        "status": "active",
        "failures": 0,
        "created_at": actor.now(),
    }
    insert_many(Webhook, [row])
    append(actor, _event(Action.WEBHOOK_ADDED, webhook_id))
    return webhook_id


def get_webhook(actor: Actor, webhook_id: UUID) -> Webhook:
    """Return a webhook of the own state; raises NotFound."""
    require(actor, Permission.WEBHOOK_MANAGE)
    webhook = db.session.get(Webhook, webhook_id, populate_existing=True)
    if webhook is None:
        raise NotFound("webhook", webhook_id)
    return webhook


def webhook_version(actor: Actor, webhook_id: UUID) -> int:
    """Return the current version; raises NotFound."""
    return get_webhook(actor, webhook_id).version


def list_webhooks(
    actor: Actor, filters: Mapping[str, Any], limit: int, cursor: str | None
) -> Page[Webhook]:
    """Return a page of the own state's webhooks, newest first; removed ones are left out."""
    require(actor, Permission.WEBHOOK_MANAGE)
    own = select(Webhook).where(
        Webhook.owner_state == actor.state, Webhook.status == filters.get("status", Webhook.status)
    )
    return fetch_page(own.where(Webhook.status != "removed"), Webhook.id, limit, cursor)


def list_deliveries(
    actor: Actor, filters: Mapping[str, Any], limit: int, cursor: str | None, webhook_id: UUID
) -> Page[WebhookDelivery]:
    """Return a page of a webhook's deliveries, newest first; raises NotFound."""
    require(actor, Permission.WEBHOOK_MANAGE)
    get_webhook(actor, webhook_id)
    query = select(WebhookDelivery).where(WebhookDelivery.webhook_id == webhook_id)
    if status := filters.get("status"):
        query = query.where(WebhookDelivery.status == status)
    return fetch_page(query, WebhookDelivery.id, limit, cursor)


def read_secret(actor: Actor, webhook_id: UUID) -> str:
    """Return the secret as receivers write it; audited. Raises NotFound."""
    require(actor, Permission.WEBHOOK_MANAGE)
    webhook = get_webhook(actor, webhook_id)
    append(actor, _event(Action.WEBHOOK_READ, webhook_id))
    return webhook_sending.secret_text(_open(actor, webhook, webhook.secret))


def rotate_webhook(*, actor: Actor, webhook_id: UUID, expected_version: int | None) -> None:
    """Make a new secret; the old one signs for another day. Raises NotFound, StaleVersion."""
    require(actor, Permission.WEBHOOK_MANAGE)
    webhook = _lock(actor, webhook_id, expected_version, "rotate", ("active", "disabled"))
    webhook.old_secret, webhook.old_until = webhook.secret, actor.now() + OVERLAP
    webhook.secret = _seal(actor, webhook_id, webhook_sending.new_secret())
    _change(actor, webhook, "rotated")


def enable_webhook(*, actor: Actor, webhook_id: UUID, expected_version: int | None) -> None:
    """Send again, also what waited since; raises NotFound, StaleVersion, IllegalTransition."""
    require(actor, Permission.WEBHOOK_MANAGE)
    webhook = _lock(actor, webhook_id, expected_version, "enable", ("disabled",))
    webhook.status, webhook.failures = "active", 0
    webhook.failing_since = webhook.rests_until = None
    _change(actor, webhook, "active")
    wake_after_commit()


def disable_webhook(*, actor: Actor, webhook_id: UUID, expected_version: int | None) -> None:
    """Send nothing until it is enabled; raises NotFound, StaleVersion, IllegalTransition."""
    require(actor, Permission.WEBHOOK_MANAGE)
    webhook = _lock(actor, webhook_id, expected_version, "disable", ("active",))
    webhook.status = "disabled"
    _change(actor, webhook, "disabled")


def remove_webhook(*, actor: Actor, webhook_id: UUID, expected_version: int | None) -> None:
    """Remove a webhook with what waits; raises NotFound, StaleVersion, IllegalTransition."""
    require(actor, Permission.WEBHOOK_MANAGE)
    webhook = _lock(actor, webhook_id, expected_version, "remove", ("active", "disabled"))
    webhook.status = "removed"
    db.session.execute(
        delete(WebhookDelivery).where(
            WebhookDelivery.webhook_id == webhook_id, WebhookDelivery.status == "waiting"
        )
    )
    _change(actor, webhook, "removed")


def send_test(*, actor: Actor, webhook_id: UUID) -> None:
    """Send a message of the kind `test`; raises NotFound, IllegalTransition."""
    require(actor, Permission.WEBHOOK_MANAGE)
    webhook = _lock(actor, webhook_id, None, "test", ("active",))
    _queue(actor, [(webhook, TEST_KIND, webhook_id, webhook.version, actor.now())])


def replay_delivery(*, actor: Actor, webhook_id: UUID, delivery_id: UUID) -> None:
    """Send a message again, under its id; raises NotFound, IllegalTransition."""
    require(actor, Permission.WEBHOOK_MANAGE)
    _lock(actor, webhook_id, None, "replay", ("active",))
    delivery = lock(WebhookDelivery, delivery_id, kind="webhook")
    if delivery.webhook_id != webhook_id:
        raise NotFound("webhook", delivery_id)
    delivery.status, delivery.attempts, delivery.due_at = "waiting", 0, actor.now()
    wake_after_commit()


def _lock(
    actor: Actor, webhook_id: UUID, version: int | None, action: str, statuses: Sequence[str]
) -> Webhook:
    webhook = lock(Webhook, webhook_id, version)
    if webhook.status not in statuses:
        raise IllegalTransition("webhook", webhook.status, action)
    return webhook


def _change(actor: Actor, webhook: Webhook, change: str) -> None:
    webhook.version += 1
    append(actor, _event(Action.WEBHOOK_CHANGED, webhook.id, status=change))


def _event(action: Action, webhook_id: UUID, **data: str) -> AuditEvent:
    return AuditEvent(action, "webhook", webhook_id, data=data)


def _seal(actor: Actor, webhook_id: UUID, secret: bytes) -> bytes:
    return actor.vault.seal(secret, f"webhook {webhook_id}")


def _open(actor: Actor, webhook: Webhook, sealed: bytes) -> bytes:
    return actor.vault.open(sealed, f"webhook {webhook.id}")


def _queue(actor: Actor, messages: Sequence[tuple[Webhook, str, UUID, int, datetime]]) -> None:
    common = {"status": "waiting", "attempts": 0, "due_at": actor.now()}
    rows = [
        common
        | {
            "id": new_id(),
            "owner_state": webhook.owner_state,
            "webhook_id": webhook.id,
            "kind": kind,
            "object_id": object_id,
            "object_version": version,
            "at": at,
        }
        for webhook, kind, object_id, version, at in messages
    ]
    insert_many(WebhookDelivery, rows)
    wake_after_commit()


def queue_changes(actor: Actor, changes: Sequence[Change]) -> None:
    """Queue a message for each change and webhook of its kind whose agency may see the object."""
    state = actor.own_state()
    webhooks = db.session.scalars(select(Webhook).where(Webhook.status != "removed")).all()
    messages = []
    for webhook in webhooks:
        of_kinds = [change for change in changes if change.kind in webhook.kinds]
        with acting_as(actor, state, webhook.agency):
            visible = feed.visible_changes(actor, of_kinds)
        messages += [(webhook, each.kind, each.id, each.version, each.at) for each in visible]
    if messages:
        _queue(actor, messages)


_SENDERS: Final = ThreadPoolExecutor(AT_ONCE, "webhook")
_SENT: Final[dict[UUID, tuple[str, Future[int]]]] = {}
"""What this process sends, by delivery, with its state."""


def deliver(*, actor: Actor) -> int:
    """Send due messages of a state in threads, few at once, and store what became of those before.

    A message is sent at least once: what a killed worker claimed is claimed again after a minute.
    """
    for delivery_id, sent in _claim(actor):
        _SENT[delivery_id] = (actor.own_state(), _SENDERS.submit(webhook_sending.send, sent))
    own = {key: future for key, (state, future) in _SENT.items() if state == actor.state}
    done = wait(own.values(), WAIT_SECONDS).done
    results = {key: _result(future) for key, future in own.items() if future in done}
    if results:
        with transaction(actor):
            _store(actor, results)
        for key in results:
            del _SENT[key]
    return len(results)


def _result(future: Future[int]) -> str:
    error = future.exception()
    if error is None:
        return str(future.result())
    return str(error) if isinstance(error, NotSent) else "unreachable"


def _claim(actor: Actor) -> list[tuple[UUID, WebhookMessage]]:
    now = actor.now()
    due = (
        select(WebhookDelivery, Webhook)
        .join(Webhook, Webhook.id == WebhookDelivery.webhook_id)
        .where(
            WebhookDelivery.owner_state == actor.state,
            WebhookDelivery.status == "waiting",
            WebhookDelivery.due_at <= now,
            or_(WebhookDelivery.claimed_until.is_(None), WebhookDelivery.claimed_until <= now),
            WebhookDelivery.id.not_in(_SENT),
            Webhook.status == "active",
            or_(Webhook.rests_until.is_(None), Webhook.rests_until <= now),
        )
        .order_by(WebhookDelivery.id)
        .limit(max(0, AT_ONCE_OF_STATE - sum(state == actor.state for state, _ in _SENT.values())))
        .with_for_update(of=WebhookDelivery, skip_locked=True)
    )
    with transaction(actor):
        messages = []
        for delivery, webhook in db.session.execute(due):
            delivery.claimed_until = now + CLAIM
            messages.append((delivery.id, _message(actor, delivery, webhook)))
        return messages


def _message(actor: Actor, delivery: WebhookDelivery, webhook: Webhook) -> WebhookMessage:
    sealed = [webhook.secret]
    if webhook.old_secret and webhook.old_until and webhook.old_until > actor.now():
        sealed.append(webhook.old_secret)
    at = delivery.at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    body = webhook_sending.message_body(
        delivery.kind, at, str(delivery.object_id), delivery.object_version
    )
    keys = [_open(actor, webhook, each) for each in sealed]
    return WebhookMessage(f"msg_{delivery.id.hex}", webhook.url, body, keys)


def _store(actor: Actor, results: Mapping[UUID, str]) -> None:
    """Store the answers; a webhook that failed rests, and is disabled after three days."""
    now, arrived = actor.now(), dict[UUID, bool]()
    query = select(WebhookDelivery).where(WebhookDelivery.id.in_(results)).with_for_update()
    for delivery in db.session.scalars(query):
        answer = results[delivery.id]
        has_arrived = answer.startswith("2")
        delivery.answer, delivery.sent_at, delivery.claimed_until = answer, now, None
        delivery.attempts += 1
        if has_arrived:
            delivery.status = "delivered"
        elif delivery.attempts > len(DELAYS):
            delivery.status = "failed"
        else:
            delivery.due_at = now + timedelta(seconds=DELAYS[delivery.attempts - 1])
        arrived[delivery.webhook_id] = arrived.get(delivery.webhook_id, False) or has_arrived
    for webhook_id in sorted(arrived):
        webhook = lock(Webhook, webhook_id)
        if arrived[webhook_id]:
            webhook.failures, webhook.failing_since, webhook.rests_until = 0, None, None
            continue
        delay = DELAYS[min(webhook.failures, len(DELAYS) - 1)]
        webhook.failures += 1
        webhook.failing_since = webhook.failing_since or now
        webhook.rests_until = now + timedelta(seconds=delay)
        if webhook.status == "active" and now - webhook.failing_since >= GIVES_UP_AFTER:
            webhook.status = "disabled"
            _change(actor, webhook, "disabled")
            notify(
                actor,
                webhook.owner_state,
                "webhook_disabled",
                Subject(webhook.id, webhook.owner_state),
            )


def delete_old(*, actor: Actor) -> int:
    """Delete deliveries of thirty days ago; returns how many."""
    old = delete(WebhookDelivery).where(
        WebhookDelivery.owner_state == actor.state, WebhookDelivery.at < actor.now() - STORED
    )
    return len(db.session.execute(old.returning(WebhookDelivery.id)).all())


JOBS: Final = (
    ChangeJob("webhooks", tuple(feed.FEED_KINDS), queue_changes, batch=500),
    QueueJob("webhook_deliveries", deliver, "SELECT * FROM salsa_webhook_states()"),
    DueJob("old_deliveries", timedelta(days=1), delete_old, repeats=False),
)
