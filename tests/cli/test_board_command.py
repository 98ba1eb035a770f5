"""The board of a border post from the command line."""

import json

import pytest

from api.bare import bare_app
from api.schemas.seizures import SeizureRequest
from salsa_ext.db import db, transaction
from salsa_ext.policy.rules import operator
from salsa_ext.services import seizures
from tests import bodies

POST = "ciudad-del-este-foz-do-iguacu"
PLACE = {"country": "PRY", "name": "Hernandarias", "latitude": -25.4, "longitude": -54.6}


@pytest.fixture
def seized(registered_database):
    """A pistol that Paraguay seized at the post today."""
    with bare_app(registered_database).app_context():
        actor = operator("PRY")
        today = str(actor.now().date())
        with transaction(actor):
            said = bodies.seizure(place=PLACE, occurred_on=today, number="S-77")
            seizures.record(actor=actor, data=SeizureRequest().load(said))
        db.engine.dispose()


@pytest.mark.usefixtures("seized")
def test_a_board_is_shown_in_words_and_as_over_http(salsa):
    told = salsa("board", "show", "--state", "PRY", POST).stdout
    assert told.startswith("Ciudad del Este–Foz do Iguaçu, ")
    for part in ("late: 0", "due today: 0", "seizures near by: 1", "S-77", "12.2 km", "seized 1",
                 "PRY to BRA: left 0, entered 0"):  # fmt: skip
        assert part in told
    shown = json.loads(salsa("board", "show", "--state", "PRY", "--json", POST).stdout)
    assert shown["counts"]["seizures"] == 1 and shown["seizures"][0]["number"] == "S-77"
    assert salsa("board", "show", "--state", "BRA", "--json", POST).stdout.count("S-77") == 0


@pytest.mark.parametrize("state,post,said", [
    ("ARG", POST, "Your state is not a side of this post."), ("PRY", "atlantis", "atlantis"),
])  # fmt: skip
def test_a_post_that_is_not_the_states_is_refused(salsa, registered_database, state, post, said):
    refused = salsa("board", "show", "--state", state, post)
    assert (refused.returncode, said in refused.stderr) == (1, True)
