"""Agencies and their offices as pages: for all to read, for the administrator to change."""

import re

from tests.web.pages import text

OFFICE = {"kind": "duty_24h", "hours": "24/7", "languages": "pt\nes", "telephone": "+55 45 0000000"}


def test_an_administrator_registers_an_agency_with_its_offices_that_others_read(signed_in):
    administrator = signed_in("BRA", "state_administrator")
    assert 'href="/agencies"' in administrator.open("/")
    fields = {"code": "BRA-PF", "name": "Polícia Exemplo", "kind": "police"}
    page = administrator.send("/agencies/new", fields | {"time_zone": "Utopia"}, 422)
    assert "Not an IANA time zone" in text(page.get_data(as_text=True))
    agency = administrator.send("/agencies/new", fields | {"time_zone": "America/Sao_Paulo"})
    address = agency.location
    wrong = administrator.send(f"{address}/add_office", OFFICE | {"ori": "12"}, 422)
    assert "An ORI has nine capital letters and digits." in text(wrong.get_data(as_text=True))
    etrace = {"ori": "BRAPF0100", "mou_user": "br-traces"}
    administrator.send(f"{address}/add_office", OFFICE | etrace)
    page = administrator.open(address)
    assert "BRAPF0100" in page and "br-traces" in page and "pt, es" in page
    other = signed_in("PRY", "police_officer").open(address)
    assert "BRAPF0100" in other and "br-traces" not in other and "Correct" not in text(other)


def test_an_administrator_corrects_an_agency_and_its_office_and_closes_that(signed_in):
    administrator = signed_in("BRA", "state_administrator")
    change = {"name": "Polícia Nova", "kind": "police", "time_zone": "America/Manaus"}
    before = change | {"code": "BRA-PF", "name": "Polícia Exemplo"}
    address = administrator.send("/agencies/new", before).location
    assert f'href="{address}"' in administrator.open("/agencies?state=BRA&kind=police")
    administrator.send(f"{address}/correct", change)
    administrator.send(f"{address}/add_office", OFFICE)
    page = administrator.open(address)
    assert "Polícia Nova" in page and "America/" not in page and "Manaus" in page
    [correct] = re.findall(rf'href="({address}/offices/[^/]+/correct_office)"', page)
    assert 'value="+55 45 0000000"' in administrator.open(correct)
    administrator.send(correct, OFFICE | {"telephone": "+55 45 1111111"})
    page = administrator.open(address)
    assert "+55 45 1111111" in page and "+55 45 0000000" not in page
    [close] = re.findall(rf'href="({address}/offices/[^/]+/close_office)"', page)
    administrator.send(close, {})
    assert "No office is registered" in text(administrator.open(address))


def test_agencies_of_the_own_state_are_listed_without_a_filter(signed_in):
    administrator = signed_in("BRA", "state_administrator")
    fields = {"name": "Polícia Exemplo", "kind": "police", "time_zone": "America/Sao_Paulo"}
    address = administrator.send("/agencies/new", fields | {"code": "BRA-PF"}).location
    other = signed_in("PRY", "police_officer")
    assert f'href="{address}"' in administrator.open("/agencies")
    assert f'href="{address}"' not in other.open("/agencies")
    assert f'href="{address}"' in other.open("/agencies?state=")


def test_an_office_without_an_ori_number_is_offered_one(signed_in):
    administrator = signed_in("BRA", "state_administrator")
    fields = {"name": "Polícia Exemplo", "kind": "police", "time_zone": "America/Sao_Paulo"}
    address = administrator.send("/agencies/new", fields | {"code": "BRA-PF"}).location
    administrator.send(f"{address}/add_office", OFFICE)
    page = administrator.open(address)
    assert "Add the ORI number" in page and re.search(r"/correct_office#ori", page)
    assert "Add the ORI number" not in signed_in("PRY", "police_officer").open(address)
