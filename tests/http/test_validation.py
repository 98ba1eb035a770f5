"""What cannot be taken is refused with the field, what would be right, and the fitting status."""

import io
import json

import pytest

from tests.support import bodies


@pytest.fixture
def refused(as_actor):
    """Post a transfer that cannot be taken; returns what is wrong by field."""

    def post(**changes):
        client = as_actor("PRY", "licensing_officer")
        return client.post("/transfers", bodies.transfer(**changes), 422).json["errors"]

    return post


@pytest.fixture
def send(as_actor):
    """Post bytes as they are; returns the response."""

    def post(data, content_type="application/json", **headers):
        client = as_actor("PRY", "licensing_officer")
        sent = {"Authorization": f"Bearer {client.token}"} | headers
        url = "/api/v1/transfers"
        return client.client.post(url, data=data, content_type=content_type, headers=sent)

    return post


def test_an_unknown_field_is_refused_by_its_path(refused):
    assert refused(colour="red") == {
        "colour": ["There is no such field; see the documentation of this route."]
    }


@pytest.mark.parametrize(
    ("written", "meant"),
    [("occured_on", "occurred_on"), ("Number", "number"), ("visibilty", "visibility")],
)
def test_a_misspelt_field_is_refused_with_the_right_name(refused, written, meant):
    assert refused(**{written: "x"}) == {
        written: [f"There is no such field; did you mean {meant}?"]
    }


def test_a_misspelt_inner_field_is_refused_with_the_right_name(refused):
    result = refused(firearm=bodies.firearm(serial_no="1"))["firearm.serial_no"]
    assert result == ["There is no such field; did you mean serial?"]


def test_an_empty_text_that_may_be_missing_is_left_out(refused):
    found = refused(firearm=bodies.firearm(model=" "))
    assert found == {"firearm.model": ["This text is empty; leave it out instead."]}


def test_an_empty_required_text_is_refused_with_what_is_needed(as_actor):
    body = bodies.permit(number=" ")
    found = as_actor("BRA", "licensing_officer").post("/permits", body, 422).json["errors"]
    assert found == {
        "number": ["Write something here, of 100 characters at most: it cannot be empty."]
    }


def test_an_empty_token_is_refused_with_what_a_token_holds(bra):
    found = bra.post("/papers/verify", {"token": ""}, 422).json["errors"]
    assert found == {"token": ["Send the text of the paper's QR code, which begins with SALSA1."]}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"kind": "gift",\n  "number": }', "The body is no JSON from line 2, column 13 on."),
        (b"", "The body is empty, and JSON is needed."),
        ('{"number": "\u00d1"}'.encode("latin-1"), "The body is not in UTF-8."),
    ],
)
def test_an_error_in_json_names_its_place(send, body, expected):
    answer = send(body)
    assert (answer.status_code, answer.json["detail"]) == (400, expected)


def test_an_unknown_field_inside_is_refused_by_its_path(refused):
    assert list(refused(firearm=bodies.firearm(colour="red"))) == ["firearm.colour"]


def test_a_missing_field_is_named(as_actor):
    body = bodies.transfer()
    del body["occurred_on"]
    answer = as_actor("PRY", "licensing_officer").post("/transfers", body, 422).json
    assert answer["errors"] == {"occurred_on": ["This field is required."]}


def test_all_errors_are_reported_at_once(refused):
    found = refused(kind="gift", occurred_on="yesterday", firearm=bodies.firearm(year="2020"))
    assert sorted(found) == ["firearm.year", "kind", "occurred_on"]


def test_a_number_as_text_is_refused(refused):
    found = refused(firearm=bodies.firearm(year="2020"))
    assert found == {"firearm.year": ["A whole number is needed here, without quotes."]}


@pytest.mark.parametrize("number", [True, 20.5, None, [1], {}])
def test_what_is_no_whole_number_is_refused(refused, number):
    assert list(refused(firearm=bodies.firearm(year=number))) == ["firearm.year"]


@pytest.mark.parametrize("year", [3000, 10**12, 1e30, -1e30])
def test_a_whole_number_out_of_range_is_refused_with_the_range(refused, year):
    assert refused(firearm=bodies.firearm(year=year)) == {"firearm.year": ["From 1400 to 2200."]}


@pytest.mark.parametrize(
    "limit,expected",
    [
        ("many", "A whole number is needed here."),
        ("1.5", "A whole number is needed here."),
        ("-1", "From 1 to 200."),
        ("9" * 12, "From 1 to 200."),
        ("9" * 5000, "From 1 to 200."),
    ],
)
def test_a_wrong_number_in_an_address_is_refused_with_the_right_form(limit, expected, pry):
    assert pry.get(f"/transfers?limit={limit}", 422).json["errors"] == {"limit": [expected]}


@pytest.mark.parametrize("text", [7, True, [], {}, "", "   ", "a\x00b", "a\x07b", "x" * 65])
def test_what_is_no_text_is_refused(refused, text):
    assert list(refused(firearm=bodies.firearm(serial=text))) == ["firearm.serial"]


@pytest.mark.parametrize(
    "day",
    ["2024-02-30", "2024-5-6", "06/05/2024", "1799-12-31", "2201-01-01", "20240506", 20240506],
)
def test_what_is_no_date_is_refused(refused, day):
    assert list(refused(occurred_on=day)) == ["occurred_on"]


@pytest.mark.parametrize(
    "moment",
    ["2024-05-06T10:00:00", "2024-05-06", "2024-05-06T10:00:00+23:00", "10:00", 1714989600],
)
def test_what_is_no_moment_with_an_offset_is_refused(refused, moment):
    assert list(refused(occurred_at=moment)) == ["occurred_at"]


def test_a_date_in_the_future_is_refused_with_today(refused):
    found = refused(occurred_on="2026-03-11")
    assert found == {"occurred_on": ["This date lies in the future; today is 2026-03-09."]}


def test_tomorrow_is_taken_since_zones_differ(as_actor):
    body = bodies.transfer(occurred_on="2026-03-10")
    as_actor("PRY", "licensing_officer").post("/transfers", body)


def test_a_zone_that_is_none_is_refused(refused):
    assert list(refused(time_zone="Asuncion")) == ["time_zone"]


def test_a_country_in_small_letters_is_refused(refused):
    assert list(refused(firearm=bodies.firearm(country_of_manufacture="bra"))) == [
        "firearm.country_of_manufacture"
    ]


@pytest.mark.parametrize("quantity", [0, -1, 1.0001, 10**13, "1", 1e300, 1e-9])
def test_what_is_no_quantity_is_refused(refused, quantity):
    assert "firearm.quantity" in refused(firearm=bodies.firearm(quantity=quantity))


def test_a_quantity_beyond_the_limit_is_refused_with_the_limit(refused):
    found = refused(firearm=bodies.firearm(quantity=10**13))
    assert "up to 1000000000000" in found["firearm.quantity"][0]


@pytest.mark.parametrize(
    "changes", [{"occurred_on": "2201-01-01"}, {"occurred_at": "2201-01-01T10:00:00Z"}]
)
def test_a_date_out_of_range_is_refused_with_the_years_allowed(refused, changes):
    [[result]] = refused(**changes).values()
    assert "from 1800 to 2200." in result


def test_one_serial_is_one_piece(refused):
    assert list(refused(firearm=bodies.firearm(quantity=2))) == ["firearm.quantity"]


def test_a_list_that_is_too_long_is_refused(refused):
    found = refused(firearm=bodies.firearm(marks=[{"kind": "proof", "text": "P"}] * 51))
    assert found == {"firearm.marks": ["At most 50 entries."]}


def test_what_is_wrong_in_a_list_is_named_by_its_place(refused):
    marks = [{"kind": "proof", "text": "P"}, {"kind": "proof"}]
    assert list(refused(firearm=bodies.firearm(marks=marks))) == ["firearm.marks.1.text"]


@pytest.mark.parametrize("body", [[], "text", 7, None, True])
def test_a_body_that_is_no_object_is_refused(body, pry):
    headers = {"Authorization": f"Bearer {pry.token}"}
    data = json.dumps(body)
    sent = pry.client.post(
        "/api/v1/transfers", data=data, headers=headers, content_type="application/json"
    )
    assert sent.status_code == 422


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"{'kind': 1}",
        b'{"quantity": NaN}',
        b'{"quantity": Infinity}',
        b"\xff\xfe",
        b'{"\\ud800": 1}',
        b'{"kind": "\\ud800"}',
        b"[" * 50_000,
        b'{"year": 1e400}',
    ],
)
def test_what_is_no_json_is_a_bad_request(send, data):
    response = send(data)
    assert response.status_code == 400
    assert response.json["code"] == "bad_request"


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "text/csv"])
def test_what_is_not_sent_as_json_is_an_unsupported_media_type(send, kind):
    response = send(json.dumps(bodies.transfer()), kind)
    assert response.status_code == 415
    assert response.json["code"] == "unsupported_media_type"


def test_a_body_over_the_limit_is_too_large(send):
    response = send(b" " * 400_000)  # twice what a transfer declares
    assert response.status_code == 413
    assert response.json["code"] == "too_large"
    assert " KiB" in response.json["detail"]


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "k-1"}])
@pytest.mark.parametrize("more,status", [(0, 201), (1, 413)])
def test_a_body_in_chunks_is_held_to_the_same_limit(app, monkeypatch, headers, more, status, pry):
    monkeypatch.setitem(app.config, "MAX_CONTENT_LENGTH", 8192)
    body = json.dumps(bodies.transfer()).encode().ljust(8192 + more)
    sent = {"Authorization": f"Bearer {pry.token}"} | headers
    response = pry.client.post(
        "/api/v1/transfers",
        input_stream=io.BytesIO(body),
        content_type="application/json",
        headers=sent,
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert response.status_code == status
    assert ("8 KiB" in response.get_data(as_text=True)) == (status == 413)


def test_an_unknown_filter_is_refused(as_actor):
    answer = as_actor("PRY", "licensing_officer").get("/transfers?colour=red", 422).json
    assert list(answer["errors"]) == ["colour"]


def test_an_address_that_is_none_is_a_problem_too(as_actor):
    answer = as_actor("PRY", "auditor").get("/nothing", 404)
    assert answer.content_type == "application/problem+json"
    assert answer.json["type"] == "urn:salsa:problem:not_found"


def test_a_method_that_an_address_does_not_know_is_said_with_those_it_does(pry_auditor):
    response = pry_auditor.client.delete("/api/v1/transfers")
    assert response.status_code == 405
    assert {"GET", "POST"} <= set(response.headers["Allow"].split(", "))


def test_a_problem_repeats_the_id_of_its_request(as_actor):
    answer = as_actor("PRY", "auditor").get("/nothing", 404, X_Request_Id="mine-1")
    assert answer.json["request_id"] == answer.headers["X-Request-Id"] == "mine-1"


def test_an_id_that_is_not_plain_is_not_repeated(as_actor):
    answer = as_actor("PRY", "auditor").get("/nothing", 404, X_Request_Id="a b\u00e9")
    assert len(answer.headers["X-Request-Id"]) == 36
