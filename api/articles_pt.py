"""The article that Portuguese puts before the name of a state, and what prepositions become with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

MASCULINE: Final = frozenset((
    "Afeganistão", "Azerbaijão", "Barein", "Benin", "Brasil", "Brunei", "Burundi", "Butão", "Camboja",
    "Canadá", "Catar", "Cazaquistão", "Chade", "Chile", "Congo - Kinshasa", "Djibuti", "Egito",
    "Equador", "Gabão", "Haiti", "Iraque", "Irã", "Iêmen", "Japão", "Kosovo", "Kuwait", "Laos", "Lesoto",
    "Liechtenstein", "Líbano", "Malaui", "Mali", "Maurício", "México", "Nepal", "Níger", "Panamá",
    "Paquistão", "Paraguai", "Peru", "Quirguistão", "Quênia", "Reino Unido", "Senegal", "Sri Lanka", "Sudão",
    "Sudão do Sul", "Suriname", "Tadjiquistão", "Togo", "Turcomenistão", "Uruguai", "Uzbequistão", "Vietnã",
    "Zimbábue", "Alto Volta", "Zaire", "Daomé", "Iêmen Democrático",
))  # fmt: skip
FEMININE: Final = frozenset((
    "Albânia", "Alemanha", "Argentina", "Argélia", "Armênia", "Arábia Saudita", "Austrália", "Bielorrússia",
    "Bolívia", "Botsuana", "Bulgária", "Bélgica", "Bósnia e Herzegovina", "China", "Colômbia",
    "Coreia do Norte", "Coreia do Sul", "Costa Rica", "Costa do Marfim", "Croácia", "Dinamarca", "Dominica",
    "Eritreia", "Eslováquia", "Eslovênia", "Espanha", "Estônia", "Etiópia", "Finlândia", "França", "Geórgia",
    "Grécia", "Guatemala", "Guiana", "Guiana Francesa", "Guiné", "Guiné Equatorial", "Guiné-Bissau", "Gâmbia",
    "Hungria", "Indonésia", "Irlanda", "Islândia", "Itália", "Jamaica", "Jordânia", "Letônia", "Libéria",
    "Lituânia", "Líbia", "Macedônia do Norte", "Malásia", "Mauritânia", "Micronésia", "Moldávia", "Mongólia",
    "Namíbia", "Nicarágua", "Nigéria", "Noruega", "Nova Zelândia", "Papua-Nova Guiné", "Polônia",
    "República Centro-Africana", "República Dominicana", "República do Congo", "Romênia", "Rússia",
    "Serra Leoa", "Somália", "Suécia", "Suíça", "Sérvia", "Síria", "Tailândia", "Tanzânia", "Tchéquia",
    "Tunísia", "Turquia", "Ucrânia", "Venezuela", "Zâmbia", "África do Sul", "Áustria", "Índia",
    "Birmânia", "RSS da Bielorrússia", "Tchecoslováquia", "República Democrática Alemã",
    "Rodésia do Sul", "Sérvia e Montenegro", "União Soviética", "República Democrática do Vietnã", "Iugoslávia",
))  # fmt: skip
PLURAL: Final[Mapping[str, str]] = {
    "Bahamas": "as", "Filipinas": "as", "Maldivas": "as", "Seicheles": "as", "Comores": "as",
    "Ilhas Marshall": "as", "Ilhas Salomão": "as", "Antilhas Neerlandesas": "as", "Estados Unidos": "os",
    "Países Baixos": "os", "Emirados Árabes Unidos": "os", "Camarões": "os",
}  # fmt: skip
"""Names without an article, such as Portugal, Cuba or El Salvador, stand in none of these."""
WITH: Final[Mapping[str, Mapping[str, str]]] = {
    "o": {"o": "o ", "a": "a ", "os": "os ", "as": "as ", "": ""},
    "de": {"o": "do ", "a": "da ", "os": "dos ", "as": "das ", "": "de "},
    "em": {"o": "no ", "a": "na ", "os": "nos ", "as": "nas ", "": "em "},
    "a": {"o": "ao ", "a": "à ", "os": "aos ", "as": "às ", "": "a "},
    "por": {"o": "pelo ", "a": "pela ", "os": "pelos ", "as": "pelas ", "": "por "},
    "para": {"o": "para o ", "a": "para a ", "os": "para os ", "as": "para as ", "": "para "},
}
"""What stands before a name, by the word that a sentence asks for and the article of the name."""


def article(name: str) -> str:
    """Return the article of a name; empty where it has none."""
    if name in MASCULINE:
        return "o"
    return "a" if name in FEMININE else PLURAL.get(name, "")
