"""Blank forms."""

import pytest

from api.papers import blank_forms
from salsa_ext.core.codes import LANGUAGES
from tests.support.papers import text_of


@pytest.mark.parametrize("kind", blank_forms.FORM_KINDS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_blank_form_has_titles_in_its_language_and_english(session, kind, language):
    result = text_of(blank_forms.render_blank_form(kind, language))
    english = {
        "import": "Import certificate",
        "in_transit": "In-transit shipment authorization",
        "export": "Export certificate",
        "attachment": "Export attachment",
        "receipt": "Confirmation of receipt",
    }[kind]
    assert english in result and "Signatures" in result
    assert "SALSA1" not in result
