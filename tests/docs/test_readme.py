"""The README's tour, pasted into a shell against a demo region, gives the output that it shows."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.app import create_app
from salsa_ext.database.session import db
from tests.docs.conftest import blocks
from tests.support.serving import served

ROOT = Path(__file__).parents[2]
BLOCKS = blocks((ROOT / "README.md").read_text())


def test_the_tour_gives_the_output_that_it_shows(tour):
    said = subprocess.run(["bash", "-c", tour], cwd=ROOT, capture_output=True, text=True)
    assert said.stderr == ""
    assert said.stdout == "".join(f"{shown}--\n" for _, shown in BLOCKS)


@pytest.fixture
def tour(demo) -> Iterator[str]:
    """The commands of the README, pointed at a small demo region that is served meanwhile."""
    app = create_app(demo)
    with served(app) as url:
        yield _commands(url, demo.home / "demo")
    with app.app_context():
        db.engine.dispose()


def _commands(address: str, folder: Path) -> str:
    script = "\n".join(f"{commands}\necho --" for commands, _ in BLOCKS)
    script = script.replace("http://127.0.0.1:8000/api/v1", address)
    script = script.replace("var/demo/credentials.json", str(folder / "credentials.json"))
    return script.replace(".venv/bin/python", sys.executable)
