"""The article that French puts before the name of a state, and what prepositions become with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

MASCULINE: Final = frozenset((
    "Afghanistan", "Angola", "Azerbaïdjan", "Bangladesh", "Belize", "Bhoutan", "Botswana", "Brunei",
    "Brésil", "Burkina Faso", "Burundi", "Bénin", "Cambodge", "Cameroun", "Canada", "Cap-Vert", "Chili",
    "Congo-Brazzaville", "Congo-Kinshasa", "Costa Rica", "Danemark", "Gabon", "Ghana", "Groenland",
    "Guatemala", "Guyana", "Honduras", "Irak", "Iran", "Japon", "Kazakhstan", "Kenya", "Kirghizstan",
    "Kosovo", "Koweït", "Laos", "Lesotho", "Liban", "Liberia", "Liechtenstein", "Luxembourg", "Malawi",
    "Mali", "Maroc", "Mexique", "Monténégro", "Mozambique", "Myanmar (Birmanie)", "Nicaragua", "Niger",
    "Nigeria", "Népal", "Ouganda", "Ouzbékistan", "Pakistan", "Panama", "Paraguay", "Portugal", "Pérou",
    "Qatar", "Royaume-Uni", "Rwanda", "Sahara occidental", "Salvador", "Soudan", "Soudan du Sud",
    "Sri Lanka", "Suriname", "Sénégal", "Tadjikistan", "Tchad", "Timor oriental", "Togo", "Turkménistan",
    "Uruguay", "Vanuatu", "Venezuela", "Viêt Nam", "Yémen", "Zimbabwe", "Équateur", "Dahomey", "Sikkim",
    "Yémen démocratique", "Zaïre",
))  # fmt: skip
FEMININE: Final = frozenset((
    "Afrique du Sud", "Albanie", "Algérie", "Allemagne", "Arabie saoudite", "Argentine", "Arménie",
    "Australie", "Autriche", "Barbade", "Belgique", "Biélorussie", "Bolivie", "Bosnie-Herzégovine",
    "Bulgarie", "Chine", "Colombie", "Corée du Nord", "Corée du Sud", "Croatie", "Côte d’Ivoire",
    "Dominique", "Espagne", "Estonie", "Finlande", "France", "Gambie", "Grenade", "Grèce", "Guadeloupe",
    "Guinée", "Guinée équatoriale", "Guinée-Bissau", "Guyane française", "Géorgie", "Hongrie", "Inde",
    "Indonésie", "Irlande", "Islande", "Italie", "Jamaïque", "Jordanie", "Lettonie", "Libye", "Lituanie",
    "Macédoine du Nord", "Malaisie", "Martinique", "Mauritanie", "Micronésie", "Moldavie", "Mongolie",
    "Namibie", "Norvège", "Nouvelle-Calédonie", "Nouvelle-Zélande", "Papouasie-Nouvelle-Guinée", "Pologne",
    "Polynésie française", "Roumanie", "Russie", "République centrafricaine", "République dominicaine",
    "Serbie", "Sierra Leone", "Slovaquie", "Slovénie", "Somalie", "Suisse", "Suède", "Syrie", "Tanzanie",
    "Tchéquie", "Thaïlande", "Trinité-et-Tobago", "Tunisie", "Turquie", "Ukraine", "Zambie", "Érythrée",
    "Éthiopie", "Birmanie", "Tchécoslovaquie", "République démocratique allemande", "Haute-Volta",
    "RSS de Biélorussie", "Rhodésie du Sud", "Serbie-et-Monténégro", "Union soviétique",
    "République démocratique du Viêt Nam", "Yougoslavie",
))  # fmt: skip
PLURAL: Final = frozenset((
    "Antilles néerlandaises", "Bahamas", "Bermudes", "Comores", "Fidji", "Maldives", "Palaos", "Pays-Bas",
    "Philippines", "Samoa américaines", "Seychelles", "Territoires palestiniens", "Tonga",
    "Émirats arabes unis", "États-Unis", "Îles Caïmans", "Îles Cook", "Îles Malouines", "Îles Marshall",
    "Îles Salomon", "Îles Turques-et-Caïques", "Îles Vierges britanniques", "Îles Vierges des États-Unis",
))  # fmt: skip
"""Names without an article, such as Cuba, Haïti or Sainte-Lucie, stand in none of these."""
WITH: Final[Mapping[str, Mapping[str, str]]] = {
    "le": {"le": "le ", "la": "la ", "l’": "l’", "les": "les ", "": "", "’": ""},
    "de": {"le": "du ", "la": "de la ", "l’": "de l’", "les": "des ", "": "de ", "’": "d’"},
    "à": {"le": "au ", "la": "à la ", "l’": "à l’", "les": "aux ", "": "à ", "’": "à "},
}
"""What stands before a name, by the word that a sentence asks for and the article of the name."""
MUTE: Final = re.compile(r"[AEIOUÉÎ]|Haïti")
"""How names begin before which a vowel falls."""


def article(name: str) -> str:
    """Return the article of a name; of one without, whether what stands before it loses its vowel."""
    begins_mute = MUTE.match(name) is not None
    if name in PLURAL:
        return "les"
    if name in MASCULINE or name in FEMININE:
        return "l’" if begins_mute else "le" if name in MASCULINE else "la"
    return "’" if begins_mute and not name.isupper() else ""
