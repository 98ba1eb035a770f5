"""Figures of the published file of Ecuador equal a plain count of its rows, by pandas.

The file is not part of the project. SALSA_DATA names the folder that holds it.
"""

import secrets

import pandas as pd
import pytest

from api.app import create_app
from importers.profiles import shipped_profiles
from salsa_ext.access.rules import operator
from salsa_ext.database.session import db, transaction
from salsa_ext.figures import DATASETS
from salsa_ext.statistics.queries import get_table
from tests.importers.test_us_crime_guns_traces import AFTER_ALL_BUT_ONE, DATA
from tests.support.imported import import_file
from tests.support.jobs import jobs_to_idle

FILE = DATA / "ec_illicit_arms_2023" / "mdi_armasilicitas_pm_2023_enero_noviembre.csv"
pytestmark = pytest.mark.skipif(
    not FILE.exists(), reason=f"{FILE} is missing; SALSA_DATA can name the folder of the data"
)
PROVINCES = {"DMQ": "PICHINCHA", "DMG": "GUAYAS", "MAR TERRITORIAL": "unknown"}
CLASSES = {
    "PISTOLA": "pistol",
    "PISTOLAS": "pistol",
    "REVOLVER": "revolver",
    "REVÓLVERES": "revolver",
    "ESCOPETA": "shotgun",
    "CARTUCHERAS": "shotgun",
    "SUBAMETRALLADORA": "submachine_gun",
}


@pytest.fixture(scope="module")
def figures(server, template, tmp_path_factory):
    """Return a function that reads figures of the state that imported the file."""
    name = f"salsa_{secrets.token_hex(6)}"
    server.make(name, template)
    actor = operator("ECU", clock=AFTER_ALL_BUT_ONE)
    app = create_app(server.config(name, tmp_path_factory.mktemp("home")), AFTER_ALL_BUT_ONE)

    def read(*by):
        filters = {"state": "ECU", "by": by, "grain": "month"}
        with transaction(actor):
            cells = get_table(actor, DATASETS, "seizures", filters).cells
        return {(*cell.values.values(), cell.period): cell.amount for cell in cells}

    with app.app_context():
        import_file(FILE, shipped_profiles()["ec-illicit-arms"], actor)
        jobs_to_idle(app)
        yield read
        db.session.remove()
        db.engine.dispose()
    server.drop(name)


@pytest.fixture(scope="module")
def rows():
    """Return the rows of the file with their province and month."""
    file = pd.read_csv(FILE, sep=";", encoding="latin-1", dtype=str, keep_default_na=False)
    days = pd.to_datetime(file.fecha_evento, format="%d/%m/%Y")
    return file.assign(
        month=days.dt.strftime("%Y-%m"),
        province=file.nombre_provincia.replace(PROVINCES),
        iafq=file.nombre_objeto.map(CLASSES),
    )


def test_guns_by_province_and_month(figures, rows):
    assert figures("division") == rows.groupby(["province", "month"]).size().to_dict()


def test_guns_by_type_province_and_month(figures, rows):
    found = figures("class", "division")
    counted = rows.groupby(["iafq", "province", "month"]).size()
    assert len(counted) > 500
    assert {key: found.get(key) for key in counted.index} == counted.to_dict()
