"""Leads over the published file, beside a plain count of its rows.

The file is not part of the project. SALSA_DATA names the folder that holds it as
us_crime_gun_events/events.csv.
"""

import secrets
from collections import Counter

import pandas as pd
import pytest

from api.app import create_app
from importers.profiles import shipped_profiles
from salsa_ext.access.rules import operator
from salsa_ext.database.session import db, transaction
from salsa_ext.leads import queries as lead_queries
from salsa_ext.reference.name_matching import fold_name
from tests.importers.test_us_crime_guns_traces import AFTER_ALL_BUT_ONE, FILE
from tests.support.imported import import_file
from tests.support.jobs import jobs_to_idle

pytestmark = pytest.mark.skipif(
    not FILE.exists(), reason=f"{FILE} is missing; SALSA_DATA can name the folder of the data"
)


@pytest.fixture(scope="module")
def leads(server, template, tmp_path_factory):
    """Return the leads of the state that took the file, once its jobs have matched it."""
    name = f"salsa_{secrets.token_hex(6)}"
    server.make(name, template)
    actor = operator("USA", clock=AFTER_ALL_BUT_ONE)
    config = server.config(name, tmp_path_factory.mktemp("home"))
    app = create_app(config, AFTER_ALL_BUT_ONE)
    with app.app_context():
        import_file(FILE, shipped_profiles()["us-crime-guns"], actor)
        jobs_to_idle(app)
        with transaction(actor):
            yield lead_queries.find_leads(actor)
        db.session.remove()
        db.engine.dispose()
    server.drop(name)


@pytest.fixture(scope="module")
def rows():
    """Return the rows of guns that were sold and seized, as a plain count takes them.

    Of a known make, with six glyphs and more: others stand on many guns. `dealers` and `days_sold` count by
    how many dealers, and on how many days, guns of the serial and calibre were sold new.
    """
    table = pd.read_csv(FILE, dtype=str)
    table["serial"] = table.firearm_serial.str.upper().str.replace(r"[^A-Z0-9]", "", regex=True)
    table["sold"], table["seized"] = map(pd.to_datetime, (table.sale_date, table.crime_date))
    table["dealer"] = table.dealer_name.str.casefold().str.replace(r"[^0-9a-z]", "", regex=True)
    table = table[table.sold.notna() & (table.serial.str.len() >= 6)]
    table = table[table.manufacturer_name.notna()]
    alike = table.assign(calibre=table.firearm_caliber.fillna("")).groupby(["serial", "calibre"])
    table["dealers"] = alike.dealer.transform("nunique")
    table["days_sold"] = alike.sold.transform("nunique")
    return table[table.seized.notna() & (table.seized < "2027-01-01") & table.dealer.notna()]


def test_guns_by_dealer_are_as_a_plain_count_has_them(leads, rows):
    counted = rows[rows.dealers == 1].dealer.value_counts()
    result = {
        fold_name("name", min(lead.dealers)): len(lead.guns)
        for lead in leads
        if lead.kind == "shared_dealer"
    }
    assert result == counted[counted > 1].to_dict()
    assert (len(result), sum(result.values())) == (29, 187)


def test_each_lead_by_dealer_is_of_the_guns_of_the_rows(leads, rows):
    by_dealer = rows[rows.dealers == 1].groupby("dealer").serial.apply(sorted)
    for lead in leads:
        if lead.kind == "shared_dealer":
            serials = sorted(gun.seizures[0].serial for gun in lead.guns)
            assert serials == by_dealer[fold_name("name", min(lead.dealers))]


def test_times_to_crime_within_a_year_are_those_of_the_rows(leads, rows):
    days = (rows.seized - rows.sold).dt.days
    counted = Counter(rows[(rows.days_sold == 1) & (days < 365)].serial)
    result = Counter(
        lead.guns[0].seizures[0].serial for lead in leads if lead.kind == "short_time_to_crime"
    )
    assert result == counted


def test_a_dealer_of_many_of_the_guns_says_less_by_it_than_a_small_one(leads):
    rarity = {
        min(lead.dealers): lead.reasons[1].bits for lead in leads if lead.kind == "shared_dealer"
    }
    assert min(rarity, key=rarity.__getitem__) == "Cabela's"
    assert rarity["Cabela's"] < 3 < rarity["Palmetto State Armory"]
