"""Programs of statistics offices read structures and figures, and get what the JSON has."""

import csv
import io
from collections import Counter
from random import Random

import pytest
import sdmx
from pysdmx.api.qb import (
    ApiVersion,
    DataContext,
    DataFormat,
    DataQuery,
    RestService,
    StructureFormat,
    StructureQuery,
    StructureReference,
    StructureType,
)
from pysdmx.io import get_datasets, read_sdmx

from api.sdmx.dataflows import DATAFLOWS
from salsa_ext.core.codes import LANGUAGES
from salsa_ext.releases.release_tables import OTHERS, TABLES_BY_CODE, published_cells
from tests.releases.test_releases import PISTOL, add_facts, draw_facts
from tests.support.jobs import run_due
from tests.support.serving import served

BASE = "/sdmx/3.0"
OWN = [flow.id for flow in DATAFLOWS.values() if not flow.table and flow.id != "OVERDUE"]


@pytest.fixture
def anybody(app, session):
    """A reader without a key: returns the body of an answer."""

    def read(path, expect=200):
        answer = app.test_client().get(f"/api/v1{BASE}{path}")
        assert answer.status_code == expect, answer.text
        return answer.data

    return read


@pytest.fixture
def drawn(session):
    add_facts(draw_facts(Random(7)) + Counter({PISTOL: 9}))


def amounts(frame, columns):
    """Return the figures of a table by the values of columns; a withheld one is None."""
    statuses = {("A", "F"): False, ("Q", "C"): True}
    found = {}
    for row in frame.to_dict("records"):
        is_withheld = statuses[row["OBS_STATUS"], row["CONF_STATUS"]]
        amount = None if is_withheld else int(row["OBS_VALUE"])
        assert found.setdefault(tuple(str(row[name]) for name in columns), amount) == amount
    return found


def read_by_sdmx1(structure, data):
    message = sdmx.read_sdmx(io.BytesIO(structure))
    [definition] = message.structure.values()
    read = sdmx.read_sdmx(io.BytesIO(data), structure=definition)
    return as_frame(read)


def as_frame(message):
    frame = sdmx.to_pandas(message.data[0], attributes="o")
    return frame.rename(columns={"value": "OBS_VALUE"}).reset_index()


def read_by_pysdmx(structure, data):
    [dataset] = get_datasets(data.decode(), structure.decode())
    return dataset.data


READERS = [(read_by_sdmx1, "xml"), (read_by_pysdmx, "xml"), (read_by_pysdmx, "csv")]


def test_both_libraries_read_a_release_as_its_json_has_it(anybody, drawn, make_release):
    totals, withheld = {"": "_T", OTHERS: "_O"}, 0
    for table in make_release()["tables"]:
        id, by = f"RELEASE_{table['code'].upper()}", TABLES_BY_CODE[table["code"]].by
        expected = {
            (
                state or "_T",
                *([totals[column]] * len(by) if column in totals else column.split("|")),
            ): amount
            for (state, column), amount in published_cells(table).items()
        }
        withheld += [*expected.values()].count(None)
        structure = anybody(f"/structure/dataflow/SALSA/{id}?references=descendants")
        for read, format in READERS:
            data = anybody(f"/data/dataflow/SALSA/{id}/1.0?format={format}")
            columns = ["REF_AREA", *(each.upper() for each in by)]
            assert amounts(read(structure, data), columns) == expected
    assert withheld


@pytest.mark.parametrize("read,format", READERS)
def test_both_libraries_read_the_own_datasets_as_the_json_has_them(
    anybody, drawn, police, read, format
):
    for id in OWN:
        flow = DATAFLOWS[id]
        by = ",".join(flow.by)
        path = f"/statistics/{flow.dataset.code}?state=BRA&by={by}"
        cells = police.get(f"{path}&grain=month").json["cells"]
        if cells:
            path = f"{BASE}/data/dataflow/SALSA/{id}/+/M{'.' * (len(flow.dimensions) - 1)}"
            data = police.get(f"{path}?format={format}").data
            columns = [*flow.dimensions, "TIME_PERIOD"]
            structure = anybody(f"/structure/dataflow/SALSA/{id}/1.0?references=all")
            assert amounts(read(structure, data), columns) == {
                (
                    "M",
                    each["state"],
                    *([each["partner"] or "_Z"] if flow.dataset.has_partner else []),
                    *each["values"].values(),
                    each["period"],
                ): each["amount"]
                for each in cells
            }


def test_the_page_of_a_release_gives_each_table_as_file(anybody, drawn, make_release, app):
    release = make_release()
    page = f"/releases/{release['id']}"
    file = app.test_client().get(f"{page}?format=sdmx&table=types").data
    same = anybody("/data/dataflow/SALSA/RELEASE_TYPES")
    assert sdmx.to_pandas(sdmx.read_sdmx(io.BytesIO(file))).equals(
        sdmx.to_pandas(sdmx.read_sdmx(io.BytesIO(same)))
    )
    assert f"{page}?format=sdmx&amp;table=types" in app.test_client().get(page).text


def test_the_secretariat_reads_yearly_totals_of_all_states(drawn, secretariat):
    by = ",".join(DATAFLOWS["SEIZURES"].by)
    cells = secretariat.get(f"/statistics/seizures?by={by}&grain=year").json["cells"]
    text = secretariat.get(f"{BASE}/data/dataflow/SALSA/SEIZURES?format=csv").text
    rows = [*csv.DictReader(io.StringIO(text))]
    assert {row["FREQ"] for row in rows} == {"A"}
    columns = ["REF_AREA", *by.upper().split(","), "TIME_PERIOD"]
    assert {tuple(row[name] for name in columns): int(row["OBS_VALUE"]) for row in rows} == {
        (each["state"], *each["values"].values(), each["period"]): each["amount"] for each in cells
    }
    answer = secretariat.get(f"{BASE}/data/dataflow/SALSA/SEIZURES_BY_TYPE", 422).json
    assert "by" in answer["errors"]


def test_values_and_periods_select_observations(drawn, police):
    def read(query, expect=200):
        path = f"{BASE}/data/dataflow/SALSA/SEIZURES/1.0/{query}"
        answer = police.get(path, expect, Accept="application/vnd.sdmx.data+csv;version=2.0.0")
        return [*csv.DictReader(io.StringIO(answer.text))] if expect == 200 else answer.json

    def key(**values):
        return ".".join(values.get(id, "*") for id in DATAFLOWS["SEIZURES"].dimensions)

    rows = read(key(FREQ="A", REF_AREA="BRA", CLASS="pistol+rifle"))
    assert {row["CLASS"] for row in rows} == {"pistol", "rifle"}
    assert read(f"{key(FREQ='A')}?c[CLASS]=pistol,rifle") == rows
    months = read(f"{key(FREQ='M')}?startPeriod=2025-03&endPeriod=2025-Q2")
    assert months == read("*?c[FREQ]=M&c[TIME_PERIOD]=ge:2025-03%2Ble:2025-06")
    assert {row["TIME_PERIOD"] for row in months} <= {f"2025-0{month}" for month in (3, 4, 5, 6)}
    assert {row["STRUCTURE_ID"] for row in months} == {"SALSA:SEIZURES(1.0)"}
    read(key(REF_AREA="ARG"), 404)
    assert "c[TYPE]" in read("*?c[TYPE]=pistol", 422)["errors"]
    assert "key" in read("A.BRA", 422)["errors"]
    assert "startPeriod" in read("*?startPeriod=soon", 422)["errors"]
    assert "endPeriod" in read("*?c[TIME_PERIOD]=le:soon", 422)["errors"]
    police.get(f"{BASE}/data/dataflow/SALSA/SEIZURES", 406, Accept="application/json")


def test_a_reader_without_a_key_gets_releases_alone(anybody, drawn):
    anybody("/data/dataflow/SALSA/SEIZURES", 401)
    anybody("/data/dataflow/SALSA/RELEASE_TYPES", 404)
    anybody("/data/dataflow/SALSA/NOTHING", 404)
    anybody("/structure/codelist/SALSA/CL_NOTHING", 404)


def test_structures_are_valid_and_name_all_codes_in_four_languages(anybody):
    body = anybody("/structure/*/*/*/*")
    ids = {each.short_urn for each in read_sdmx(body.decode(), validate=True).structures}
    assert {f"Dataflow=SALSA:{id}(1.0)" for id in DATAFLOWS} <= ids
    message = sdmx.read_sdmx(io.BytesIO(body))
    for items in (*message.codelist.values(), *message.concept_scheme.values()):
        for item in items:
            assert item.name.localizations.keys() == {*LANGUAGES}, item
    area = message.codelist["CL_STATE"]["BRA"].name.localizations
    assert (area["en"], area["es"]) == ("Brazil", "Brasil")
    parents = anybody("/structure/codelist/SALSA/CL_TRADE_MEASURE/1.0?references=parents")
    found = sdmx.read_sdmx(io.BytesIO(parents)).structure
    assert found.keys() == {"LICIT_TRADE", "LICIT_TRADE_BY_TYPE"}


def test_their_clients_find_a_release_over_http(real_app, real_client):
    with real_app.app_context():
        add_facts(draw_facts(Random(7)))
    release = real_client(None, "secretariat").post("/releases", {"year": 2025}).json
    run_due(real_app, "releases")
    path = f"/releases/{release['id']}/tables/types"
    cells = published_cells(real_client(None, "secretariat").get(path).json)
    expected = {
        (state or "_T", column or "_T"): amount for (state, column), amount in cells.items()
    }
    with served(real_app) as url:
        source = {"id": "SALSA", "name": "Figures", "url": f"{url}{BASE}", "versions": ["3.0.0"]}
        sdmx.add_source(source, override=True)
        client = sdmx.Client("SALSA")
        assert "RELEASE_TYPES" in client.get("dataflow").dataflow
        read = sdmx.to_pandas(client.get("data", "RELEASE_TYPES", context="dataflow"))
        frame = read.reset_index(name="OBS_VALUE")
        assert amounts(frame, ["REF_AREA", "TYPE"]) == expected
        service = RestService(
            f"{url}{BASE}",
            ApiVersion.V2_0_0,
            DataFormat.SDMX_CSV_2_0_0,
            StructureFormat.SDMX_ML_3_0,
        )
        structure = service.structure(
            StructureQuery(
                StructureType.DATAFLOW, "SALSA", "RELEASE_TYPES", references=StructureReference.ALL
            )
        )
        data = service.data(DataQuery(DataContext.DATAFLOW, "SALSA", "RELEASE_TYPES"))
        assert amounts(read_by_pysdmx(structure, data), ["REF_AREA", "TYPE"]) == expected
