"""Figures of the code: `make metrics` prints them."""

import ast
import sys
from collections import Counter
from datetime import timedelta

import pytest
from click.testing import CliRunner

from api.cli import main
from tests.conftest import NOW
from tests.support import actors, bodies
from tests.support.movements import Way
from tests.support.source import ROOT, files
from tests.web.visitors import browser

CODE = ("salsa_ext", "api", "importers", "benchmarks", "migrations")
POST = "ciudad-del-este-foz-do-iguacu"


def lines(paths):
    return sum(len(path.read_text().splitlines()) for path in paths)


def module_of(path):
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def imported(path):
    """Yield the modules that a file imports, a name of a package as its module."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)


def test_size(capsys):
    code = [*files(*CODE), ROOT / "wsgi.py"]
    tests = files("tests")
    folders = Counter(path.parent for path in code if path.name != "__init__.py")
    del folders[ROOT / "migrations" / "versions"]
    [(folder, count)] = folders.most_common(1)
    modules = {module_of(path) for path in files("salsa_ext") if path.name != "__init__.py"}
    users = Counter(
        module
        for path in files("salsa_ext", "api", "importers", "benchmarks")
        for module in {*imported(path)} & modules
    )
    with capsys.disabled():
        print(f"\ncode                {lines(code)} lines in {len(code)} files")
        print(f"tests               {lines(tests)} lines in {len(tests)} files")
        print(f"fullest folder      {folder.relative_to(ROOT)}: {count} modules")
        single = sum(count == 1 for count in users.values())
        print(f"one importer alone  {single} of {len(modules)} modules of salsa_ext")


@pytest.fixture
def measure(asked, capsys):
    """Print how many own files, calls and statements a flow enters; its second call counts.

    Calls are those of own functions, without templates.
    """

    def run(name, act):
        act()
        entered = Counter()

        def note(frame, event, _):
            if event == "call":
                entered[frame.f_code.co_filename] += 1

        asked.clear()
        sys.setprofile(note)
        try:
            act()
        finally:
            sys.setprofile(None)
        folders = tuple(f"{ROOT}/{folder}/" for folder in CODE)
        own = [
            count
            for file, count in entered.items()
            if file.startswith(folders) and ".html" not in file
        ]
        with capsys.disabled():
            print(f"{name:<20}{len(own)} files, {sum(own)} calls, {len(asked)} statements")

    return run


def test_flows(measure, app, as_actor, police, analyst):
    numbers = iter(range(1, 100))
    seizures = []

    def seize():
        number = f"M-{next(numbers)}"
        item = bodies.firearm(serial=f"QX7{number[2:]}88")
        seizures.append(police.post("/seizures", bodies.seizure(number=number, items=[item])).json)

    def trace():
        analyst.post("/traces", bodies.trace_of(seizures.pop()["id"]))

    way = Way(as_actor)
    shipments = [way.ship(f"QM{n:07}", number=f"M-{n}") for n in range(2)]
    received = {"received_on": "2026-03-03", "all": True}

    def receive():
        way.bol.post(f"/shipments/{shipments.pop()['id']}/receipt", received)

    measure("POST /seizures", seize)
    measure("POST /checks", lambda: police.post("/checks", bodies.check()))
    measure("POST /traces", trace)
    measure("POST receipt", receive)
    officer = browser(app)
    officer.set_cookie(
        "salsa_session",
        actors.token("BRA", "border_officer", NOW, None, timedelta(1), kind="session"),
    )
    measure("the page of a board", lambda: officer.get(f"/posts/{POST}/board"))


def test_a_generated_command(measure):
    command = ["seizure", "list", "--url", "http://127.0.0.1:1/api/v1", "--key", "none"]
    measure("salsa seizure list", lambda: CliRunner().invoke(main, command))
