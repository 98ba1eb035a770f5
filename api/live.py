"""What changes while somebody looks on: what each view shows, kept until it changes, and cheap answers.

A view is asked for every second by each of its readers, and nearly always nothing changed. Each
process keeps what it last rendered of a view, and one of its threads asks the database every
quarter of a second which boards changed. While none did, a reader who holds a ticket is told so from
memory. Whatever else is answered is answered to somebody who was just authenticated.
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

from api.metrics import REQUESTS
from salsa_ext.clock import Clock
from salsa_ext.db import db
from salsa_ext.readmodels.board_changes import Change, Side, look
from salsa_ext.values.actor import Actor

PAUSE: Final = 0.25
"""For so many seconds a look at what changed is good."""
GAP: Final = 60.0
"""After so many seconds without a look everything may have changed."""
LASTS: Final = timedelta(minutes=5)
"""For so long a picture is good at most: what it says of the time of day grows old."""
TICKET: Final = 60
"""For so many seconds somebody is told that nothing changed without being authenticated again."""
MOST: Final = 512
"""How many pictures a process keeps."""
REMEMBERED: Final = 1_000
"""How many changes of a state's boards a process remembers; who drew before them draws again."""
DRAWING: Final = 64
"""Locks for drawing: views that share one by chance wait for each other."""
HEADER: Final = "Salsa-Ticket"
BUILD: Final = "Salsa-Build"
"""The header by which a page that nobody loads anew learns that the service is another by now."""
SECRET: Final = "SALSA_TICKETS"  # noqa: S105 - the name of a variable
"""The variable by which the serving process gives its workers one secret for tickets."""


@dataclass(frozen=True)
class View:
    """Who sees the same: one side of a post, by agency, permissions and language."""

    kind: str
    side: Side
    agency: str | None
    permissions: frozenset[str]
    language: str

    @classmethod
    def of(cls, kind: str, actor: Actor, post: str) -> View:
        """Return the view that an actor has of a post's board."""
        return cls(kind, (actor.state or "", post), actor.agency, actor.permissions, actor.language)

    @property
    def name(self) -> str:
        """Return what the view is called in a ticket, which says nothing of it."""
        said = repr((self.kind, self.side, self.agency, sorted(self.permissions), self.language))
        return hashlib.blake2b(said.encode(), digest_size=12).hexdigest()


@dataclass(frozen=True)
class Scope:
    """What a view can show: changes of which kinds, and in which squares; None stands for all."""

    kinds: Container[str] | None = None
    squares: frozenset[int] | None = None

    def has(self, change: Change) -> bool:
        """Tell whether the view may show another thing after a change."""
        is_kind = self.kinds is None or change.kind in self.kinds
        if not is_kind or self.squares is None or change.squares is None:
            return is_kind
        return not self.squares.isdisjoint(change.squares)


ALL: Final = Scope()


@dataclass(frozen=True)
class Drawn:
    """What a view shows: its name, the whole, its parts by id, and when time alone makes it old.

    `zone` is by which clock it tells the time, `scope` what it can show as things stand.
    """

    name: str
    whole: str
    parts: Mapping[str, str]
    as_of: datetime
    until: datetime
    zone: str
    scope: Scope = ALL

    @cached_property
    def digests(self) -> dict[str, str]:
        """Return the digest of each part."""
        return {name: hashlib.blake2b(part.encode(), digest_size=6).hexdigest()
                for name, part in self.parts.items()}  # fmt: skip

    @cached_property
    def version(self) -> str:
        """Return what stands for all that is shown: it changes with it, and with nothing else."""
        return "-".join(self.digests.values())

    def other_than(self, version: str) -> dict[str, str]:
        """Return the parts that somebody who has `version` does not have."""
        had = version.split("-")
        if len(had) != len(self.parts):
            return dict(self.parts)
        return {name: self.parts[name]
                for (name, digest), old in zip(self.digests.items(), had, strict=True)
                if digest != old}  # fmt: skip


@dataclass
class Picture:
    """What was drawn of a view when its state's boards had changed so often; it stood since then."""

    view: View
    changes: int
    drawn: Drawn

    def shows(self, change: Change) -> bool:
        """Tell whether a change of its side's board may show on it."""
        return change.agency in (None, self.view.agency) and self.drawn.scope.has(change)


class Changes:
    """What changed on the boards of each state, as far as this process has seen, and how often."""

    def __init__(self) -> None:
        self._looking, self._noting = threading.Lock(), threading.Lock()
        self._seen: str | None = None
        self._at = -math.inf
        self._all = 0
        self._of: defaultdict[str, int] = defaultdict(int)
        self._last: defaultdict[str, deque[Change]] = defaultdict(lambda: deque(maxlen=REMEMBERED))

    @property
    def are_old(self) -> bool:
        """Tell whether it is time for a look."""
        return time.monotonic() - self._at >= PAUSE

    def look(self, at_once: bool = False) -> None:
        """See what was committed, if it is time for that or somebody has to know at once.

        Others go on with what they know while one looks, unless that is older than a second.
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
        since = self._seen if began - self._at < GAP else None
        found = look(db.engine, since)
        with self._noting:
            if since is None:
                self._last.clear()
                self._all += 1  # of this change nothing is known
            for change in found.changes:
                self._last[change.state].append(change)
                self._of[change.state] += 1
        self._seen, self._at = found.seen, began

    def of(self, side: Side) -> int:
        """Return a number that grows with each change of a side's board, and may grow without one."""
        return self._all + self._of[side[0]]

    def since(self, side: Side, number: int) -> tuple[int, list[Change] | None]:
        """Return the number of a side's board, and what changed since another; None where not all is known."""
        with self._noting:
            now, last = self.of(side), [*self._last[side[0]]]
        many = max(now - number, 0)  # another reader may have moved it on meanwhile
        if many > len(last):
            return now, None
        return now, [change for change in last[len(last) - many :] if change.is_of(side)]


class Live:
    """The pictures that a process keeps, and its answers from memory."""

    def __init__(self, app: Flask, secret: str, clock: Clock) -> None:
        self._app, self._clock, self._answer = app, clock, app.wsgi_app
        self._changes = Changes()
        self._tickets = URLSafeTimedSerializer(secret, salt="live")
        self._kept: dict[str, Picture] = {}
        self._keeping = threading.Lock()
        self._drawing = [threading.Lock() for _ in range(DRAWING)]
        self.build = _build(app)

    def drawn(self, view: View, draw: Callable[[], Drawn], at_once: bool = False) -> Drawn:
        """Return what a view shows, from memory where that still stands.

        With `at_once` it is as of this very moment, for who has just changed something himself.
        """
        if current_app.testing:  # whose transactions no look can see
            return draw()
        self._changes.look(at_once)
        with self._drawing[hash(view.name) % DRAWING]:  # of many who ask at once, one draws
            kept = self._kept.get(view.name)
            if kept is not None and self._stands(kept):
                return kept.drawn
            changes = self._changes.of(view.side)  # before it is drawn: what comes meanwhile counts
            made = draw()
            self._keep(view.name, Picture(view, changes, made))
        return made

    def _keep(self, name: str, picture: Picture) -> None:
        with self._keeping:
            self._kept.pop(name, None)
            self._kept[name] = picture
            if len(self._kept) > MOST:
                del self._kept[next(iter(self._kept))]

    def ticket(self, view: View) -> str:
        """Return a ticket for who was just authenticated and has the view."""
        return str(self._tickets.dumps(view.name))

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        """Answer that nothing changed, or let the application answer."""
        ticket, version = environ.get("HTTP_SALSA_TICKET"), environ.get("HTTP_IF_NONE_MATCH")
        is_asked = ticket and version and environ["PATH_INFO"].endswith("/live")
        if is_asked and self._is_unchanged(ticket, version):
            REQUESTS.labels("GET", "live", 304).inc()
            start("304 Not Modified", [("ETag", version), ("Cache-Control", "private, no-store"),
                                       (BUILD, self.build)])  # fmt: skip
            return ()
        return self._answer(environ, start)

    def _is_unchanged(self, ticket: str, version: str) -> bool:
        try:
            kept = self._kept.get(self._tickets.loads(ticket, max_age=TICKET))
            if kept is None or version != etag(kept.drawn.version):
                return False
            if self._changes.are_old:
                with self._app.app_context():
                    self._changes.look()
        except (BadData, SQLAlchemyError):
            return False
        return self._stands(kept)

    def _stands(self, kept: Picture) -> bool:
        """Tell whether nothing changed that a picture shows; what it does not show is behind it then."""
        if kept.drawn.until <= self._clock.now():
            return False
        if self._changes.of(kept.view.side) == kept.changes:
            return True
        number, since = self._changes.since(kept.view.side, kept.changes)
        if since is None or any(map(kept.shows, since)):
            return False
        kept.changes = number
        return True


def _build(app: Flask) -> str:
    """Return what tells this version of the service, with its pages and their files, from another."""
    told = hashlib.blake2b(app.config["API_VERSION"].encode(), digest_size=8)
    folders = [Path(app.root_path, str(app.template_folder)), Path(str(app.static_folder))]
    for path in sorted(file for folder in folders for file in folder.glob("*.*")):
        told.update(path.read_bytes())
    return told.hexdigest()


def etag(version: str) -> str:
    """Return a version as the weak ETag that it is: of what is shown, not of the bytes."""
    return f'W/"{version}"'


def register(app: Flask) -> None:
    """Let the application keep pictures; `TICKETS` is the secret that all its processes share."""
    app.extensions["live"] = app.wsgi_app = Live(  # type: ignore[method-assign]
        app, app.config["TICKETS"], app.config["CLOCK"]
    )


def live() -> Live:
    """Return the pictures of the application that is running."""
    found = current_app.extensions["live"]
    assert isinstance(found, Live)
    return found
