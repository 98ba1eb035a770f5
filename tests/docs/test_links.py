"""What documents name is there: files, headings, routes, and a heading for each link."""

import re
from pathlib import Path

import pytest

from tests.support.source import ROOT

DOCS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
LONGEST = 200


def prose(path: Path) -> str:
    return re.sub(r"```.*?```", "", path.read_text(), flags=re.S)


def headings(path: Path) -> set[str]:
    titles = re.findall(r"^#+ (.*)$", path.read_text(), re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_every_link_leads_to_a_file_and_a_heading(path):
    broken = []
    for link in re.findall(r"\]\(([^)]+)\)", prose(path)):
        name, _, anchor = link.partition("#")
        target = path.parent / name if name else path
        if not target.exists() or (anchor and anchor not in headings(target)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_every_route_in_a_document_is_served(path, app):
    def shape(route: str) -> str:
        return re.sub(r"\{[^}]*\}|<[^>]*>", "{}", route).removeprefix("/api/v1").rstrip("/")

    served = {shape(str(rule)) for rule in app.url_map.iter_rules()}
    named = re.findall(r"`(?:GET |POST )?(/[\w{}/.-]+)[`?]", prose(path))
    assert [route for route in named if shape(route) not in served | {""}] == []


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_no_document_is_long(path):
    assert len(path.read_text().splitlines()) <= LONGEST
