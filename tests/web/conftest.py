"""Visitors of the pages: without a browser, and with Debian's Chromium on a served application."""

import os
import re
import secrets
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from werkzeug.serving import make_server

from api.app import create_app
from api.http.auth import SESSION_COOKIE
from salsa_ext.access.rules import operator
from salsa_ext.administration import accounts
from salsa_ext.administration.accounts import AccountData
from salsa_ext.core.clock import FixedClock
from salsa_ext.core.config import Config
from salsa_ext.database.session import db, transaction
from tests.conftest import NOW, FillOnce, Server, cheap_passwords
from tests.support import actors, agencies
from tests.support.grounds import Grounds, beginning
from tests.support.jobs import finish_waiting, jobs_to_idle
from tests.support.sizes import sized
from tests.web import regions, scenes, trucks
from tests.web.visitors import PASSWORD, Visitor, browser

CHROMIUMS = [Path("/usr/bin/chromium-headless-shell"), Path("/usr/bin/chromium")]
"""The same engine without the windows of a browser, which take a third of the time; else the whole."""
DEEP_LINK = "escaping deep link whitespace"  # Swagger UI, of every operation id with a _
REFUSED = re.compile("the server responded with a status of (403|422)")
"""A form that was not filled in well, or a password that has to be changed first."""
LOST = re.compile(
    r"net::ERR_|the server responded with a status of (401|403|409|412|422)|Failed to fetch"
)
"""What the console tells of a line that was cut, and of what the service refused."""
SCREENS = sized({"phone": (360, 740)}, {"phone": (360, 740), "desk": (1280, 800)})
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]


def open_account(state: str | None, role: str, username: str | None = None) -> str:
    """Open an account with PASSWORD and return its user name; wants an application context.

    What a password costs to hash is real where that is tested: in tests of accounts and signing in.
    """
    acting = operator(state, clock=FixedClock(NOW))
    username = username or (f"{state.lower()}.{role}" if state else role)
    with transaction(acting), cheap_passwords():
        data = AccountData(username, role, f"{state}-TEST" if state else "SECRETARIAT", PASSWORD)
        accounts.open_account(actor=acting, data=data)
    return username


@pytest.fixture
def account(session: None) -> Callable[..., str]:
    """Open an account and return its user name: `account("BRA", "border_officer")`."""
    return open_account


@pytest.fixture
def visitor(app: Flask, session: None) -> Visitor:
    """Someone who is not signed in."""
    return Visitor(browser(app))


def entered(app: Flask, state: str | None, role: str) -> str:
    """Open an account and sign in; returns the cookie of the session."""
    someone = Visitor(browser(app))
    someone.sign_in(open_account(state, role))
    cookie = someone.client.get_cookie(SESSION_COOKIE)
    assert cookie is not None
    return cookie.value


@pytest.fixture
def signed_in(app: Flask, session: None, grounds: Grounds) -> Callable[..., Visitor]:
    """Return someone who is signed in: `signed_in("BRA", "border_officer")`."""

    def make(state: str | None, role: str) -> Visitor:
        someone = Visitor(browser(app))
        key = grounds.of(entered, app=app, state=state, role=role)
        someone.client.set_cookie(SESSION_COOKIE, key)
        return someone

    return make


@dataclass(frozen=True)
class Site:
    """An application that listens: a busy post, two officers of it, one of the desk, police, analysts.

    The one of `asking` is Brazil's, and asks Paraguay. `program(state, role)` is a client of the interface.
    """

    url: str
    username: str
    licensing: str
    police: str
    analyst: str
    asking: str
    second: str
    program: Callable[[str, str], actors.Client]


@contextmanager
def listening(served: Flask) -> Iterator[str]:
    """Serve an application on a port of this machine; gives its address.

    Jobs are done before each request, as by a worker that is never late.
    """

    def answer(environ, start):
        finish_waiting(served)
        return served(environ, start)

    server = make_server("127.0.0.1", 0, answer, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
    with served.app_context():
        db.engine.dispose()


@dataclass(frozen=True)
class Prepared:
    """A site for all tests: its database, which each test makes anew as a copy of the scene."""

    site: Site
    app: Flask
    database: Config
    scene: Config


def _fill_scene(config: Config) -> list[str]:
    """Record what all tests of a site find; returns the user names of officers."""
    agencies.register(config.migration_url or "")
    made = create_app(config, FixedClock(NOW))
    with made.app_context():
        roles = ("border_officer", "licensing_officer", "police_officer", "trace_analyst")
        names = [open_account("PRY", role) for role in roles]
        names += [open_account("BRA", "trace_analyst")]
        names += [open_account("PRY", "border_officer", "pry.second")]
        scenes.waiting_requests(lambda state, role: _caller(made, state, role))
        scenes.busy_post(lambda state, role: _caller(made, state, role))
        scenes.notify_officers("PRY", "A-LATE", "A-DUE", "A-NEXT")
        jobs_to_idle(made)
        db.engine.dispose()
    return names


@pytest.fixture(scope="session")
def prepared(
    server: Server, fill_once: FillOnce, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Prepared]:
    """Listen as long as there are tests, over what was recorded once."""
    scene, names = fill_once("scene", _fill_scene)
    home = tmp_path_factory.mktemp("site")
    shutil.copytree(scene.home, home, dirs_exist_ok=True)
    database = server.config(f"salsa_{secrets.token_hex(6)}", home)
    served = create_app(database, FixedClock(NOW))

    def program(state: str, role: str) -> actors.Client:
        with served.app_context():
            return _caller(served, state, role)

    with listening(served) as url:
        yield Prepared(Site(url, *names, program), served, database, scene)


@pytest.fixture
def registered_database(server: Server, prepared: Prepared) -> Iterator[Config]:
    """The database of a site, of the test's own: with all that it shows."""
    with server.copied(prepared.scene, prepared.database.home, prepared.database) as config:
        prepared.app.extensions["live"].clear()  # what was drawn of another database
        with prepared.app.app_context():
            db.engine.dispose()  # a page of before may have connected again, to what is gone
        yield config
        with prepared.app.app_context():
            db.engine.dispose()


@pytest.fixture
def site(registered_database: Config, prepared: Prepared) -> Site:
    """The application on a port of this machine, over a database of the test's own."""
    return prepared.site


@dataclass(frozen=True)
class Region:
    """An application that listens, with something on every page, and the ids of what it is about."""

    app: Flask
    url: str
    ids: regions.Ids
    keys: dict[str, str] = field(default_factory=dict)

    def program(self, state: str, role: str) -> actors.Client:
        """Return a program of a state, with the key of a role."""
        with self.app.app_context():
            return _caller(self.app, state, role)

    def key(self, who: str) -> str:
        """Return the cookie of someone who signed in: `key("PRY border_officer")`."""
        if who not in self.keys:
            state, _, role = who.partition(" ")
            with self.app.app_context():
                self.keys[who] = entered(self.app, state or None, role)
        return self.keys[who]


def _fill_region(config: Config) -> regions.Ids:
    agencies.register(config.migration_url or "")
    served = create_app(config, FixedClock(NOW))
    with served.app_context():
        ids = regions.make(lambda state, role: _caller(served, state, role))
        jobs_to_idle(served)
        db.engine.dispose()
    return ids


@pytest.fixture(scope="module")
def region(
    server: Server, fill_once: FillOnce, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Region]:
    """The region of `regions`, for a file of tests that only look."""
    made, ids = fill_once("region", _fill_region)
    with server.copied(made, tmp_path_factory.mktemp("region")) as config:
        served = create_app(config, FixedClock(NOW))
        with listening(served) as url:
            yield Region(served, url, ids)


def _caller(served: Flask, state: str, role: str) -> actors.Client:
    kind = "display" if role == "display" else "key"
    token = actors.token(state, role, NOW, None, timedelta(days=1), kind=kind)
    return actors.Client(served.test_client(), token)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium; where it is missing the test is skipped, or fails if it is required."""
    program = next((path for path in CHROMIUMS if path.exists()), None)
    if program is None:
        missing = "Chromium is missing: apt-get install chromium-headless-shell"
        if "browser" in os.environ.get("SALSA_REQUIRE", ""):
            pytest.fail(missing)
        pytest.skip(missing)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(program), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(params=SCREENS.values(), ids=SCREENS)
def page(chromium: Browser, site: Site, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page on a phone, in a long run on a desk too; fails at the end if the console told of an error.

    It is closed before the site is, which would reset what the browser still loads.
    """
    width, height = request.param
    opened = chromium.new_page(viewport={"width": width, "height": height})
    result: list[str] = []
    opened.on("console", lambda message: result.append(f"{message.type}: {message.text}"))
    opened.on("pageerror", lambda error: result.append(f"error: {error}"))
    yield opened
    opened.close()
    loud = [text for text in result if text.startswith(("error", "warning"))]
    assert [text for text in loud if not REFUSED.search(text) and DEEP_LINK not in text] == []


@pytest.fixture
def device(
    chromium: Browser, site: Site, request: pytest.FixtureRequest
) -> Iterator[BrowserContext]:
    """A browser that keeps what it is given, on a phone; fails if its console tells of an error of ours."""
    width, height = getattr(request, "param", (360, 740))
    context = chromium.new_context(viewport={"width": width, "height": height})
    result: list[str] = []
    context.on("console", lambda message: result.append(f"{message.type}: {message.text}"))
    context.on("weberror", lambda error: result.append(f"error: {error.error}"))
    yield context
    context.close()
    assert [text for text in result if text.startswith("error") and not LOST.search(text)] == []


@beginning
def truck(as_actor):
    """A truck that Brazil released, due at the post today, with two pistols and a seal."""
    return trucks.released(as_actor)


@pytest.fixture
def officer(signed_in):
    """A border officer of the side that the truck enters."""
    return signed_in("PRY", "border_officer")
