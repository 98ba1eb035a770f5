"""Open boards that follow changes by polling, with other users; the service's time is measured separately."""

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

from benchmarks import harness
from benchmarks.harness import Client, make_client
from salsa_ext.database.session import db
from salsa_ext.reference.models import Post

POLL_SECONDS: Final = (1.0, 1.25)
"""A page asks again after so many seconds; see `static/live.js`."""
WRITES_PER_SECOND: Final = 0.5
"""Ticks a second, each at another post."""
REQUESTS_PER_SECOND: Final = 20
"""Requests of other users a second."""
WARM_UP_SECONDS: Final = 120
"""Seconds at most until all boards have their first picture."""
WAYS: Final = ("none", "polls")


@dataclass
class OpenBoard:
    """Open board, and the time of an unseen checkpoint at its post."""

    state: str
    post: str
    token: str
    version: str = ""
    missed: float | None = None

    @property
    def address(self) -> str:
        """Return the URL path of its updates."""
        return f"/posts/{self.post}/board/live"


@dataclass
class Measurement:
    """Measurement of one way: seconds to see a change, to answer others."""

    delays: list[float] = field(default_factory=list)
    others: list[float] = field(default_factory=list)
    asked: int = 0
    refused: int = 0
    service: float = 0
    database: float = 0
    load: float = 0
    wall: float = 0


def run(
    app: Flask, home: Path, opened: int, rounds: int, seconds: int, path: Path
) -> dict[str, Measurement]:
    """Measure each way in turns and write the results."""
    boards, workers = _open_boards(app, opened), _officers(app)
    shipments = _shipments(workers)
    measurements = {way: Measurement() for way in WAYS}
    url = db.engine.url.render_as_string(hide_password=False).replace("+psycopg2", "")
    environment = os.environ | {
        "SALSA_DATABASE_URL": url,
        "SALSA_WORKER_URL": str(app.config["WORKER_URL"]),
        "SALSA_HOME": str(home),
    }
    with ExitStack() as stack:
        port, service = stack.enter_context(
            harness.serve_module(
                environment, lambda port: ["api.cli", "serve", "--port", str(port)]
            )
        )
        for number in range(rounds):
            for way in WAYS[number % 2 :] + WAYS[: number % 2]:
                turn = Turn(port, boards, workers, shipments, measurements[way])
                roots = (service, harness.database_root_pid())
                asyncio.run(turn.run(way, seconds, partial(_add_usage, measurements[way], roots)))
    _write_results(measurements, opened, path)
    return measurements


@contextmanager
def _add_usage(measurement: Measurement, roots: Sequence[int]) -> Iterator[None]:
    """Add the usage of the block."""
    asked, measurement.asked = measurement.asked, 0
    before, own, began = (
        [harness.tree_cpu_seconds(root) for root in roots],
        time.process_time(),
        time.perf_counter(),
    )
    yield
    measurement.load += time.process_time() - own
    measurement.wall += time.perf_counter() - began
    measurement.asked += asked
    used = [
        sum(then - first.get(pid, 0.0) for pid, then in harness.tree_cpu_seconds(root).items())
        for root, first in zip(roots, before, strict=True)
    ]
    measurement.service += used[0]
    measurement.database += used[1]


@dataclass
class Turn:
    """One way, for some seconds."""

    port: int
    boards: Sequence[OpenBoard]
    workers: dict[str, Client]
    shipments: dict[str, list[tuple[str, str]]]
    found: Measurement

    async def run(self, way: str, seconds: int, measured: Callable[[], Any]) -> None:
        """Open boards, write and work for some seconds, within `measured`."""
        for board in self.boards:
            board.version = ""
        polled = self.boards if way == "polls" else []
        tasks = [asyncio.create_task(self.poll(board)) for board in polled]
        if tasks:
            await self.shown()
        until = time.perf_counter() + seconds
        with measured():
            await asyncio.gather(self.write(until, way), self.work(until))
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def shown(self) -> None:
        """Wait until every board is loaded."""
        until = time.perf_counter() + WARM_UP_SECONDS
        while not all(board.version for board in self.boards) and time.perf_counter() < until:
            await asyncio.sleep(0.1)
        await asyncio.sleep(2)

    async def poll(self, board: OpenBoard) -> None:
        """Poll as a page does."""
        await asyncio.sleep(random.uniform(0, 5))
        async with _connect(self.port) as line:
            while True:
                await self.look(line, board)
                await asyncio.sleep(random.uniform(*POLL_SECONDS))

    async def look(self, line: Connection, board: OpenBoard) -> None:
        """Read the updates once."""
        status, headers, _ = await line.ask(
            "GET",
            board.address,
            f"Cookie: salsa_session={board.token}\r\nAccept: application/json\r\nAccept-Encoding: gzip\r\n"
            f'If-None-Match: W/"{board.version}"',
        )
        self.found.asked += 1
        if status == 200:
            board.version = headers["etag"].removeprefix('W/"').removesuffix('"')
            if board.missed is not None:
                self.found.delays.append(time.perf_counter() - board.missed)
                board.missed = None
        elif status != 304:
            self.found.refused += 1

    async def write(self, until: float, way: str) -> None:
        """Write checkpoints, one post after the other."""
        posts = sorted({board.post for board in self.boards})
        async with _connect(self.port) as line:
            while time.perf_counter() < until:
                post = random.choice(posts)
                state, shipment = self.ticked(post)
                outcome = random.choice(("held", "passed"))
                body = {
                    "stage": "exit",
                    "post": post,
                    "outcome": outcome,
                    "occurred_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
                }
                status, _, _ = await line.ask(
                    "POST",
                    f"/api/v1/shipments/{shipment}/checkpoints",
                    _headers(self.workers[state]),
                    json.dumps(body),
                )
                if status != 201:  # it was passed before
                    continue
                for board in self.boards:
                    if board.post == post and board.missed is None and way != "none":
                        board.missed = time.perf_counter()
                await asyncio.sleep(1 / WRITES_PER_SECOND)
        await asyncio.sleep(3)  # until the last was shown
        for board in self.boards:
            if board.missed is not None:
                self.found.delays.append(float("inf"))
                board.missed = None

    def ticked(self, post: str) -> tuple[str, str]:
        """Return a shipment of a post, each in turn."""
        self.shipments[post].append(self.shipments[post].pop(0))
        return self.shipments[post][-1]

    async def work(self, until: float) -> None:
        """Send requests of other users at even intervals."""
        begin, count = time.perf_counter(), 0
        tasks = []
        while time.perf_counter() < until:
            tasks.append(asyncio.create_task(self.ask(count)))
            count += 1
            await asyncio.sleep(max(0, begin + count / REQUESTS_PER_SECOND - time.perf_counter()))
        await asyncio.gather(*tasks)

    async def ask(self, number: int) -> None:
        """Send a request of another user: shipment, posts or check."""
        began = time.perf_counter()
        post = random.choice(sorted(self.shipments))
        state, shipment = random.choice(self.shipments[post])
        async with _connect(self.port) as line:
            if number % 4 == 3:
                body = {"serial": f"TKA{number:05}", "purpose": "border", "incident": "1"}
                request = (
                    "POST",
                    "/api/v1/checks",
                    _headers(self.workers[state]),
                    json.dumps(body),
                )
            else:
                way = (
                    f"/api/v1/posts?state={state}"
                    if number % 4
                    else f"/api/v1/shipments/{shipment}"
                )
                request = ("GET", way, _headers(self.workers[state]), "")
            status, _, text = await line.ask(*request)
        assert status in (200, 201), text
        self.found.others.append(time.perf_counter() - began)


class Connection:
    """Persistent connection with minimal HTTP."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def send(self, method: str, path: str, headers: str, body: str = "") -> None:
        """Send a request."""
        self.writer.write(
            f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
        )

    async def ask(
        self, method: str, path: str, headers: str, body: str = ""
    ) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and body of the answer."""
        self.send(method, path, headers, body)
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        header_values = dict(_parse_header(line) for line in head[1:] if line)
        length = int(header_values.get("content-length", 0))
        return (
            int(head[0].split()[1]),
            header_values,
            await self.reader.readexactly(length) if length else b"",
        )


def _parse_header(line: str) -> tuple[str, str]:
    name, _, value = line.partition(": ")
    return name.lower(), value


@asynccontextmanager
async def _connect(port: int) -> AsyncIterator[Connection]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
    try:
        yield Connection(reader, writer)
    finally:
        writer.close()


def _headers(worker: Client) -> str:
    return f"Authorization: {worker.headers['Authorization']}\r\nContent-Type: application/json"


def _open_boards(app: Flask, count: int) -> list[OpenBoard]:
    posts = db.session.scalars(
        select(Post).where(Post.state_b.is_not(None)).order_by(Post.code)
    ).all()
    sides = [(state, post.code) for post in posts for state in (post.state_a, post.state_b)]
    db.session.remove()
    tokens = {
        state: make_client(app, state, "border_officer", "border").session
        for state in sorted({state for state, _ in sides})
    }
    return [
        OpenBoard(*sides[at % len(sides)], tokens[sides[at % len(sides)][0]]) for at in range(count)
    ]


def _officers(app: Flask) -> dict[str, Client]:
    """Return an officer for each state with a post."""
    posts = db.session.scalars(select(Post).where(Post.state_b.is_not(None))).all()
    states = sorted({state for post in posts for state in (post.state_a, post.state_b)})
    db.session.remove()
    return {state: make_client(app, state, "border_officer", "border") for state in states}


def _shipments(workers: dict[str, Client]) -> dict[str, list[tuple[str, str]]]:
    """Return the departing shipments by post."""
    shipments: dict[str, list[tuple[str, str]]] = {}
    for state, worker in workers.items():
        for post in worker.get(f"/posts?state={state}&limit=200")["items"]:
            due = worker.get(f"/posts/{post['code']}/board")["due"]
            leaving = [
                (state, shipment["id"]) for shipment in due if shipment["exporting_state"] == state
            ]
            shipments.setdefault(post["code"], []).extend(leaving)
    return shipments


def _write_results(measurements: dict[str, Measurement], opened: int, path: Path) -> None:
    print(
        f"{opened} open boards, {WRITES_PER_SECOND} ticks and {REQUESTS_PER_SECOND} requests of others a second"
    )
    print(
        f"{'':<8}{'delay p50 s':>12}{'p95':>8}{'most':>8}{'others p50 ms':>15}{'p95':>8}{'ratio':>7}"
        f"{'asked/s':>9}{'service %':>11}{'database %':>12}{'load %':>8}"
    )
    base, results = _percentile(measurements["none"].others, 95), {}
    for way, measurement in measurements.items():
        row = {
            "delay_p50": _percentile(measurement.delays, 50),
            "delay_p95": _percentile(measurement.delays, 95),
            "delay_most": max(measurement.delays, default=0),
            "others_p50_ms": _percentile(measurement.others, 50) * 1e3,
            "others_p95_ms": _percentile(measurement.others, 95) * 1e3,
            "ratio": _percentile(measurement.others, 95) / base,
            "asked": measurement.asked / measurement.wall,
            "service": measurement.service / measurement.wall * 100,
            "database": measurement.database / measurement.wall * 100,
            "load": measurement.load / measurement.wall * 100,
        }
        results[way] = row | {
            "refused": measurement.refused,
            "changes_shown": len(measurement.delays),
        }
        print(
            f"{way:<8}{row['delay_p50']:>12.2f}{row['delay_p95']:>8.2f}{row['delay_most']:>8.2f}"
            f"{row['others_p50_ms']:>15.1f}{row['others_p95_ms']:>8.1f}{row['ratio']:>7.2f}{row['asked']:>9.0f}"
            f"{row['service']:>11.1f}{row['database']:>12.1f}{row['load']:>8.1f}"
            f"  refused {measurement.refused}"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(results, indent=1))
    print(f"written to {path}")


def _percentile(values: Sequence[float], percent: int) -> float:
    if len(values) < 2:
        return max(values, default=0.0)
    if float("inf") in values:
        ordered = sorted(values)
        return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]
    return quantiles(values, n=100)[percent - 1]
