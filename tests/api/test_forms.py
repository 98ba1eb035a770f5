"""Blank forms."""

import pytest

from api.papers import forms
from salsa_ext.values.codes import LANGUAGES
from tests.papers import text_of


@pytest.mark.parametrize("kind", forms.KINDS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_blank_form_has_titles_in_its_language_and_english(session, kind, language):
    said = text_of(forms.render(kind, language))
    english = {"import": "Import certificate", "in_transit": "In-transit shipment authorization",
               "export": "Export certificate", "attachment": "Export attachment",
               "receipt": "Confirmation of receipt"}[kind]  # fmt: skip
    assert english in said and "Signatures" in said
    assert "SALSA1" not in said
