"""Names of makes, calibres and types are read however they are written, and never guessed."""

import unicodedata
from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salsa_ext.reference.name_matching import CERTAIN
from tests.support.names import KINDS, known, reader, rows


def best(kind, text):
    found = reader(kind).candidates(text)
    return found[0] if found else None


@pytest.mark.parametrize(
    "kind,text,code",
    [
        ("make", "tauros", "taurus"),
        ("make", "smithwess", "smith-wesson"),
        ("make", "S&W", "smith-wesson"),
        ("make", "Smith y Wesson", "smith-wesson"),
        ("make", "SMITH & WE", "smith-wesson"),
        ("make", "TAURUS ARM", "taurus"),
        ("make", "Forjas Tau", "taurus"),
        ("make", "FÁBRICA MILITAR", "fabricaciones-militares"),
        ("make", "Anderson Mfg. Co., Inc.", "anderson"),
        ("make", "Ижмаш", "kalashnikov"),
        ("make", "Canik (Century Arms)", "canik"),
        ("make", "Rossi (Interarms)", "rossi"),
        ("make", "Interarms/Star", "star"),
        ("make", "Kahr Arms/Auto Ordnance", "auto-ordnance"),
        ("make", "Glock 19 Gen5", "glock"),
        ("make", "glockg22", "glock"),
        ("make", "tauruspt", "taurus"),
        ("make", "imbelia2", "imbel"),
        ("make", "CZ75", "cz"),
        ("make", "SIG SAUER P226", "sig-sauer"),
        ("make", "Rossi Puma", "rossi"),
        ("make", "BERETTA BRESCIA", "beretta"),
        ("make", "Remington Rand M1911", "remington-rand"),
        ("make", "Pedersoli (unknown importer)", "pedersoli"),
        ("make", "WINCHESTER REPEATING AR", "winchester"),
        ("calibre", ".45 ACP (11,43X23MM)", "45-acp"),
        ("calibre", ".38 SPECIAL (9MM)", "38-special"),
        ("calibre", "7,62 (7,62x39)", "7.62x39"),
        ("calibre", "12 GAUGE (18.5 MM)", "12-gauge"),
        ("calibre", "32/63,5", "32-gauge"),
        ("calibre", "16 GA 2 3/4", "16-gauge"),
        ("calibre", "ponto 45", "45-acp"),
        ("calibre", "P.40", "40-sw"),
        ("calibre", ".0380", "380-acp"),
        ("calibre", "30/30", "30-30"),
        ("calibre", "nueve milímetros", "9x19"),
        ("calibre", "32 pistola", "32-acp"),
        ("calibre", "09 milimetros", "9x19"),
        ("calibre", ".9 MM", "9x19"),
        ("calibre", "9mm NATO", "9x19"),
        ("calibre", "9 Para", "9x19"),
        ("calibre", "380", "380-acp"),
        ("calibre", "9 mm corto", "380-acp"),
        ("calibre", ".38 Spl", "38-special"),
        ("calibre", "38 S & W", "38-sw"),
        ("calibre", "calibre 12", "12-gauge"),
        ("calibre", "12 GA", "12-gauge"),
        ("calibre", "12/76", "12-gauge"),
        ("calibre", "762x39", "7.62x39"),
        ("calibre", "5,56 mm OTAN", "5.56x45"),
        ("type", "PI", "pistol"),
        ("type", "Pistolas", "pistol"),
        ("type", "REVÓLVERES", "revolver"),
        ("type", "fuzis", "rifle"),
        ("type", "Escopeta", "shotgun"),
        ("type", "RB", "rifle"),
    ],
)
def test_what_differs_in_its_writing_alone_is_certain(kind, text, code):
    assert reader(kind).resolve(text) == code


@pytest.mark.parametrize(
    "kind,text,codes",
    [
        ("calibre", "7,62", {"7.62x39", "7.62x51", "7.62x25"}),
        ("calibre", ".38", {"38-special", "38-sw"}),
        ("calibre", "0.35699999999999998", {"357-magnum", "357-sig"}),
        ("calibre", "44", {"44-magnum", "44-special"}),
        ("calibre", "45/410", {"410-bore"}),
        ("calibre", "9x18 makrov", {"9x18"}),
        ("calibre", "38 police", {"38-special"}),
        ("make", "Andreson Manufacturing", {"anderson"}),
        ("make", "palemtto state armory", {"palmetto"}),
        ("make", "Forjas Taurrus", {"taurus"}),
        ("make", "Springfiel", {"springfield-armory"}),
        ("make", "Beretta USA (Umarex)", {"beretta"}),
        ("type", "revolber", {"revolver"}),
        ("type", "pistola calibre 9", {"pistol"}),
    ],
)
def test_what_may_mean_something_else_is_a_candidate_and_no_code(kind, text, codes):
    assert reader(kind).resolve(text) is None
    assert codes <= {each.code for each in reader(kind).candidates(text)}


@pytest.mark.parametrize(
    "text,gun,code",
    [
        ("32", "pistol", "32-acp"),
        ("32", "shotgun", "32-gauge"),
        ("38", "revolver", "38-special"),
        ("0.357", "revolver", "357-magnum"),
        ("7,62", "revolver", "7.62x38r"),
        ("50", "rifle", "50-bmg"),
        ("40", "launcher", "40x46"),
        ("20 mm", "shotgun", "20-gauge"),
        ("32", "revolver", None),
        ("7,62", "rifle", None),
        ("40", "shotgun", None),
        (".45 ACP", "shotgun", "45-acp"),
    ],
)
def test_the_type_of_the_gun_tells_what_a_bare_number_means(text, gun, code):
    assert reader("calibre").resolve(text, gun) == code


@pytest.mark.parametrize("text", ["9 MM (.38)", ".38 Special (.357 Magnum)", "38 (9mm)"])
def test_a_twin_in_brackets_of_another_calibre_leaves_both_possible(text):
    assert reader("calibre").resolve(text) is None


@pytest.mark.parametrize("text", ["9", "380", "40", "22", "12", "45"])
def test_a_bare_number_says_how_often_it_means_what_it_usually_means(text):
    found = best("calibre", text)
    assert (found.how, CERTAIN <= found.confidence < 1) == ("usual", True)


@pytest.mark.parametrize("text", ["Interarms", "Century Arms", "C.A.I.", "E.A.A.", "PW Arms"])
def test_an_importer_is_known_and_is_no_maker(text):
    assert reader("make").resolve(text) is None
    assert best("make", text).how == "importer"


@pytest.mark.parametrize(
    "kind,text",
    [
        ("make", "zzzz"),
        ("make", "Hendershot's"),
        ("make", ""),
        ("make", "?"),
        ("calibre", "."),
        ("calibre", "zz"),
        ("type", "xq"),
        ("calibre", "99x99"),
    ],
)
def test_what_is_like_nothing_has_no_candidate(kind, text):
    assert reader(kind).candidates(text) == []


@pytest.mark.parametrize(
    "first,other",
    [
        ("38-special", "380-acp"),
        ("38-special", "38-sw"),
        ("38-special", "357-magnum"),
        ("5.56x45", "223-rem"),
        ("7.62x51", "308-win"),
        ("7.62x39", "7.62x51"),
    ],
)
def test_cartridges_that_are_not_taken_for_each_other_are_of_two_families(first, other):
    family = {row["code"]: row["family"] for row in rows("calibres")}
    assert family[first] != family[other]


def test_cartridges_of_the_same_guns_are_related_both_ways():
    related = {row["code"]: row["related"] for row in rows("calibres") if row["related"]}
    assert related["5.56x45"] == "223-rem" and related["7.62x51"] == "308-win"
    assert {own: related[other] for own, other in related.items()} == {own: own for own in related}


@pytest.mark.parametrize("kind", KINDS)
def test_a_name_is_that_of_one_code(kind):
    codes = defaultdict(set)
    for each in known(kind):
        if each.confidence >= CERTAIN:
            codes[each.folded].add(each.code)
    assert {name: found for name, found in codes.items() if len(found) > 1} == {}


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_name_may_mean_adds_up_to_one_at_most(kind):
    sums = defaultdict(float)
    for each in known(kind):
        sums[each.folded] += each.confidence
    assert {name: total for name, total in sums.items() if total > 1.0001} == {}


@pytest.mark.parametrize(
    "kind,name", [("make", "makes"), ("calibre", "calibres"), ("type", "types")]
)
def test_every_code_and_every_alias_leads_to_its_code(kind, name):
    wrong = [
        (text, row["code"])
        for row in rows(name)
        for text in (row["code"], row.get("name", ""), *row["aliases"].split("|"))
        if text and best(kind, text).code != row["code"]
    ]
    assert wrong == []


def test_the_names_of_types_in_every_language_lead_to_them():
    labels = [row for row in rows("labels") if row["kind"] == "type"]
    assert {row["language"] for row in labels} == {"en", "es", "fr", "pt"}
    assert [
        row["text"] for row in labels if reader("type").resolve(row["text"]) != row["code"]
    ] == []


def test_parents_and_related_calibres_exist():
    makes = {row["code"] for row in rows("makes")}
    assert {row["parent"] for row in rows("makes")} - makes == {""}
    calibres = {row["code"] for row in rows("calibres")}
    assert {row["related"] for row in rows("calibres")} - calibres == {""}
    usual = {(row["kind"], row["code"]) for row in rows("usual")}
    assert (
        usual - {("make", code) for code in makes} - {("calibre", code) for code in calibres}
        == set()
    )


def written():
    texts = [
        (kind, text)
        for kind, name in (("make", "makes"), ("calibre", "calibres"), ("type", "types"))
        for row in rows(name)
        for text in (row.get("name", ""), *row["aliases"].split("|"))
        if text
    ]
    sample = [("make", row["text"]) for row in rows("words") if row["kind"] == "make"]
    return st.sampled_from([*texts, *sample])


@given(
    written(),
    st.sampled_from([str.upper, str.lower, str.title, str.swapcase]),
    st.sampled_from(["", " ", "\t", "  "]),
)
def test_case_accents_and_blanks_change_nothing(named, case, blank):
    kind, text = named
    plain = "".join(
        glyph for glyph in unicodedata.normalize("NFD", text) if not unicodedata.combining(glyph)
    )
    other = blank + case(plain).replace(" ", f" {blank}") + blank
    assert reader(kind).candidates(other) == reader(kind).candidates(text)


@given(st.sampled_from(KINDS), st.text(max_size=40))
def test_whatever_is_written_is_read_with_a_confidence_between_nothing_and_one(kind, text):
    found = reader(kind).candidates(text)
    assert all(0 < single.confidence <= 1 for single in found)
    assert found == sorted(found, key=lambda single: -single.confidence)
    assert len({single.code for single in found}) == len(found)
    code = reader(kind).resolve(text)
    assert code is None or (code == found[0].code and found[0].confidence >= CERTAIN)


@given(st.sampled_from(KINDS), st.text(max_size=40))
def test_what_is_mistyped_is_never_certain(kind, text):
    assert all(each.how != "typo" for each in reader(kind).read(text))
