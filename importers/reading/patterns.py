"""Regular expressions of profiles: a user's text, searched by RE2 in linear time."""

import re
from functools import lru_cache
from typing import Any, Final

import re2

MAX_SIZE: Final = 2_000
"""Most steps of the programs of one profile's expressions."""
MAX_TEXT: Final = 1_000
"""Characters of a cell that expressions see."""

SERIALS: Final = "*"
"""Matches what is between two serials in one cell."""
_BETWEEN_SERIALS: Final = re.compile(
    r"(?<=\w{3}\d)(?:\s*[/;,\n]\s*|\s+(?:y|e|et|and|&)\s+)(?=\w{4})(?=\w*\d{2})"
)


RESTORED: Final = r"(?!.*(r[ée]tabli|rehabilit|restablec|restabelec|reinstat|reativ|reactiv))"
FINE: Final = r"(?!.*\b(multa|amende|fine)\b)"
ENTRY: Final = (
    r"((el|la|le|o|a|the) )?(registro|registre|permiso|permis|permit|expediente|caso|acta|asiento"
    r"|fila|lan[cç]amento|linha|l[ií]nea|ligne|venta|vente|venda|entrada|entry|record|row) (de \w+ )?"
)
CANCELLED: Final = (
    rf"[\W_]*({ENTRY})?(anulad[oa]s?|annul[ée]e?s?|cancelad[oa]s?|cancell?ed|void(ed)?|nul[oa]"
    rf"|sin efecto|sem efeito)\b{FINE}{RESTORED}.*|[\W_]*(ann(ul)?|anul|canc)\.?[\W_]*"
)
PACK: Final = (
    r"(\d+ *)?((cajas?|caixas?|bo[iî]tes?|lotes?|box(es)?|pacotes?|unidades?|u) (de |of )?)?"
)
AMMUNITION: Final = (
    rf"[\W_]*{PACK}(muni[cç]\w+|munitions?|ammunition|ammo|cartuchos?|cartouches?|cartridges?|balas?|vainas?"
    r"|estojos?|proyectil(es)?|proj[eé]te?il(es|s)?)\b.*"
)
TOY: Final = (
    r"((pistola|rev[oó]lver|arma|fusil|fuzil|rifle|pistolet|arme|gun|pistol) )?((de|tipo|es|un|une) )*"
    r"(simulacros?|r[eé]plicas?|juguetes?|brinquedos?|jouets?|toys?|airsoft|air soft|imita[cç]i?[oóaã]o?n?"
    r"|imitation|factice|paintball)\b.*"
)
NO_GUN: Final = (
    r"(.*\W)?((no|n[aã]o|not|non|pas)\W+((es|[eé]|is) )?((an?|une?|d') ?)?(armas?|armes?|firearms?|guns?)"
    r"|(ot|out)ros (objetos|art[ií]culos|artigos)|autres (objets|articles)|other (objects|items)"
    r")(\W.*)?"
)
NO_TEXT: Final = "*empty"
NAMED: Final = {
    name: re.compile(pattern, re.IGNORECASE)
    for name, pattern in {
        "*cancelled": CANCELLED,
        "*ammunition": AMMUNITION,
        "*toy": TOY,
        "*no_gun": NO_GUN,
        NO_TEXT: r"[\W_]*",
    }.items()
}
"""Expressions of the program, by the names that profiles have for them."""


@lru_cache(1_000)
def compile_pattern(text: str, ignores_case: bool = False) -> Any:
    """Return the compiled expression; raises ValueError for what RE2 does not know."""
    if text in NAMED:
        return NAMED[text]
    options = re2.Options()
    options.case_sensitive, options.log_errors = not ignores_case, False
    options.max_mem = 1 << 17
    try:
        return re2.compile(text, options)
    except (re2.error, TypeError) as error:
        raise ValueError(text) from error


def split_text(pattern: str, text: str) -> list[str]:
    """Return the filled parts of a text; without a pattern, or too long, it is not cut."""
    if not pattern or len(text) > MAX_TEXT:
        return [text]
    between = _BETWEEN_SERIALS if pattern == SERIALS else compile_pattern(pattern)
    parts: list[str | None] = between.split(text)
    return [part.strip() for part in parts if part and part.strip()]
