"""Write the page and its pictures into a folder: `python -m api.scores docs`."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from api import running
from api.app import create_app
from api.scores.page import pages
from salsa_ext.config import Config
from salsa_ext.services import database

with TemporaryDirectory() as home, running.database(Config(home=Path(home))) as config:
    database.upgrade(config.migration_url or "")
    for name, text in pages(create_app(config)).items():
        Path(sys.argv[1], name).write_text(text)
