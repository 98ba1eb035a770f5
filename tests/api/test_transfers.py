from tests import bodies


def test_a_transfer_is_recorded_with_its_codes_and_the_text_as_written(as_actor):
    client = as_actor("PRY", "licensing_officer")
    body = bodies.transfer(firearm=bodies.firearm(make="Forjas Taurus", calibre="9 mm Luger"))
    answer = client.post("/transfers", body).json
    assert answer["firearm"]["make"] == "taurus"
    assert answer["firearm"]["make_text"] == "Forjas Taurus"
    assert answer["firearm"]["calibre"] == "9x19"


def test_a_loss_is_refused_with_the_route_that_takes_it(as_actor):
    client = as_actor("PRY", "licensing_officer")
    answer = client.post("/transfers", bodies.transfer(kind="theft"), 422).json
    assert answer["errors"]["kind"] == ["A theft is reported by POST /api/v1/reports."]
