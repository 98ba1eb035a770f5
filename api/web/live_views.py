"""Live views: rendered once, cached until a change, updated in parts.

Readers poll every second. Each process caches rendered views and asks the database every quarter of
a second for changed boards. A reader with a ticket gets 304 from memory; all other answers follow
authentication.
"""

from __future__ import annotations

import hashlib
import math
import re
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property, wraps
from pathlib import Path
from typing import Any, Final

from flask import Flask, Response, current_app, g, request
from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy.exc import SQLAlchemyError

from api.http.auth import authenticate_page
from api.http.context import transaction
from api.http.monitoring import REQUESTS
from salsa_ext.boards.board import Board
from salsa_ext.boards.events import BoardKey, VisibleChange, read_changes
from salsa_ext.core.actor import Actor
from salsa_ext.core.clock import Clock
from salsa_ext.core.errors import Unauthenticated, message
from salsa_ext.database.session import db

CHECK_SECONDS: Final = 0.25
"""A check for changes is valid for so long."""
RESET_SECONDS: Final = 60.0
"""After so long without a check everything may have changed."""
MAX_AGE: Final = timedelta(minutes=5)
"""Cached views expire after it: what they say of the time of day grows old."""
TICKET_SECONDS: Final = 60
"""A reader gets 304 for so long without being authenticated again."""
MAX_CACHED: Final = 512
"""Views that a process caches."""
MAX_CHANGES: Final = 1_000
"""Changes of a state's boards that a process remembers; views rendered before are rendered again."""
RENDER_LOCKS: Final = 64
"""Locks for rendering; views that share one by chance wait for each other."""
TICKET_HEADER: Final = "Salsa-Ticket"
BUILD_HEADER: Final = "Salsa-Build"
"""Tells an open page that the service was updated."""
PART_PATTERN: Final = re.compile(r'<(section|nav)\b[^>]*? id="([a-z-]+)".*?</\1>', re.DOTALL)
"""A part of a page that is replaced as a whole; none is inside another."""


@dataclass(frozen=True)
class ViewKey:
    """Key of equal views: side of a post, agency, permissions, language."""

    kind: str
    board: BoardKey
    agency: str | None
    permissions: frozenset[str]
    language: str

    @classmethod
    def for_actor(cls, kind: str, actor: Actor, post: str) -> ViewKey:
        """Return the key of an actor's view of a post."""
        return cls(kind, (actor.state or "", post), actor.agency, actor.permissions, actor.language)

    @property
    def name(self) -> str:
        """Return an opaque name for tickets."""
        key = repr((self.kind, self.board, self.agency, sorted(self.permissions), self.language))
        return hashlib.blake2b(key.encode(), digest_size=12).hexdigest()


@dataclass(frozen=True)
class Scope:
    """Kinds and map squares that a view can show; None is all."""

    kinds: Container[str] | None = None
    squares: frozenset[int] | None = None

    def has(self, change: VisibleChange) -> bool:
        """Return whether a change may alter the view."""
        is_kind = self.kinds is None or change.kind in self.kinds
        if not is_kind or self.squares is None or change.squares is None:
            return is_kind
        return not self.squares.isdisjoint(change.squares)


@dataclass(frozen=True)
class RenderedView:
    """Rendered view: whole, parts by id, expiry, time zone and scope."""

    name: str
    whole: str
    parts: Mapping[str, str]
    as_of: datetime
    until: datetime
    zone: str
    scope: Scope

    @cached_property
    def digests(self) -> dict[str, str]:
        """Return the digest of each part."""
        return {
            name: hashlib.blake2b(part.encode(), digest_size=6).hexdigest()
            for name, part in self.parts.items()
        }

    @cached_property
    def version(self) -> str:
        """Return the version: the digests of all parts."""
        return "-".join(self.digests.values())

    def changed_parts(self, version: str) -> dict[str, str]:
        """Return the parts that differ from another version."""
        digests = version.split("-")
        if len(digests) != len(self.parts):
            return dict(self.parts)
        return {
            name: self.parts[name]
            for (name, digest), old in zip(self.digests.items(), digests, strict=True)
            if digest != old
        }


@dataclass
class CachedView:
    """Cached view with the change count at which it was valid."""

    key: ViewKey
    change_count: int
    view: RenderedView

    def shows(self, change: VisibleChange) -> bool:
        """Return whether the view may show a change."""
        return change.agency in (None, self.key.agency) and self.view.scope.has(change)


class ChangeTracker:
    """Changes of the boards by state, as known to this process."""

    def __init__(self) -> None:
        self._check_lock, self._write_lock = threading.Lock(), threading.Lock()
        self._snapshot: str | None = None
        self._checked_at = -math.inf
        self._resets = 0
        self._counts: defaultdict[str, int] = defaultdict(int)
        self._changes: defaultdict[str, deque[VisibleChange]] = defaultdict(
            lambda: deque(maxlen=MAX_CHANGES)
        )

    @property
    def is_check_due(self) -> bool:
        """Return whether the next check is due."""
        return time.monotonic() - self._checked_at >= CHECK_SECONDS

    def check(self, at_once: bool = False) -> None:
        """Read committed changes if due, or at once.

        Other threads go on with known changes, at most a second old.
        """
        now = time.monotonic()
        if not (at_once or self.is_check_due):
            return
        if not self._check_lock.acquire(blocking=at_once or now - self._checked_at > 1):
            return
        try:
            if self._checked_at < now:
                self._read()
        finally:
            self._check_lock.release()

    def _read(self) -> None:
        began = time.monotonic()
        since = self._snapshot if began - self._checked_at < RESET_SECONDS else None
        changes = read_changes(db.engine, since)
        with self._write_lock:
            if since is None:
                self._changes.clear()
                self._resets += 1  # of changes before, nothing is known
            for change in changes.changes:
                self._changes[change.state].append(change)
                self._counts[change.state] += 1
        self._snapshot, self._checked_at = changes.snapshot, began

    def count(self, board: BoardKey) -> int:
        """Return the change count of a side.

        It may grow without a change.
        """
        return self._resets + self._counts[board[0]]

    def changes_since(self, board: BoardKey, count: int) -> tuple[int, list[VisibleChange] | None]:
        """Return the change count and the changes since `count`, None if unknown."""
        with self._write_lock:
            now, changes = self.count(board), [*self._changes[board[0]]]
        new = max(now - count, 0)  # another reader may have moved it on meanwhile
        if new > len(changes):
            return now, None
        return now, [change for change in changes[len(changes) - new :] if change.concerns(board)]


class LiveViews:
    """Cached views of a process, and the WSGI layer that answers 304."""

    def __init__(self, app: Flask, secret: str, clock: Clock) -> None:
        self._app, self._clock, self._answer = app, clock, app.wsgi_app
        self._changes = ChangeTracker()
        self._tickets = URLSafeTimedSerializer(secret, salt="live")
        self._cache: dict[str, CachedView] = {}
        self._cache_lock = threading.Lock()
        self._render_locks = [threading.Lock() for _ in range(RENDER_LOCKS)]
        self.build = _build_digest(app)

    def render(
        self, key: ViewKey, render: Callable[[], RenderedView], at_once: bool = False
    ) -> RenderedView:
        """Return a view, from the cache if still valid.

        `at_once`: valid at this moment, for a reader after an own change.
        """
        if current_app.testing:  # whose transactions no check can see
            return render()
        self._changes.check(at_once)
        with self._render_locks[hash(key.name) % RENDER_LOCKS]:  # one renders for all who wait
            cached = self._cache.get(key.name)
            if cached is not None and self._is_valid(cached):
                return cached.view
            count = self._changes.count(key.board)  # before: changes meanwhile must count
            view = render()
            with self._cache_lock:
                self._cache.pop(key.name, None)
                self._cache[key.name] = CachedView(key, count, view)
                if len(self._cache) > MAX_CACHED:
                    del self._cache[next(iter(self._cache))]
        return view

    def ticket(self, key: ViewKey) -> str:
        """Return a ticket for an authenticated reader of a view."""
        return str(self._tickets.dumps(key.name))

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        """Answer 304 from memory, or call the application."""
        ticket, etag = environ.get("HTTP_SALSA_TICKET"), environ.get("HTTP_IF_NONE_MATCH")
        is_live = environ["PATH_INFO"].endswith("/live")
        if not (is_live and ticket and etag and self._is_unchanged(ticket, etag)):
            return self._answer(environ, start)
        REQUESTS.labels("GET", "live", 304).inc()
        headers = [
            ("ETag", etag),
            ("Cache-Control", "private, no-store"),
            (BUILD_HEADER, self.build),
        ]
        start("304 Not Modified", headers)
        return ()

    def _is_unchanged(self, ticket: str, etag: str) -> bool:
        try:
            cached = self._cache.get(self._tickets.loads(ticket, max_age=TICKET_SECONDS))
            if cached is None or etag != weak_etag(cached.view.version):
                return False
            if self._changes.is_check_due:
                with self._app.app_context():
                    self._changes.check()
        except (BadData, SQLAlchemyError):
            return False
        return self._is_valid(cached)

    def _is_valid(self, cached: CachedView) -> bool:
        """Return whether no change since then shows in a cached view."""
        if cached.view.until <= self._clock.now():
            return False
        if self._changes.count(cached.key.board) == cached.change_count:
            return True
        count, changes = self._changes.changes_since(cached.key.board, cached.change_count)
        if changes is None or any(map(cached.shows, changes)):
            return False
        cached.change_count = count
        return True


def _build_digest(app: Flask) -> str:
    """Return a digest of the version, templates and static files."""
    digest = hashlib.blake2b(app.config["API_VERSION"].encode(), digest_size=8)
    templates, static = Path(app.root_path, str(app.template_folder)), Path(str(app.static_folder))
    for path in sorted((*templates.rglob("*.*"), *static.glob("*.*"))):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def weak_etag(version: str) -> str:
    """Return a version as weak ETag."""
    return f'W/"{version}"'


def register_live_views(app: Flask) -> None:
    """Install the cache; `TICKETS` is the secret shared by all processes."""
    app.extensions["live"] = app.wsgi_app = LiveViews(  # type: ignore[assignment,method-assign]
        app, app.config["TICKETS"], app.config["CLOCK"]
    )


def live_views() -> LiveViews:
    """Return the live views of the running application."""
    views = current_app.extensions["live"]
    assert isinstance(views, LiveViews)
    return views


def render_parts(page: str, board: Board, scope: Scope) -> RenderedView:
    """Return a rendered board page in parts."""
    until = min(board.valid_until, board.as_of + MAX_AGE)
    return RenderedView(
        board.post.name, page, split_parts(page), board.as_of, until, board.own_side.zone, scope
    )


def split_parts(page: str) -> dict[str, str]:
    """Return the parts of a page by their ids."""
    return {match[2]: match[0] for match in PART_PATTERN.finditer(page)}


def live_attributes(key: ViewKey, view: RenderedView, path: str | None = None) -> dict[str, str]:
    """Return the attributes for the script that fetches changes.

    From its own path or that of another page.
    """
    return {
        "from": f"{path or request.path}/live",
        "version": view.version,
        "zone": view.zone,
        "ticket": live_views().ticket(key),
        "build": live_views().build,
    }


def answer_changes(find_view: Callable[..., tuple[ViewKey, RenderedView]]) -> Callable[..., Any]:
    """Answer with the parts changed since the version in If-None-Match.

    304 if none changed. Each answer has a new ticket. Raises Unauthenticated.
    """

    @wraps(find_view)
    def run(**path: Any) -> Any:
        g.actor = authenticate_page()
        if g.actor is None:
            raise Unauthenticated(message("You are signed out; sign in again to see what is new."))
        with transaction(g.actor):
            key, view = find_view(g.actor, **path)
        etag = request.headers.get("If-None-Match", "")
        if etag == weak_etag(view.version):
            response: Any = Response(status=304)
        else:
            version = etag.removeprefix('W/"').removesuffix('"')
            body = {"version": view.version, "parts": view.changed_parts(version)}
            response = current_app.json.response(body)
        response.set_etag(view.version, weak=True)
        response.headers[TICKET_HEADER] = live_views().ticket(key)
        response.headers[BUILD_HEADER] = live_views().build
        response.headers["Cache-Control"] = "private, no-store"
        return response

    return run
