"""Live views: rendered once, cached until a change, cheap answers.

Readers poll every second. Each process caches rendered views and asks the database every quarter of
a second for changed boards. A reader with a ticket gets 304 from memory; all other answers follow
authentication.
"""

from __future__ import annotations

import hashlib
import math
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from flask import Flask, current_app
from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy.exc import SQLAlchemyError

from api.http.monitoring import REQUESTS
from salsa_ext.boards.events import BoardKey, VisibleChange, read_changes
from salsa_ext.core.actor import Actor
from salsa_ext.core.clock import Clock
from salsa_ext.database.session import db

CHECK_SECONDS: Final = 0.25
"""For so many seconds a look at what changed is good."""
RESET_SECONDS: Final = 60.0
"""After so many seconds without a look everything may have changed."""
MAX_AGE: Final = timedelta(minutes=5)
"""For so long a picture is good at most: what it says of the time of day grows old."""
TICKET_SECONDS: Final = 60
"""For so many seconds somebody is told that nothing changed without being authenticated again."""
MAX_CACHED: Final = 512
"""How many pictures a process keeps."""
MAX_CHANGES: Final = 1_000
"""How many changes of a state's boards a process remembers; who drew before them draws again."""
RENDER_LOCKS: Final = 64
"""Locks for drawing: views that share one by chance wait for each other."""
TICKET_HEADER: Final = "Salsa-Ticket"
BUILD_HEADER: Final = "Salsa-Build"
"""The header by which a page that nobody loads anew learns that the service is another by now."""


@dataclass(frozen=True)
class ViewKey:
    """Key of equal views: side of a post, agency, permissions, language."""

    kind: str
    side: BoardKey
    agency: str | None
    permissions: frozenset[str]
    language: str

    @classmethod
    def of(cls, kind: str, actor: Actor, post: str) -> ViewKey:
        """Return the key of an actor's view of a post."""
        return cls(kind, (actor.state or "", post), actor.agency, actor.permissions, actor.language)

    @property
    def name(self) -> str:
        """Return an opaque name for tickets."""
        said = repr((self.kind, self.side, self.agency, sorted(self.permissions), self.language))
        return hashlib.blake2b(said.encode(), digest_size=12).hexdigest()


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


ALL_CHANGES: Final = Scope()


@dataclass(frozen=True)
class RenderedView:
    """Rendered view: whole, parts by id, expiry, time zone and scope."""

    name: str
    whole: str
    parts: Mapping[str, str]
    as_of: datetime
    until: datetime
    zone: str
    scope: Scope = ALL_CHANGES

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

    def other_than(self, version: str) -> dict[str, str]:
        """Return the parts that differ from another version."""
        had = version.split("-")
        if len(had) != len(self.parts):
            return dict(self.parts)
        return {
            name: self.parts[name]
            for (name, digest), old in zip(self.digests.items(), had, strict=True)
            if digest != old
        }


@dataclass
class CachedView:
    """Cached view with the change count at which it was valid."""

    view: ViewKey
    changes: int
    drawn: RenderedView

    def shows(self, change: VisibleChange) -> bool:
        """Return whether the view may show a change."""
        return change.agency in (None, self.view.agency) and self.drawn.scope.has(change)


class ChangeTracker:
    """Changes of the boards by state, as known to this process."""

    def __init__(self) -> None:
        self._looking, self._noting = threading.Lock(), threading.Lock()
        self._seen: str | None = None
        self._at = -math.inf
        self._all = 0
        self._of: defaultdict[str, int] = defaultdict(int)
        self._last: defaultdict[str, deque[VisibleChange]] = defaultdict(
            lambda: deque(maxlen=MAX_CHANGES)
        )

    @property
    def are_old(self) -> bool:
        """Return whether the next check is due."""
        return time.monotonic() - self._at >= CHECK_SECONDS

    def look(self, at_once: bool = False) -> None:
        """Read committed changes if due, or at once.

        Other threads go on with known changes, at most a second old.
        """
        asked = time.monotonic()
        if not (at_once or self.are_old):
            return
        if not self._looking.acquire(blocking=at_once or asked - self._at > 1):
            return
        try:
            if self._at < asked:
                self._look()
        finally:
            self._looking.release()

    def _look(self) -> None:
        began = time.monotonic()
        since = self._seen if began - self._at < RESET_SECONDS else None
        found = read_changes(db.engine, since)
        with self._noting:
            if since is None:
                self._last.clear()
                self._all += 1  # of this change nothing is known
            for change in found.changes:
                self._last[change.state].append(change)
                self._of[change.state] += 1
        self._seen, self._at = found.snapshot, began

    def of(self, side: BoardKey) -> int:
        """Return the change count of a side.

        It may grow without a change.
        """
        return self._all + self._of[side[0]]

    def since(self, side: BoardKey, number: int) -> tuple[int, list[VisibleChange] | None]:
        """Return the change count and the changes since `number`, None if unknown."""
        with self._noting:
            now, last = self.of(side), [*self._last[side[0]]]
        many = max(now - number, 0)  # another reader may have moved it on meanwhile
        if many > len(last):
            return now, None
        return now, [change for change in last[len(last) - many :] if change.concerns(side)]


class LiveViews:
    """Cached views of a process, and the WSGI layer that answers 304."""

    def __init__(self, app: Flask, secret: str, clock: Clock) -> None:
        self._app, self._clock, self._answer = app, clock, app.wsgi_app
        self._changes = ChangeTracker()
        self._tickets = URLSafeTimedSerializer(secret, salt="live")
        self._kept: dict[str, CachedView] = {}
        self._keeping = threading.Lock()
        self._drawing = [threading.Lock() for _ in range(RENDER_LOCKS)]
        self.build = _build_digest(app)

    def drawn(
        self, view: ViewKey, draw: Callable[[], RenderedView], at_once: bool = False
    ) -> RenderedView:
        """Return a view, from the cache if still valid.

        `at_once`: valid at this moment, for a reader after an own change.
        """
        if current_app.testing:  # whose transactions no look can see
            return draw()
        self._changes.look(at_once)
        with self._drawing[hash(view.name) % RENDER_LOCKS]:  # of many who ask at once, one draws
            kept = self._kept.get(view.name)
            if kept is not None and self._stands(kept):
                return kept.drawn
            changes = self._changes.of(view.side)  # before it is drawn: what comes meanwhile counts
            made = draw()
            self._keep(view.name, CachedView(view, changes, made))
        return made

    def _keep(self, name: str, picture: CachedView) -> None:
        with self._keeping:
            self._kept.pop(name, None)
            self._kept[name] = picture
            if len(self._kept) > MAX_CACHED:
                del self._kept[next(iter(self._kept))]

    def ticket(self, view: ViewKey) -> str:
        """Return a ticket for an authenticated reader of a view."""
        return str(self._tickets.dumps(view.name))

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        """Answer 304 from memory, or call the application."""
        ticket, version = environ.get("HTTP_SALSA_TICKET"), environ.get("HTTP_IF_NONE_MATCH")
        is_live = environ["PATH_INFO"].endswith("/live")
        if is_live and ticket and version and self._is_unchanged(ticket, version):
            REQUESTS.labels("GET", "live", 304).inc()
            start(
                "304 Not Modified",
                [
                    ("ETag", version),
                    ("Cache-Control", "private, no-store"),
                    (BUILD_HEADER, self.build),
                ],
            )
            return ()
        return self._answer(environ, start)

    def _is_unchanged(self, ticket: str, version: str) -> bool:
        try:
            kept = self._kept.get(self._tickets.loads(ticket, max_age=TICKET_SECONDS))
            if kept is None or version != weak_etag(kept.drawn.version):
                return False
            if self._changes.are_old:
                with self._app.app_context():
                    self._changes.look()
        except (BadData, SQLAlchemyError):
            return False
        return self._stands(kept)

    def _stands(self, kept: CachedView) -> bool:
        """Return whether no change since then shows in a cached view."""
        if kept.drawn.until <= self._clock.now():
            return False
        if self._changes.of(kept.view.side) == kept.changes:
            return True
        number, since = self._changes.since(kept.view.side, kept.changes)
        if since is None or any(map(kept.shows, since)):
            return False
        kept.changes = number
        return True


def _build_digest(app: Flask) -> str:
    """Return a digest of the version, templates and static files."""
    told = hashlib.blake2b(app.config["API_VERSION"].encode(), digest_size=8)
    templates, static = Path(app.root_path, str(app.template_folder)), Path(str(app.static_folder))
    for path in sorted((*templates.rglob("*.*"), *static.glob("*.*"))):
        told.update(path.read_bytes())
    return told.hexdigest()


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
    found = current_app.extensions["live"]
    assert isinstance(found, LiveViews)
    return found
