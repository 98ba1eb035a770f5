"""Many open boards, told of changes by polling or by server-sent events, beside other users of the service.

The service and the other process run as they do in earnest; who looks on and who works is this
process, whose own processor time is told apart. The ways are measured in turns.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import quantiles
from typing import Any, Final

from flask import Flask
from sqlalchemy import select

from benchmarks import processes
from benchmarks.callers import Caller, caller
from salsa_ext.db import db
from salsa_ext.models import Post

OFTEN: Final = (1.0, 1.25)
"""A page asks again after so many seconds; see `static/live.js`."""
WRITES: Final = 0.5
"""Ticks a second, each at another post."""
OTHERS: Final = 20
"""Requests of other users a second."""
LOOK: Final = 0.25
"""For so many seconds a process of the service goes by what it knew (`live.PAUSE`)."""
WARM: Final = 120
"""Seconds at most until all boards have their first picture."""
WAYS: Final = ("none", "polls", "events")


@dataclass
class Board:
    """One open board, and the moment of the last tick at its post that it has not shown yet."""

    state: str
    post: str
    token: str
    version: str = ""
    ticket: str = ""
    missed: float | None = None

    @property
    def address(self) -> str:
        """Return where it asks for what changed."""
        return f"/posts/{self.post}/board/live"


@dataclass
class Seen:
    """What was measured of one way: seconds until a tick was seen, and until others were answered."""

    seen: list[float] = field(default_factory=list)
    others: list[float] = field(default_factory=list)
    asked: int = 0
    refused: int = 0
    service: float = 0
    database: float = 0
    stream: float = 0
    load: float = 0
    wall: float = 0


def run(
    app: Flask, home: Path, opened: int, rounds: int, seconds: int, path: Path
) -> dict[str, Seen]:
    """Measure each way so many seconds a round, and show what each cost."""
    boards, workers = _boards(app, opened), _workers(app)
    shipments = _shipments(workers)
    found = {way: Seen() for way in WAYS}
    url = db.engine.url.render_as_string(hide_password=False).replace("+psycopg2", "")
    environment = os.environ | {"SALSA_DATABASE_URL": url, "SALSA_HOME": str(home)}
    with ExitStack() as stack:
        port, service = stack.enter_context(processes.served(
            environment, lambda port: ["api.cli", "serve", "--port", str(port)]))  # fmt: skip
        events, stream = stack.enter_context(processes.served(environment, lambda port: [
            "granian", "--interface", "asgi", "--port", str(port), "benchmarks.streams:app"
        ]))  # fmt: skip
        for number in range(rounds):
            for way in WAYS[number % 3 :] + WAYS[: number % 3]:
                turn = Turn(port, events, boards, workers, shipments, found[way])
                roots = (service, stream, processes.database())
                asyncio.run(turn.run(way, seconds, partial(_measured, found[way], roots)))
    _show(found, opened, path)
    return found


@contextmanager
def _measured(seen: Seen, roots: Sequence[int]) -> Iterator[None]:
    """Add what is used while the block runs."""
    asked, seen.asked = seen.asked, 0
    before, own, began = (
        [processes.used(root) for root in roots],
        time.process_time(),
        time.perf_counter(),
    )
    yield
    seen.load += time.process_time() - own
    seen.wall += time.perf_counter() - began
    seen.asked += asked
    used = [sum(then - first.get(pid, 0.0) for pid, then in processes.used(root).items())
            for root, first in zip(roots, before, strict=True)]  # fmt: skip
    seen.service, seen.stream = seen.service + used[0], seen.stream + used[1]
    seen.database += used[2]


@dataclass
class Turn:
    """One way, for some seconds."""

    port: int
    events: int
    boards: Sequence[Board]
    workers: dict[str, Caller]
    shipments: dict[str, list[tuple[str, str]]]
    found: Seen

    async def run(self, way: str, seconds: int, measured: Callable[[], Any]) -> None:
        """Let boards be open, ticks be made, and others work; `measured` is entered for that alone."""
        for board in self.boards:
            board.version = board.ticket = ""
        looking = {"none": None, "polls": self.poll, "events": self.hear}[way]
        tasks = [asyncio.create_task(looking(board)) for board in self.boards] if looking else []
        if looking:
            await self.shown()
        until = time.perf_counter() + seconds
        with measured():
            await asyncio.gather(self.write(until, way), self.work(until))
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def shown(self) -> None:
        """Wait until every board has its first picture, and has held it for a while."""
        until = time.perf_counter() + WARM
        while not all(board.ticket for board in self.boards) and time.perf_counter() < until:
            await asyncio.sleep(0.1)
        await asyncio.sleep(2)

    async def poll(self, board: Board) -> None:
        """Ask again and again, as a page does."""
        await asyncio.sleep(random.uniform(0, 5))
        async with _line(self.port) as line:
            while True:
                await self.look(line, board)
                await asyncio.sleep(random.uniform(*OFTEN))

    async def hear(self, board: Board) -> None:
        """Listen, and ask when something is said."""
        await asyncio.sleep(random.uniform(0, 5))
        async with _line(self.events) as stream:
            await self.look_anew(board)
            stream.send(
                "GET", f"/posts/{board.post}/board/events", f"Cookie: salsa_session={board.token}"
            )
            while text := await stream.reader.readline():
                if text.startswith(b"event:"):
                    board.ticket = ""  # a page that was told has nothing to gain by it
                    await asyncio.sleep(LOOK)
                    await self.look_anew(board)

    async def look_anew(self, board: Board) -> None:
        """Ask once on a connection of its own: one that is idle until something is told was closed."""
        async with _line(self.port) as line:
            await self.look(line, board)

    async def look(self, line: Line, board: Board) -> None:
        """Ask once for what changed."""
        status, headers, _ = await line.ask("GET", board.address,
            f"Cookie: salsa_session={board.token}\r\nAccept: application/json\r\nAccept-Encoding: gzip\r\n"
            f'If-None-Match: W/"{board.version}"\r\nSalsa-Ticket: {board.ticket}')  # fmt: skip
        self.found.asked += 1
        board.ticket = headers.get("salsa-ticket", board.ticket)
        if status == 200:
            board.version = headers["etag"].removeprefix('W/"').removesuffix('"')
            if board.missed is not None:
                self.found.seen.append(time.perf_counter() - board.missed)
                board.missed = None
        elif status != 304:
            self.found.refused += 1

    async def write(self, until: float, way: str) -> None:
        """Tick at one post after the other, for its boards to show it."""
        posts = sorted({board.post for board in self.boards})
        async with _line(self.port) as line:
            while time.perf_counter() < until:
                post = random.choice(posts)
                state, shipment = self.ticked(post)
                outcome = random.choice(("held", "passed"))
                body = {"stage": "exit", "post": post, "outcome": outcome,
                        "occurred_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}  # fmt: skip
                status, _, _ = await line.ask(
                    "POST", f"/api/v1/shipments/{shipment}/checkpoints",
                    _headers(self.workers[state]), json.dumps(body))  # fmt: skip
                if status != 201:  # it was passed before
                    continue
                for board in self.boards:
                    if board.post == post and board.missed is None and way != "none":
                        board.missed = time.perf_counter()
                await asyncio.sleep(1 / WRITES)
        await asyncio.sleep(3)  # until the last was seen
        for board in self.boards:
            if board.missed is not None:
                self.found.seen.append(float("inf"))
                board.missed = None

    def ticked(self, post: str) -> tuple[str, str]:
        """Return a shipment, each in turn: one that was ticked a moment ago would look the same."""
        self.shipments[post].append(self.shipments[post].pop(0))
        return self.shipments[post][-1]

    async def work(self, until: float) -> None:
        """Let others ask at even times, whatever is answered when."""
        begin, count = time.perf_counter(), 0
        tasks = []
        while time.perf_counter() < until:
            tasks.append(asyncio.create_task(self.ask(count)))
            count += 1
            await asyncio.sleep(max(0, begin + count / OTHERS - time.perf_counter()))
        await asyncio.gather(*tasks)

    async def ask(self, number: int) -> None:
        """Ask as another user does: for a shipment, for the posts of a state, or whether a gun is known."""
        began = time.perf_counter()
        post = random.choice(sorted(self.shipments))
        state, shipment = random.choice(self.shipments[post])
        async with _line(self.port) as line:
            if number % 4 == 3:
                body = {"serial": f"TKA{number:05}", "purpose": "border", "incident": "1"}
                asked = ("POST", "/api/v1/checks", _headers(self.workers[state]), json.dumps(body))
            else:
                way = (
                    f"/api/v1/posts?state={state}"
                    if number % 4
                    else f"/api/v1/shipments/{shipment}"
                )
                asked = ("GET", way, _headers(self.workers[state]), "")
            status, _, text = await line.ask(*asked)
        assert status in (200, 201), text
        self.found.others.append(time.perf_counter() - began)


class Line:
    """A connection that is kept, and speaks as much HTTP as is needed here."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def send(self, method: str, path: str, headers: str, body: str = "") -> None:
        """Send a request."""
        self.writer.write(f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n"
                          f"Content-Length: {len(body)}\r\n\r\n{body}".encode())  # fmt: skip

    async def ask(
        self, method: str, path: str, headers: str, body: str = ""
    ) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and body of the answer."""
        self.send(method, path, headers, body)
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        told = dict(_header(one) for one in head[1:] if one)
        length = int(told.get("content-length", 0))
        return (
            int(head[0].split()[1]),
            told,
            await self.reader.readexactly(length) if length else b"",
        )


def _header(line: str) -> tuple[str, str]:
    name, _, value = line.partition(": ")
    return name.lower(), value


@asynccontextmanager
async def _line(port: int) -> AsyncIterator[Line]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
    try:
        yield Line(reader, writer)
    finally:
        writer.close()


def _headers(worker: Caller) -> str:
    return f"Authorization: {worker.headers['Authorization']}\r\nContent-Type: application/json"


def _boards(app: Flask, count: int) -> list[Board]:
    posts = db.session.scalars(select(Post).order_by(Post.code)).all()
    sides = [(state, post.code) for post in posts for state in (post.state_a, post.state_b)]
    db.session.remove()
    tokens = {
        state: caller(app, state, "border_officer", "border").headers["Authorization"].split()[1]
        for state in sorted({state for state, _ in sides})
    }
    return [
        Board(*sides[at % len(sides)], tokens[sides[at % len(sides)][0]]) for at in range(count)
    ]


def _workers(app: Flask) -> dict[str, Caller]:
    """Return an officer of each state that has a side of a post."""
    posts = db.session.scalars(select(Post)).all()
    states = sorted({state for post in posts for state in (post.state_a, post.state_b)})
    db.session.remove()
    return {state: caller(app, state, "border_officer", "border") for state in states}


def _shipments(workers: dict[str, Caller]) -> dict[str, list[tuple[str, str]]]:
    """Return what leaves by each post, by the state that ticks it."""
    found: dict[str, list[tuple[str, str]]] = {}
    for state, worker in workers.items():
        for post in worker.get(f"/posts?state={state}&limit=200")["items"]:
            due = worker.get(f"/posts/{post['code']}/board")["due"]
            leaving = [(state, one["id"]) for one in due if one["exporting_state"] == state]
            found.setdefault(post["code"], []).extend(leaving)
    return found


def _show(found: dict[str, Seen], opened: int, path: Path) -> None:
    print(f"{opened} open boards, {WRITES} ticks and {OTHERS} requests of others a second")
    print(f"{'':<8}{'seen p50 s':>12}{'p95':>8}{'most':>8}{'others p50 ms':>15}{'p95':>8}{'ratio':>7}"
          f"{'asked/s':>9}{'service %':>11}{'stream %':>10}{'database %':>12}{'load %':>8}")  # fmt: skip
    base, told = _part(found["none"].others, 95), {}
    for way, one in found.items():
        row = {
            "seen_p50": _part(one.seen, 50), "seen_p95": _part(one.seen, 95),
            "seen_most": max(one.seen, default=0),
            "others_p50_ms": _part(one.others, 50) * 1e3, "others_p95_ms": _part(one.others, 95) * 1e3,
            "ratio": _part(one.others, 95) / base, "asked": one.asked / one.wall,
            "service": one.service / one.wall * 100, "stream": one.stream / one.wall * 100,
            "database": one.database / one.wall * 100, "load": one.load / one.wall * 100,
        }  # fmt: skip
        told[way] = row | {"refused": one.refused, "changes_seen": len(one.seen)}
        print(f"{way:<8}{row['seen_p50']:>12.2f}{row['seen_p95']:>8.2f}{row['seen_most']:>8.2f}"
              f"{row['others_p50_ms']:>15.1f}{row['others_p95_ms']:>8.1f}{row['ratio']:>7.2f}{row['asked']:>9.0f}"
              f"{row['service']:>11.1f}{row['stream']:>10.1f}{row['database']:>12.1f}{row['load']:>8.1f}"
              f"  refused {one.refused}")  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(told, indent=1))
    print(f"written to {path}")


def _part(values: Sequence[float], percent: int) -> float:
    if len(values) < 2:
        return max(values, default=0.0)
    if float("inf") in values:
        ordered = sorted(values)
        return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]
    return quantiles(values, n=100)[percent - 1]
