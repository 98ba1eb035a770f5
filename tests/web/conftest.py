"""Visitors of the pages: without a browser, and with Debian's Chromium on a served application."""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

from api.app import create_app
from salsa_ext.clock import FixedClock
from salsa_ext.db import db, transaction
from salsa_ext.policy.rules import operator
from salsa_ext.services import accounts
from salsa_ext.services.accounts import AccountData
from tests import actors, agencies
from tests.conftest import NOW, Server, cheap_passwords
from tests.web import scenes
from tests.web.visitors import PASSWORD, Visitor, browser

CHROMIUM = Path("/usr/bin/chromium")
SEATS = {
    "username": ("PRY", "border_officer"), "licensing": ("PRY", "licensing_officer"),
    "police": ("PRY", "police_officer"), "analyst": ("PRY", "trace_analyst"),
    "asking": ("BRA", "trace_analyst"),
}  # fmt: skip
"""Who has an account of a site, by the names of its fields."""
REFUSED = "the server responded with a status of 422"  # a form that was not filled in well
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]


def open_account(state: str | None, role: str) -> str:
    """Open an account with PASSWORD and return its user name; wants an application context.

    What a password costs to hash is real where that is tested: in tests of accounts and signing in.
    """
    acting = operator(state, clock=FixedClock(NOW))
    with transaction(acting), cheap_passwords():
        agency = f"{state}-TEST" if state else "SECRETARIAT"
        data = AccountData(username(state, role), role, agency, PASSWORD)
        accounts.open_account(actor=acting, data=data)
    return username(state, role)


def username(state: str | None, role: str) -> str:
    """Return the user name of the account of a role."""
    return f"{state.lower()}.{role}" if state else role


@pytest.fixture
def account(session: None) -> Callable[..., str]:
    """Open an account and return its user name: `account("BRA", "border_officer")`."""
    return open_account


@pytest.fixture
def visitor(app: Flask, session: None) -> Visitor:
    """Somebody who is not signed in."""
    return Visitor(browser(app))


@pytest.fixture
def signed_in(app: Flask, account: Callable[..., str]) -> Callable[..., Visitor]:
    """Return somebody who is signed in: `signed_in("BRA", "border_officer")`."""

    def make(state: str | None, role: str) -> Visitor:
        somebody = Visitor(browser(app))
        somebody.sign_in(account(state, role))
        return somebody

    return make


@dataclass(frozen=True)
class Site:
    """An application that listens: a busy post, an officer of it, one of the desk, police, analysts.

    The one of `asking` is Brazil's, and asks Paraguay.
    """

    url: str
    username: str
    licensing: str
    police: str
    analyst: str
    asking: str


@dataclass(frozen=True)
class Prepared:
    """An application that listens for as long as there are tests, and what each test finds in it."""

    app: Flask
    url: str
    database: str
    scene: str


@pytest.fixture(scope="session")
def prepared(
    server: Server, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Prepared]:
    """The application without its database, of which another is the pattern."""
    database, scene = (f"salsa_{secrets.token_hex(6)}" for _ in range(2))
    home = tmp_path_factory.mktemp("site")
    server.make(scene, template)
    agencies.register(server.url("owner", scene))
    _fill(create_app(server.config(scene, home), FixedClock(NOW)))
    app = create_app(server.config(database, home), FixedClock(NOW))
    listening = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=listening.serve_forever)
    thread.start()
    yield Prepared(app, f"http://127.0.0.1:{listening.server_port}", database, scene)
    listening.shutdown()
    thread.join()
    listening.server_close()
    server.drop(scene)


def _fill(app: Flask) -> None:
    """Let there be the accounts and all that they see."""
    with app.app_context():
        for state, role in SEATS.values():
            open_account(state, role)
        scenes.waiting_requests(lambda state, role: _caller(app, state, role))
        scenes.busy_post(lambda state, role: _caller(app, state, role))
        scenes.tell("PRY", "A-LATE", "A-DUE", "A-NEXT")
        db.engine.dispose()


@pytest.fixture
def site(server: Server, prepared: Prepared) -> Iterator[Site]:
    """The application on a port of this machine, over a database of the test's own."""
    server.make(prepared.database, prepared.scene)
    yield Site(prepared.url, **{seat: username(*who) for seat, who in SEATS.items()})
    with prepared.app.app_context():
        db.engine.dispose()
    server.drop(prepared.database)


def _caller(served: Flask, state: str, role: str) -> actors.Client:
    token = actors.token(state, role, NOW, None, timedelta(days=1))
    return actors.Client(served.test_client(), token)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium; where it is missing the test is skipped, or fails if it is required."""
    if not CHROMIUM.exists():
        missing = f"{CHROMIUM} is missing: apt-get install chromium"
        if "browser" in os.environ.get("SALSA_REQUIRE", ""):
            pytest.fail(missing)
        pytest.skip(missing)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(params=[(360, 740), (1280, 800)], ids=["phone", "desk"])
def page(chromium: Browser, site: Site, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page on a phone and on a desk; fails at the end if the console told of an error.

    It is closed before the site is, which would reset what the browser still loads.
    """
    width, height = request.param
    opened = chromium.new_page(viewport={"width": width, "height": height})
    said: list[str] = []
    opened.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
    opened.on("pageerror", lambda error: said.append(f"error: {error}"))
    yield opened
    opened.close()
    loud = [text for text in said if text.startswith(("error", "warning")) and REFUSED not in text]
    assert loud == []
