"""Test pages."""

import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

import api.web
from salsa_ext.access.permissions import Permission
from salsa_ext.core.codes import LANGUAGES
from salsa_ext.reference.names import labels

WEB = Path(api.web.__file__).parent
INLINE = re.compile(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)")
VENDOR = WEB / "static/vendor"


def test_the_home_page_says_what_this_is_to_who_is_not_signed_in(visitor):
    home = visitor.open("/")
    assert 'href="/sign-in"' in home and 'href="/docs"' in home


def test_the_secretariat_has_a_home_page_without_a_state(signed_in):
    assert "Secretariat" in signed_in(None, "secretariat").open("/")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_permission_has_a_name_in_every_language(session, language):
    assert labels("permission", language).keys() == set(Permission)


def test_a_page_follows_the_browsers_language_until_one_is_chosen(visitor):
    assert '<html lang="pt">' in visitor.open("/", Accept_Language="pt-BR, en;q=0.5")
    assert visitor.send("/language", {"language": "fr", "next": "/docs"}).location == "/docs"
    assert '<html lang="fr">' in visitor.open("/", Accept_Language="pt-BR")


def test_the_choice_of_a_language_leaves_the_api_alone(visitor):
    visitor.send("/language", {"language": "fr"})
    answer = visitor.client.get("/api/v1/me", headers={"Accept-Language": "es"})
    assert answer.headers["Content-Language"] == "es"


def test_an_unknown_language_changes_nothing(visitor):
    visitor.send("/language", {"language": "xx"})
    assert '<html lang="en">' in visitor.open("/")


def test_an_error_is_a_page_for_a_browser_with_the_number_of_the_request(visitor):
    page = visitor.open("/nowhere", 404, X_Request_Id="abc-123")
    assert "There is nothing at this address." in page and "abc-123" in page


@pytest.mark.parametrize(
    ("path", "accept"), [("/api/v1/nowhere", "text/html"), ("/nowhere", "*/*")]
)
def test_an_error_is_a_problem_for_the_api_and_for_programs(visitor, path, accept):
    answer = visitor.client.get(path, headers={"Accept": accept})
    assert answer.mimetype == "application/problem+json"


def test_an_error_page_needs_no_database(visitor, monkeypatch):
    def gone(*_, **__):
        raise OperationalError("SELECT", {}, Exception("gone"))

    monkeypatch.setattr("api.http.auth.authentication.authenticate_key", gone)
    visitor.client.set_cookie("salsa_session", "some")
    page = visitor.client.get("/", headers={"Accept": "text/html"})
    assert (page.status_code, page.headers["Retry-After"]) == (503, "2")
    assert "The database cannot be reached" in page.text


def test_pages_are_never_stored_and_keep_the_policy(visitor):
    headers = visitor.client.get("/").headers
    assert headers["Cache-Control"] == "no-store"
    assert "unsafe" not in headers["Content-Security-Policy"]


def test_pages_have_no_inline_styles_or_scripts():
    for template in WEB.rglob("*.html"):
        text = template.read_text()
        assert INLINE.search(text) is None, template.name


@pytest.mark.parametrize(
    "path", ["/", "/sign-in", "/docs", "/nowhere", "/verify", "/forms", "/releases"]
)
def test_a_page_has_one_heading_landmarks_and_a_name_for_every_field(visitor, path):
    outline = Outline()
    outline.feed(visitor.client.get(path, headers={"Accept": "text/html"}).text)
    assert outline.tags.count("h1") == 1
    assert {"header", "nav", "main", "footer"} <= set(outline.tags)
    assert outline.fields == outline.labels


def test_what_is_vendored_is_listed_and_unchanged():
    rows = json.loads((VENDOR / "vendor.json").read_text())
    listed = {row["path"]: row["sha256"] for row in rows}
    there = {
        str(file.relative_to(VENDOR)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in VENDOR.rglob("*")
        if file.is_file() and file.name != "vendor.json"
    }
    assert there == listed


class Outline(HTMLParser):
    """The elements of a page, the ids of its visible fields and what its labels are for."""

    def __init__(self):
        super().__init__()
        self.tags, self.fields, self.labels = [], set(), set()

    def handle_starttag(self, tag, attrs):
        named = dict(attrs)
        self.tags.append(tag)
        if tag in ("input", "textarea") and named.get("type") != "hidden":
            self.fields.add(named.get("id"))
        if tag == "label":
            self.labels.add(named["for"])
