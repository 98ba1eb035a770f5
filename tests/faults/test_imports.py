"""A running import is killed, and the same command again loads every row once."""

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import closing

import pytest

from api.server.embedded_database import DATABASE_NAME
from benchmarks.harness import database_urls
from importers.profiles import from_data, to_toml
from tests.support.source import ROOT

ROWS = 4_000
MAPPING = {
    "subject": "transfers",
    "number": "{number}",
    "constants": {"kind": "domestic_sale"},
    "fields": {"occurred_on": "day", "firearm.serial": "serial", "firearm.make": "make"},
}


@pytest.fixture
def ask(embedded):
    with closing(embedded.admin(DATABASE_NAME)) as admin, admin.cursor() as cursor:

        def answer(query):
            cursor.execute(query)
            return cursor.fetchone()

        yield answer


@pytest.fixture
def launch(home, embedded, tmp_path):
    """Start the import as a process of its own."""
    guns, profile = tmp_path / "guns.csv", tmp_path / "sales.toml"
    rows = [f"S-{at},2020-02-01,TKA{at:06},Taurus" for at in range(ROWS)]
    guns.write_text("\n".join(["number,day,serial,make", *rows]), "utf-8")
    profile.write_text(to_toml(from_data({"name": "sales", "documents": [MAPPING]})), "utf-8")
    words = ["import", str(guns), "--profile", str(profile), "--state", "PRY"]
    settings = {"SALSA_HOME": str(home)} | database_urls(embedded)

    def start():
        command = [sys.executable, "-m", "api.cli", *words]
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | settings,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    return start


@pytest.mark.parametrize("loaded", [0, 1_000, 2_000])
def test_no_row_is_lost_and_none_comes_twice(launch, ask, loaded):
    process, until = launch(), time.monotonic() + 120
    while not (ask("SELECT max(rows_read) FROM import_run")[0] or -1) >= loaded - 1:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.02)
    time.sleep(random.Random(loaded).uniform(0, 0.3))
    process.send_signal(signal.SIGKILL)
    process.communicate()
    again = launch()
    output, _ = again.communicate(timeout=240)
    assert again.returncode == 0, output
    assert ask("SELECT count(*), count(DISTINCT number) FROM transfer") == (ROWS, ROWS)
    assert ask("SELECT count(*), count(DISTINCT document_id) FROM record") == (ROWS, ROWS)
    assert ask("SELECT count(*), max(status) FROM import_run") == (1, "loaded")
