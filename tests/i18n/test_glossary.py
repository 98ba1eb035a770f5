"""One thing has one word in each language: the field's own, and its twins stand nowhere."""

import csv
import re

import pytest

from api.i18n.messages import load_catalogue
from tests.i18n.test_catalogues import LABELS

ONE_WORD = {
    "en": {
        "expired": r"\bhit ended without|\bhit lapsed",
        "withdrawn": "retracted|called off",
        "cancelled": r"annulled|canceled|\bthe alert (?:was|is) (?:withdrawn|revoked)",
        "ended": r"\bhit (?:closed|finished)",
    },
    "es": {
        "vencid": r"expirad[oa]|\brespuesta positiva terminó sin|caducada",
        "cancel": r"anulad[oa]|\banul[aó]\b",
        "retir": "(?:quedan|dejó) sin efecto|^sin efecto$|desist",
        "terminado": r"\bfinalizado|respuesta positiva cerrada",
        "respuesta positiva": r"\baciertos?\b",
        "patrón": r"\bpistas?\b",
        "discrepancia": "divergencia",
        "rastreo": "trazado|trazabilidad|rastreamiento",
        "inutiliza": "desactiv",
        "puesto fronterizo": "paso fronterizo|este paso|tablero del paso",
        "oficiales de frontera": "agentes de frontera|funcionarios fronterizos",
        "embarque": "remesa",
        "hallada": r"^encontrada\b|armas? encontrada|arma que se encontró|se encontró un arma",
        "Estado requirente": "Estado (?:solicitante|que pregunta|demandante)",
        "autoriz": "liberarse|liberación|liberad[oa]|libérelo|despachad[oa]",
        "recepción": r"(?<!acuse de )(?<!acusar )(?<!acusó )\brecibos?\b",
        "restablec": "rehabilit",
        "marca de importación": "marcaje de importación",
    },
    "fr": {
        "expir": r"périmée? le|\bcaduque|pris fin sans",
        "annul": "résili",
        "retir": "désist|révoqué par",
        "alerte": r"(?:d’|à )un signalement",
        "terminée": r"\bclôturée",
        "État requérant": "État (?:demandeur|demandant)",
        "contrepartie": "(?:son|le|sans) pendant\\b",
        "trouvée": "rencontrée",
        "entrées": "saisir (?:une|l’)alerte|saisies sont|saisie qu’|avez saisi|n’est saisi",
        "sortie": "libération|libérez-l|libéré|(?:autorisation|autoriser) (?:de|le) départ",
        "divergence": "discordance|écart entre",
        "traçage": "retraça|retrace|pistage",
        "affaire": "numéro de dossier|dans le dossier|pour un dossier",
        "marquage d’importation": "marque d[’']importation",
        "marquages": "marques (?:altérées|effacées|intactes)",
        "poste frontière": "poste-frontière|poste frontalier",
        "agents frontaliers": "agents? (?:de )?frontière",
        "détenteur légal": "détenteur licite",
        "État d’origine": "titulaire(?! de licence|s de licence| est)",
    },
    "pt": {
        "vencid": r"expirad[oa]|\bresposta positiva terminou sem",
        "cancel": r"anulad[oa]|\banul[ao]u?\b",
        "retir": "sem efeito|desist",
        "terminado": r"\bfinalizado|resposta positiva encerrada",
        "resposta positiva": r"\bacertos?\b",
        "padrão": r"\bpistas?\b",
        "divergência": "discrepância",
        "rastreamento": "rastreio|rastreabilidade",
        "embarque": "remessa",
        "destinatário": "consignatári",
        "Estado requerente": "Estado (?:solicitante|que pergunta|demandante)",
        "autoriz": "liberaç|liberad|libere-",
        "recebimento": r"\brecibos?\b",
        "desativa": "inutiliza",
        "aparelho": "(?:neste|este|no) dispositivo",
        "ligue": "telefonem|que telefone|telefone para",
        "posto de fronteira": "posto fronteiriço|passo de",
        "marca de importação": "marcação de importação",
    },
}
"""The word that is used, and the pattern of those that would mean the same."""


@pytest.mark.parametrize("language", ONE_WORD)
def test_one_thing_has_one_word(language):
    sentences = texts(language)
    for word, others in ONE_WORD[language].items():
        assert [text for text in sentences if re.search(others, text, re.IGNORECASE)] == []
        assert any(word.lower() in text.lower() for text in sentences), word


def texts(language: str) -> list[str]:
    """Return all that is said in a language: sentences, and names of codes."""
    with LABELS.open(encoding="utf-8") as file:
        named = [row["text"] for row in csv.DictReader(file) if row["language"] == language]
    sentences = (
        load_catalogue(language).values() if language != "en" else load_catalogue("es").keys()
    )
    return [*sentences, *named]
