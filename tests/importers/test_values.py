"""What texts without a code mean: said once, read so, and not asked again."""

import pytest

from api.import_profiles import find_profile, store_profile, with_known_meanings
from importers.profiles import from_data, to_data
from importers.values import check_meanings, meanings, with_meanings
from salsa_ext.administration import agencies
from salsa_ext.administration.agencies import AgencyData
from salsa_ext.core.errors import Invalid
from salsa_ext.database.session import transaction
from tests.support.imported import importing, seizure_profile, write_csv

HEADER = ["case", "day", "serial", "make", "calibre", "type", "town"]
ROW = ["C-1", "1/2/2020", "TKA52390", "Xyzzy Arms", "9mm", "PIST.", "Santos"]
MAKE, TYPE = ("make", "Xyzzy Arms"), ("type", "PIST.")


@pytest.fixture
def judge(actor, run, tmp_path):
    batch = [
        AgencyData(f"BRA-{code}", "police", name, "America/Sao_Paulo")
        for code, name in (("POLICE", "Polícia"), ("PM", "Polícia Militar"))
    ]
    run("BRA", agencies.register_missing, batch=batch)

    def call(profile, header=HEADER, row=ROW):
        path = write_csv(tmp_path / "guns.csv", [header, row])
        return importing(path, profile, actor("BRA")).judge()

    return call


def gun_of(judgement):
    [document] = judgement.preview
    return document["document"]["items"][0]


def by_agency(**values):
    """Return the profile with the agency and the crime in columns of their own."""
    data = to_data(seizure_profile())
    [mapping] = data["documents"]
    del mapping["constants"]["agency"]
    crimes = {"columns": ["crime"], "split": ";", "values": values}
    mapping["fields"] |= {"agency": "unit", "crime_context": crimes}
    return from_data(data)


def test_a_text_is_read_as_what_it_means(judge):
    assert {*judge(seizure_profile()).unknown} == {MAKE, TYPE}
    judgement = judge(with_meanings(seizure_profile(), {MAKE: "Taurus", TYPE: "pistol"}))
    assert not judgement.unknown
    assert (gun_of(judgement)["make"], gun_of(judgement)["type"]) == ("Taurus", "pistol")


def test_a_kind_that_says_more_than_its_meaning_goes_to_the_remarks(judge):
    data = to_data(seizure_profile())
    [mapping] = data["documents"]
    del mapping["constants"]["kind"]
    mapping["fields"] |= {"kind": {"columns": ["how"], "values": {"hallada y entregada": "found"}}}
    rows = [*HEADER, "how"], [*ROW, "hallada y entregada"]
    [document] = judge(from_data(data), *rows).preview
    assert document["document"]["kind"] == "found"
    assert document["document"]["note"] == "how: hallada y entregada"


def test_each_report_of_one_case_has_its_number(actor, tmp_path, judge):
    fields = {"occurred_on": "day", "firearm.serial": "serial"}
    mapping = {"subject": "reports", "number": "{case}/{#}", "fields": fields}
    profile = from_data(
        {"name": "losses", "documents": [mapping | {"constants": {"kind": "loss"}}]}
    )
    rows = [HEADER, ROW, [*ROW[:2], "BFN95011", *ROW[3:]]]
    path = write_csv(tmp_path / "losses.csv", rows)
    documents = [
        each["document"] for each in importing(path, profile, actor("BRA")).judge().preview
    ]
    assert [each["number"] for each in documents] == ["C-1", "C-1/2"]
    assert [each.get("external_ids") for each in documents] == [
        None,
        [{"system": "case", "number": "C-1"}],
    ]


def test_a_missing_field_names_a_column_of_the_same_object(judge):
    fields = {"occurred_on": "day", "firearm.serial": "serial", "from.licence": "licence"}
    mapping = {"subject": "reports", "number": "{case}", "fields": fields}
    mapping["constants"] = {"kind": "theft"}
    profile = from_data({"name": "losses", "documents": [mapping]})
    problems = judge(profile, [*HEADER, "licence"], [*ROW, "77/C"]).top_problems()
    assert [problem.column for problem, *_ in problems] == ["licence"]


def test_a_town_that_no_gazetteer_has_is_asked_about_where_three_rows_have_it(
    actor, tmp_path, judge
):
    row = [*ROW[:-1], "Sts."]
    rows = [[f"C-{number}", *row[1:]] for number in range(3)]
    path = write_csv(tmp_path / "towns.csv", [HEADER, *rows])
    town = ("place", "Sts.")
    for profile, asked in (
        (seizure_profile(), True),
        (with_meanings(seizure_profile(), {town: "Santos"}), False),
        (with_meanings(seizure_profile(), {town: "Sts."}), False),
    ):
        judgement = importing(path, profile, actor("BRA")).judge()
        assert ((town, 3) in judgement.asked_texts()) is asked
    assert town not in {key for key, _ in judge(seizure_profile(), row=row).asked_texts()}


@pytest.mark.parametrize(
    ("serial", "marking"),
    [("TKA52390", "intact"), ("TKA5?390", "intact"), ("raspado", "obliterated")],
)
def test_numbers_are_legible_where_it_holds_for_all_rows(judge, serial, marking):
    data = to_data(seizure_profile())
    data["documents"][0].setdefault("constants", {})["items.marking"] = "intact"
    row = [serial if cell == "TKA52390" else cell for cell in ROW]
    assert gun_of(judge(from_data(data), row=row))["marking"] == marking


def test_what_is_left_as_it_is_is_not_asked_again(judge):
    judgement = judge(with_meanings(seizure_profile(), {MAKE: "Xyzzy Arms"}))
    assert {*judgement.unknown} == {TYPE}
    assert gun_of(judgement)["make"] == "Xyzzy Arms"


def test_an_agency_is_known_by_its_name_and_another_is_asked_for(judge):
    row = ["policia militar", "", *ROW]
    judgement = judge(by_agency(), ["unit", "crime", *HEADER], row)
    assert judgement.preview[0]["document"]["agency"] == "BRA-PM"
    refused = judge(by_agency(), ["unit", "crime", *HEADER], ["DEIC", *row[1:]])
    assert refused.counts == {"rejected": 1}
    assert ("agency", "DEIC") in refused.unknown


def test_each_text_of_a_list_has_its_meaning(judge):
    row = ["BRA-POLICE", "tráfico; DRX", *ROW]
    header = ["unit", "crime", *HEADER]
    unknown = judge(by_agency(tráfico="corruption"), header, row).unknown
    [(kind, text)] = {*unknown} - {MAKE, TYPE}
    assert text == "DRX"
    profile = with_meanings(by_agency(tráfico="corruption"), {(kind, text): "drug_trafficking"})
    [document] = judge(profile, header, row).preview
    assert document["document"]["crime_context"] == ["corruption", "drug_trafficking"]


def test_a_meaning_is_replaced_and_taken_away():
    profile = with_meanings(seizure_profile(), {MAKE: "Taurus", TYPE: "pistol"})
    assert meanings(from_data(to_data(profile))) == {MAKE: "Taurus", TYPE: "pistol"}
    changed = with_meanings(profile, {("make", "XYZZY ARMS"): "Rossi", TYPE: ""})
    assert meanings(changed) == {("make", "XYZZY ARMS"): "Rossi"}


def test_words_are_known_in_every_file_and_codes_in_those_of_one_source(session, actor):
    code = ("type", "P")
    armoury = with_meanings(seizure_profile(), {MAKE: "Taurus", code: "pistol"})
    with transaction(actor("BRA")):
        store_profile(actor("BRA"), armoury)
        for name, known in (("armoury", {MAKE, code}), ("another", {MAKE})):
            drafted = with_known_meanings(actor("BRA"), seizure_profile(name=name))
            assert {*meanings(drafted)} == known
        template = find_profile(actor("BRA"), "template-seizures")
        assert meanings(template) == {MAKE: "Taurus"}


@pytest.mark.parametrize(
    ("key", "means"),
    [
        (MAKE, "Nobody Ltd"),
        (TYPE, "nothing"),
        (("agency", "DEIC"), "BRA-NOBODY"),
        (("port", "Santos"), "Santos"),
    ],
)
def test_a_meaning_that_is_on_no_list_is_refused(session, key, means):
    with pytest.raises(Invalid) as refused:
        check_meanings(by_agency(), {key: means, MAKE: means}, ["BRA-POLICE"])
    assert ".".join(key) in refused.value.errors
    check_meanings(by_agency(), {MAKE: "Taurus", TYPE: "PIST."}, [])
    check_meanings(by_agency(), {("agency", "DEIC"): "BRA-POLICE"}, ["BRA-POLICE"])
