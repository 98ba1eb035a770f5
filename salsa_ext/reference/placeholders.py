"""Words that say that there is no name or mark, cut and misspelt, in four languages; pure."""

import re
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Final

from rapidfuzz import process
from rapidfuzz.distance import OSA

from salsa_ext.core.text import remove_accents

DENIALS: Final = frozenset("no nao n not non pas sin sem sans without".split())
_SHORT_DENIALS: Final = ("s/", "n/")
_DENYING_STARTS: Final = "no nao n not non nose naose sin sem sans pas".split()
_ABSENT_VERBS: Final = frozenset(
    """
    aparente aparece apparent apparente aprecia observa observado visualiza distingue ve visto lee
    visible visibles visivel visiveis encontrado encontrada encontrou found located localizado
    localizada trouve trouvee identificado identificada identifica identifie identified indica
    indicado refiere refere referido informa informado informada informed informe renseigne
    declarado declarada declare declared registra registrado registrada recorded consta constam
    precisa precise especificado especifica specified disponible disponivel available determinado
    determina determined catalogado legible legivel
""".split()
)
_LACK_VERBS: Final = "tiene tem posee possui presenta presente lleva ha hay existe porta".split()
_LINKS: Final = frozenset(
    "de del da do la el le los las se fue foi es esta est ha a o l the of".split()
)
_UNKNOWN_WORDS: Final = frozenset(
    """
    ilegible ilegivel illegible illisible unreadable otro otra otros otras outro outra outros outras
    other others autre autres desconocido desconocida desconhecido desconhecida inconnu inconnue
    unknown unk unkn ignorado ignorada raspado raspada borrado borrada limado limada apagado apagada
    obliterado obliterada prejudicado prejudicada pendiente pendente pending tbd sd nd ni nc null
    nil indeterminado indeterminada indetermine generico generica
    """.split()
)
UNDECIDED: Final = re.compile(
    r"(?:a|por|para|to be|sin|sem) (?:determinar|determiner|identificar|identifier|confirmar|definir|verificar"
    r"|apurar|completer|completar|completed|renseigner|preciser|precisar|establecer|especificar|determined"
    r"|confirmed|identified)"
)
_CRAFT_STEMS: Final = re.compile(
    r"caser[oa]|caseir[oa]|hechiz|artesan|artisan|tumbera|rudimentari|zip ?gun|home ?made"
    r"|self ?made|fait maison|(?:fab|fabricac(?:ion|ao)|confeccao|fabrication) (?:propia|propria)"
    r"|\bcraft\b|ghost ?guns?\b|\b3d\b"
)
_MIN_CUT: Final = 6  # letters of words that are read though cut or misspelt


@lru_cache(maxsize=4_000)
def fold_words(text: str) -> str:
    """Return lower-case words without accents and signs, but `/`."""
    plain = remove_accents(re.sub("[º°ª]", "", text))
    return " ".join(re.sub(r"[^\w/]+|_+", " ", plain).split())


def read_denial(words: str, nouns: Collection[str]) -> str | None:
    """Return `unmarked` or `unknown` for folded words that deny, or None."""
    if words in _ABSENT_VERBS or words in nouns:  # “legible” is no misspelt “n legible”
        return None
    if near := find_near(words, _denials(tuple(sorted(nouns)))):
        return near
    first, *rest = words.split() or [""]
    if first in nouns and rest and rest[0] in DENIALS:  # make not seen
        return read_denial(" ".join(rest), nouns)
    if first not in DENIALS and not words.startswith(_SHORT_DENIALS):
        return None
    left = {word for word in (*rest, *first.split("/")[1:]) if word not in _LINKS}
    if not left.isdisjoint(nouns):
        is_unseen = not left.isdisjoint(_ABSENT_VERBS)
        return "unknown" if is_unseen else "unmarked"
    return "unknown" if not left.isdisjoint(_ABSENT_VERBS) else None


@lru_cache(maxsize=8)
def _denials(nouns: tuple[str, ...]) -> dict[str, str]:
    denials = {start + verb: "unknown" for start in _DENYING_STARTS for verb in _ABSENT_VERBS}
    denials |= {
        start + noun: "unmarked" for start in _DENYING_STARTS for noun in (*_LACK_VERBS, *nouns)
    }
    return {phrase: meaning for phrase, meaning in denials.items() if len(phrase) > 4}


def find_near(words: str, known: Mapping[str, str]) -> str | None:
    """Return what the words mean, though glued, cut or misspelt; `known` has no blanks."""
    joined = re.sub(r"[\W_]", "", words)
    if joined in known:
        return known[joined]
    if len(joined) < _MIN_CUT:
        return None
    cut = {meaning for phrase, meaning in known.items() if phrase.startswith(joined)}
    if len(cut) == 1:
        return cut.pop()
    most = 1 if len(joined) < 9 else 2
    near = process.extractOne(joined, known.keys(), scorer=OSA.distance, score_cutoff=most)
    return known[near[0]] if near else None


@lru_cache(maxsize=4_000)
def read_placeholder(text: str, nouns: Collection[str]) -> str | None:
    """Return `craft`, `unmarked` or `unknown` for words instead of a name, or None."""
    words = fold_words(text)
    if not words.replace("/", "").strip():
        return "unknown"
    if _CRAFT_STEMS.search(words):
        return "craft"
    if words.replace("/", "") in _UNKNOWN_WORDS or UNDECIDED.match(words):
        return "unknown"
    if any(map(str.isdigit, words)):
        return None
    if any(word in _UNKNOWN_WORDS and len(word) > 3 for word in words.split()):
        return "unknown"
    return read_denial(words, nouns)
