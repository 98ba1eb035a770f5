"""What states said to some of their discrepancies: one of each kind, the others are open."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from api.demo.world import language
from salsa_ext.db import transaction
from salsa_ext.models import Discrepancy
from salsa_ext.readmodels.discrepancies import list_discrepancies
from salsa_ext.services import positions
from salsa_ext.values.actor import Actor
from salsa_ext.values.positions import Assigning, Saying

SPEAKING: Final = ("BRA", "ARG", "URY", "USA")
MOST: Final = 200
AGREED: Final = ("overdue",)
REOPENED: Final = ("expired_in_transit",)
ASSIGNED: Final = ("document_invalid", "party_not_authorised")
WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "short_receipt": {
        "en": "They stayed at the post for want of a document and follow with the next shipment.",
        "es": "Quedaron en el puesto por falta de un documento y siguen con el próximo embarque.",
        "pt": "Ficaram no posto por falta de um documento e seguem com o próximo embarque.",
    },
    "over_receipt": {
        "en": "It belongs to another lot of the same maker and was packed by mistake.",
        "es": "Pertenece a otro lote del mismo fabricante y se embaló por error.",
        "pt": "Pertence a outro lote do mesmo fabricante e foi embalada por engano.",
    },
    "over_quantity": {
        "en": "The last shipment is held back until the import certificate is reissued.",
        "es": "El último embarque se retiene hasta que se vuelva a expedir el certificado de importación.",
        "pt": "O último embarque fica retido até que se reemita o certificado de importação.",
    },
    "overdue": {
        "en": "A strike at the border; the customs of both sides know of it.",
        "es": "Huelga en la frontera; las aduanas de ambos lados lo saben.",
        "pt": "Greve na fronteira; as alfândegas dos dois lados sabem.",
    },
    "expired_in_transit": {
        "en": "The entry was ticked late; the customs declaration is of the day before.",
        "es": "La entrada se marcó tarde; la declaración aduanera es del día anterior.",
        "pt": "A entrada foi marcada tarde; a declaração aduaneira é do dia anterior.",
    },
    "document_invalid": {
        "en": "We ask the other authority for its certificate.",
        "es": "Pedimos el certificado a la otra autoridad.",
        "pt": "Pedimos o certificado à outra autoridade.",
    },
    "party_not_authorised": {
        "en": "The firm says that its licence is being renewed; we wait for the decision.",
        "es": "La empresa dice que su licencia se está renovando; esperamos la resolución.",
        "pt": "A empresa diz que a sua licença está em renovação; aguardamos a decisão.",
    },
}
AGAIN: Final = {
    "en": "The declaration is of another shipment.", "es": "La declaración es de otro embarque.",
    "pt": "A declaração é de outro embarque.",
}  # fmt: skip
Acting = Callable[[str], Actor]


def speak(acting: Acting) -> None:
    """Let some states say something to the first discrepancy of each kind that is theirs."""
    for state in SPEAKING:
        with transaction(acting(state)):
            chosen = _first_of_each_kind(acting(state))
        for discrepancy in chosen:
            _say(acting, state, discrepancy)


def _first_of_each_kind(actor: Actor) -> list[_About]:
    own = {"owner_state": actor.own_state(), "waiting": True}
    found = [_About(view.discrepancy) for view in list_discrepancies(actor, own, MOST, None).items]
    found.sort(key=lambda about: about.place, reverse=True)
    return [*{about.kind: about for about in found if about.kind in WORDS}.values()]


class _About:
    """A discrepancy as it is remembered when its transaction is over; `place` is no random id."""

    def __init__(self, row: Discrepancy) -> None:
        self.id, self.kind, self.others = row.id, row.kind, set(row.concerned) - {row.owner_state}
        self.place = (row.kind, row.subject_number, row.key)


def _say(acting: Acting, state: str, about: _About) -> None:
    spoken = language(state)
    with transaction(acting(state)):
        actor = acting(state)
        said = Saying(WORDS[about.kind][spoken])
        positions.explain(actor=actor, discrepancy_id=about.id, seen=None, data=said)
        if about.kind in REOPENED:
            positions.reopen(
                actor=actor, discrepancy_id=about.id, seen=None, data=Saying(AGAIN[spoken])
            )
        if about.kind in ASSIGNED:
            officer = Assigning(f"{state.lower()}.licensing_officer")
            positions.assign(actor=actor, discrepancy_id=about.id, data=officer)
    if about.kind in AGREED:
        for other in sorted({state, *about.others}):
            with transaction(acting(other)):
                positions.agree(
                    actor=acting(other), discrepancy_id=about.id, seen=None, data=Saying()
                )
