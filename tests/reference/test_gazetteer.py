"""Towns by name: positions and divisions, also where a name is misspelt or borne by several."""

from typing import Any

import pytest

from salsa_ext.reference.gazetteer import complete_place, find_towns, locate


@pytest.mark.parametrize(
    ("country", "name", "admin1", "title"),
    [
        ("PRY", "ciudad del este", None, "Ciudad del Este, Alto Paraná"),
        ("ARG", "Posadas, Misiones", None, "Posadas, Misiones"),
        ("MEX", "CDMX", None, "Mexico City, Ciudad de México"),
        ("USA", "Springfield", "missouri", "Springfield, Missouri"),
        ("USA", "Springfield", None, None),  # of many states, and none far larger
        ("PRY", "Ciudad del Este", "Itapúa", None),
        ("PRY", "Posadas", None, None),
        ("DEU", "Berlin", None, None),  # outside the Americas
    ],
)
def test_a_town_is_located_by_name_and_division(
    country: str, name: str, admin1: str | None, title: str | None
) -> None:
    town = locate(country, name, admin1)
    assert (town and town.title) == title


@pytest.mark.parametrize("typed", ["encarnac", "Encarnasion", "ENCARNACIÓN"])
def test_a_beginning_or_misspelt_name_suggests_the_town(typed: str) -> None:
    assert find_towns("PRY", typed, 1)[0].title == "Encarnación, Itapúa"


def test_a_place_known_by_name_gets_division_position_and_accuracy() -> None:
    place: dict[str, Any] = {"country": "PRY", "name": "Encarnación, Itapúa"}
    complete_place(place)
    assert place == {
        "country": "PRY",
        "name": "Encarnación",
        "admin1": "Itapúa",
        "latitude": -27.332,
        "longitude": -55.867,
        "precision": 5.0,
    }


def test_a_position_that_was_given_stays() -> None:
    place = {"country": "PRY", "name": "Encarnación", "latitude": -27.3, "longitude": -55.8}
    before = dict(place)
    complete_place(place)
    assert place == before
