"""The states that take part."""

from __future__ import annotations

from salsa_ext.errors import Invalid, say
from salsa_ext.readmodels import names


def participants() -> list[str]:
    """Return the codes of the participating states, in order."""
    return list(names.participants())


def require_participant(code: str | None) -> None:
    """Raise Invalid for a state that does not take part; None, the secretariat, does."""
    known = participants()
    if code is not None and code not in known:
        said = say("{state} is not a participating state. These are: {states}.",
                   state=code, states=", ".join(known))  # fmt: skip
        raise Invalid({"state": [said]})
