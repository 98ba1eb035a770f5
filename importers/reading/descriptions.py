"""Descriptions of guns in one cell: `Rev. Taurus mod. 82 38 spécial`; pure but for reference names."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any, Final

from importers.reading.cells import OPEN_LISTS, find_state, is_no_value
from importers.reading.tables import fold
from importers.subjects import Path
from salsa_ext.firearms.marks.marking_words import is_craft
from salsa_ext.reference import names

LONGEST: Final = 4
"""Words of a name."""
PUMP: Final = "pump"
"""A model of CBC and Boito, where the make is known."""
QUANTITIES: Final = ("2", "3", "4", "5")
"""First words that count guns, where no model is called so."""
LIKELY: Final = 0.85
"""How sure a number alone is a calibre."""
WORDS: Final = re.compile(r"(?:[^\s,;()\[\]\"“”«»]|(?<=\d),(?=\d))+|[,;]")
BRACKETS: Final = re.compile(r"\(([^()]{3,40})\)")
PREFIX: Final = re.compile(r"cal(?:ibre|iber)?\b[. :]*", re.IGNORECASE)
DECIMAL: Final = re.compile(r"[.,]\d{2,3}")
CALIBRE: Final = re.compile(r"[.,]?\d{1,3}(?:[.,x×*/-]\d+)*(?: ?[a-z&.]+.*)?", re.IGNORECASE)
MODEL_AND_CALIBRE: Final = re.compile(
    r"(.*?)\s*[/|]\s*(?:cal\.? *)?([.,]?\d{1,3}(?!\d)[^/|]{0,20})"
)
"""A model and a calibre, as their column has them: `Princess / 22`, `85S/.38 SPL`, `/36`."""
NAMES_WITH_SIGN: Final = ("10/22", "77/22", "77/17", "77/44", "96/22")
"""Models of Ruger."""
PLAIN_NUMBER: Final = re.compile(r"[.,]?\d{1,3}")
METRIC: Final = re.compile(r"\d{1,2}[.,]\d\d(?: ?mm)?", re.IGNORECASE)
GAUGES: Final = ("12", "16", "20", "24", "28", "36")
CALIBRES_ALONE: Final = {
    "shotgun": (*GAUGES, "32", "410"),
    "homemade": GAUGES,
    "revolver": ("22", "32", "38", "357", "44"),
    "pistol": ("9", "22", "25", "32", "40", "45", "380"),
    "submachine_gun": ("9", "40", "45"),
    "rifle": ("9", "22"),
    "carbine": ("9", "22"),
}
"""Numbers without a word that are the calibre, no model, by the type of the gun."""
GLOCK_MODELS: Final = ("22", "25", "32", "40", "45", "380")
SHORT_TYPES: Final = {
    "rev": "revolver",
    "revolv": "revolver",
    "pist": "pistol",
    "pst": "pistol",
    "esc": "shotgun",
    "escop": "shotgun",
    "carab": "carbine",
    "esping": "shotgun",
    "fusil a pompe": "shotgun",
    "fusil de chasse": "shotgun",
    "f de chasse": "shotgun",
    "f a pompe": "shotgun",
    "f d assaut": "assault_rifle",
    "f de asalto": "assault_rifle",
    "f de assalto": "assault_rifle",
    "p m": "submachine_gun",
    "pist mitrailleur": "submachine_gun",
    "pist ametralladora": "submachine_gun",
    "pist metralhadora": "submachine_gun",
    "subametr": "submachine_gun",
    "s m g": "submachine_gun",
    "smg": "submachine_gun",
    "submetr": "submachine_gun",
}
"""Cut words for kinds of guns."""
MODES: Final = re.compile(
    r"semi ?aut(o|om[aá]ti\w+)|automati\w+|pump( action)?|hunting( gun)?"
    r"|(a|de) (pompe|chasse|bomba|caza|caca|caceria|cacada|corredera)"
    r"|\d{1,3} (tiros?|disparos?|coups?|shots?|shooter|rounds?)"
    r"|(de )?(dois canos|(dos|doble|double) canon(es)?|dupla)"
)
"""How a gun works, how often it shoots, or what it is for, folded."""
ONE_BARREL: Final = re.compile(r"(one|1|un|uno|um) (barrel|canon|cano)")
MODEL_LABELS: Final = frozenset("mod modele modelo model type tipo".split())
SIGNS: Final = frozenset(", ; &".split())
LABELS: Final = MODEL_LABELS | {*"marca marque make brand , ;".split()}
"""Words and signs between two parts."""
FILLERS: Final = LABELS | {"cal", "calibre", "caliber"}
ADDITIONS: Final = frozenset("avec con com with c/ incl".split())
"""Words before what comes with a gun."""
NEAR: Final = ("typo", "cut")
"""How a misspelt make is like that of the register."""
Words = Sequence[str]


@lru_cache(maxsize=20_000)
def describe(text: str, own_make: str = "", own_type: str | None = None) -> Mapping[str, str]:
    """Return the parts of a description that it has: make, model, calibre, type and so on.

    Of a gun whose make is known no other is read: `Thunder 380` is a model of Bersa. `own_type` is
    the code of its type, where another cell says it.
    """
    if parted := _between_slashes(text.strip(), own_make, own_type):
        return parted
    parts = dict[str, str]()
    for match in BRACKETS.finditer(text):
        if state := find_state(match[1].strip()):
            parts["country_of_manufacture"] = state
            text = text.replace(match[0], " , ")
    has_no_model = text.lstrip().startswith("-")
    if (own_type or has_no_model) and (both := _model_and_calibre(text, own_make)):
        text, parts["calibre"] = both
    words = [word.strip("-–:*'’") for word in WORDS.findall(text.replace("\xa0", " "))]
    end = next((at for at, word in enumerate(words) if word.lower() in ADDITIONS), len(words))
    words = [word for word in words[:end] if word.strip("./")]
    first = words[:1]
    for read_calibre in (_named_calibre, _explicit_calibre):
        if "calibre" not in parts:
            words = _cut(words, "calibre", read_calibre, parts)
    words = _cut(words, "craft", _craft_words, parts, SIGNS)
    words = _without_modes(words, ONE_BARREL)
    words = _cut(words, "no make", _named_denial_of, parts, SIGNS)
    words = _cut(words, "type", _type_of, parts)
    if crafted := parts.pop("craft", None):
        parts |= {"origin_kind": "craft"} | ({} if "type" in parts else {"type": crafted})
    if not own_make or PUMP not in map(fold, words):
        words = _without_modes(words)
    words = _cut(words, "no make", partial(_denial_of, "make"), parts, SIGNS)
    words = _cut(words, "no model", partial(_denial_of, "model"), parts, SIGNS)
    has_no_make = bool(parts.pop("no make", None) or crafted or own_make)
    parts.pop("no model", None)
    for is_exact in (True, False):
        if "make" not in parts:
            words = _cut(words, "make", partial(_make_of, is_exact, own_make), parts)
    has_label = any(_plain(word) in MODEL_LABELS for word in words)
    words = [word for word in words if _plain(word) not in FILLERS]
    is_named = (
        own_make or "make" in parts or any(word.isalpha() and len(word) > 2 for word in words)
    )
    if not is_named and (maker := _make_in(parts.get("calibre", ""))):
        parts |= {"make": maker, "calibre": parts["calibre"].removesuffix(maker).strip()}
    if "calibre" not in parts and sum(any(map(str.isdigit, word)) for word in words) > 1:
        words = _cut_last_number(words, parts)
    if "make" not in parts and not has_no_make:
        words = _cut_unknown_make(words, parts)
    if not has_label and "calibre" not in parts and words:
        kind = names.resolve("type", parts.get("type")) or own_type or ""
        is_last = len(words) == 1 or kind == "shotgun"  # Reúna 36
        others = {*CALIBRES_ALONE.get(kind, ())} - {*(GLOCK_MODELS if own_make == "glock" else ())}
        for at in (-1, 0) if is_last else ():
            if "calibre" not in parts and words[at] in others:
                parts["calibre"] = words.pop(at)
    if words and words[:1] == first and first[0] in QUANTITIES:
        parts["quantity"], *words = words
    if words:
        parts["model"] = " ".join(words).strip("-–.,: ")
    if names.resolve("type", parts.get("type")) == "rifle" and str(
        names.resolve("calibre", parts.get("calibre"))
    ).endswith(("-gauge", "-bore")):
        parts["type"] = "shotgun"  # a French fusil is both
    return parts


def _between_slashes(text: str, own_make: str, own_type: str | None) -> Mapping[str, str]:
    """Return the parts that slashes set apart: `GLOCK/G17/9mm`, `TAURUS/PT 24/7/.40`."""
    first, *others = (piece.strip() for piece in text.split("/"))
    if own_make or not first or not all(others) or not others or names.resolve("make", text):
        return {}
    rest = "/".join(others)
    if _type_of(first):
        return {"type": first} | {**describe(rest, "", own_type)}
    make = names.resolve("make", first)
    if len(others) == 1:
        return {"make": first} | {**describe(rest, make, own_type)} if make else {}
    model, calibre = "/".join(others[:-1]), others[-1]
    is_number = any(map(str.isdigit, first))
    if not names.find_candidates("calibre", calibre) or (is_number and not make):
        return {}
    parts = {"make": first, "model": model, "calibre": calibre}
    return {name: part for name, part in parts.items() if not is_no_value(part)}


def _model_and_calibre(text: str, own_make: str) -> tuple[str, str] | None:
    """Return both where a sign is between them; `12/70` is one calibre, `Ruger 10/22` a model."""
    match = MODEL_AND_CALIBRE.fullmatch(text.strip())
    if not match or names.resolve("calibre", text) or text.split()[-1] in NAMES_WITH_SIGN:
        return None
    model, calibre = match.groups()
    is_model = own_make or not names.resolve("make", model)
    is_known = is_model and names.find_candidates("calibre", calibre)
    return (model, calibre) if is_known else None


def take_apart(
    body: dict[str, Any], path: Path, text: str, values: Mapping[str, str]
) -> list[tuple[str, str, bool]]:
    """Write what the description at a path says beside it; return its texts by list.

    With each text is whether it has a code. `values` are what a person said of texts, folded.
    """
    *above, last = path
    gun: Any = body
    for member in above:
        gun = gun[member.key][0] if member.is_many else gun[member.key]
    del gun[last.key]
    listed, make = [], gun.get("make", "")
    own = names.resolve("make", make) or make, names.resolve("type", gun.get("type"))
    for name, part in describe(text, *own).items():
        known = values.get(fold(part), part) if name in OPEN_LISTS else part
        if name in OPEN_LISTS:
            is_known = fold(part) in values or bool(names.resolve(name, known))
            listed.append((name, part, is_known))
        if not is_no_value(known):
            gun.setdefault(name, int(known) if name == "quantity" else known)
    return listed


def is_description(text: str) -> bool:
    """Return whether a text names a make and more of a gun, or its type and calibre."""
    if _make_of(True, "", text) or len(text) > 100:
        return False
    parts = describe(text)
    known = {kind for kind in OPEN_LISTS if names.resolve(kind, parts.get(kind))}
    return len(known) > 1 or (known == {"make"} and len(parts) > 1)


def _cut(
    words: Words,
    name: str,
    read: Callable[[str], str | None],
    parts: dict[str, str],
    between: frozenset[str] = LABELS,
) -> list[str]:
    """Move the longest run of words that can be read to the parts; none is over words `between`."""
    for start, end in _spans(len(words)):
        if any(_plain(word) in between for word in words[start:end]) or words[start] in SIGNS:
            continue
        if value := read(" ".join(words[start:end])):
            parts[name] = value
            return [*words[:start], *words[end:]]
    return [*words]


def _without_modes(words: Words, modes: re.Pattern[str] = MODES) -> list[str]:
    for start, end in _spans(len(words)):
        if modes.fullmatch(fold(" ".join(words[start:end]))):
            return _without_modes([*words[:start], *words[end:]], modes)
    return [*words]


def _plain(word: str) -> str:
    return fold(word) or word


def _spans(count: int) -> Iterator[tuple[int, int]]:
    for length in range(min(LONGEST, count), 0, -1):
        for start in range(count - length + 1):
            yield start, start + length


def _type_of(text: str) -> str | None:
    plain = fold(text)
    if plain in SHORT_TYPES:
        return SHORT_TYPES[plain]
    is_words = len(plain) > 3 and all(len(word) > 1 or word == "d" for word in plain.split())
    return text if is_words and names.resolve("type", text) else None


def _craft_words(text: str) -> str | None:
    """Return words for a gun that no maker made: `fabricação caseira`, `hechiza`."""
    return text if is_craft(text) else None


def _denial_of(kind: str, text: str) -> str | None:
    """Return words that say that there is no make or model: `sem marca`, `s/ modelo`."""
    if len(plain := fold(text)) < 4 or plain in LABELS or names.resolve("make", text):
        return None
    return text if names.find_placeholder(kind, text) in ("unmarked", "unknown") else None


def _named_denial_of(text: str) -> str | None:
    """Return words that begin with that of a make and deny it: `marca não identificada`."""
    is_named = fold(text).startswith(("marca ", "marque ", "make ", "brand "))
    is_shortest = is_named and not _denial_of("make", text.rpartition(" ")[0])
    return _denial_of("make", text) if is_shortest else None


def _named_calibre(text: str) -> str | None:
    """Return the text of a calibre behind that word: `cal. 38`."""
    match = PREFIX.match(text)
    plain = text[match.end() :] if match else ""
    is_known = names.resolve("calibre", plain) or _is_likely_calibre(plain)
    is_number = PLAIN_NUMBER.fullmatch(plain) or METRIC.fullmatch(plain)
    return plain if is_known or is_number else None


def _explicit_calibre(text: str) -> str | None:
    """Return the text of a calibre that is no number alone: `.40`, `9 mm`, `12/70`."""
    if not CALIBRE.fullmatch(text) or text.isdigit():
        return None
    *others, last = text.split()
    code = names.resolve("calibre", text)
    is_named = code == names.resolve("calibre", " ".join(others)) or fold(last) != "rifle"
    if others and is_named and _type_of(last):
        return None  # a 9 mm pistol, a .38 revolver; but .22 long rifle
    is_plain = METRIC.fullmatch(text) or DECIMAL.fullmatch(text)
    return text if code or is_plain or _is_likely_calibre(text) else None


def _is_likely_calibre(text: str) -> bool:
    likely = names.find_candidates("calibre", text, 1)
    return bool(likely) and likely[0].how == "usual" and likely[0].confidence >= LIKELY


def _make_of(is_exact: bool, own_make: str, text: str) -> str | None:
    has_digits = any(map(str.isdigit, text))
    if own_make:
        return text if names.resolve("make", text) == own_make and not has_digits else None
    if text.isdigit() or (has_digits and not is_exact):
        return None
    if names.resolve("make", text):
        return text if not is_exact or _is_make(text) else None
    if " " not in text or has_digits or len(_near_makes(text)) != 1:
        return None
    shorter = (text.partition(" ")[2], text.rpartition(" ")[0])  # Smit & Wesson, without M&P
    is_longer = any(" " in each and (_is_make(each) or _near_makes(each)) for each in shorter)
    return None if is_longer else text


def _is_make(text: str) -> bool:
    candidates = names.find_candidates("make", text, 1)
    return bool(candidates) and candidates[0].how == "name"


def _near_makes(text: str) -> list[Any]:
    return [each for each in names.find_candidates("make", text, 2) if each.how in NEAR]


def _make_in(calibre: str) -> str | None:
    """Return the make at the end of a calibre: `.45 COLT` of a Colt."""
    _, _, last = calibre.rpartition(" ")
    return _make_of(True, "", last) if last != calibre else None


def _cut_last_number(words: list[str], parts: dict[str, str]) -> list[str]:
    for at in (len(words) - 1, 0):
        if PLAIN_NUMBER.fullmatch(words[at]) and (
            names.resolve("calibre", words[at], parts.get("type")) or _is_likely_calibre(words[at])
        ):
            parts["calibre"] = words[at]
            return words[:at] + words[at + 1 :]
    return words


def _cut_unknown_make(words: list[str], parts: dict[str, str]) -> list[str]:
    """Take a misspelt make, or the only word in letters before the model."""
    for at, word in enumerate(words):
        plain = fold(word)
        if len(plain) > 3 and plain.replace(" ", "").isalpha():
            near = _near_makes(word)
            if near or at == 0:
                is_sure = len(near) == 1 and near[0].confidence >= LIKELY
                parts["make"] = near[0].code if is_sure else word
                return words[:at] + words[at + 1 :]
    return words
