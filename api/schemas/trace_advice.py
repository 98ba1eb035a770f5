"""What is said of a draft before it is sent, over HTTP."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, pre_dump

from api.i18n import translate
from salsa_ext.matching.outlooks import Lack
from salsa_ext.readmodels.outlooks import AdviceView


class LackResponse(Schema):
    """Something that a trace lacks: which share of such traces is answered without it and with it.

    `basis` tells whether the own state's traces say so, those of the region, or a plain prior.
    `left` is how many of the records that fit it would leave, where they were searched.
    """

    field = fields.String(required=True)
    texts = fields.List(fields.String(), required=True)
    basis = fields.String(required=True)
    share_without = fields.Float(required=True)
    share_with = fields.Float(required=True)
    gain = fields.Float(required=True)
    left = fields.Integer(allow_none=True, required=True)


class FitsResponse(Schema):
    """How many records bear a mark like that of the trace, in round numbers."""

    at_least = fields.Integer(required=True)
    text = fields.String(required=True)


class AdviceResponse(Schema):
    """Why a trace is likely to fail, and which field would change that: `next`, of the `missing`.

    `share` of the traces that say as much are answered by a record, on the `basis` of the own
    state's traces, of the region's, or of a plain prior. `fits` is there where the records were
    searched and five or more of them fit.
    """

    share = fields.Float(required=True)
    basis = fields.String(required=True)
    traces = fields.Integer(required=True, allow_none=True)
    answered = fields.Integer(required=True, allow_none=True)
    text = fields.String(required=True)
    next = fields.String(required=True, allow_none=True)
    missing = fields.List(fields.Nested(LackResponse), required=True)
    fits = fields.Nested(FitsResponse, required=True, allow_none=True)

    @pre_dump
    def _present(self, view: AdviceView, **_: Any) -> dict[str, Any]:
        outlook, fits = view.outlook, view.fits
        return {
            "share": round(outlook.share, 3), "basis": outlook.basis,
            "traces": outlook.tally and outlook.tally.traces,
            "answered": outlook.tally and outlook.tally.answered,
            "text": translate(outlook.text), "next": outlook.next,
            "missing": [_lack(one, view) for one in outlook.lacks],
            "fits": fits and {"at_least": fits.at_least, "text": translate(fits.text)},
        }  # fmt: skip


def _lack(one: Lack, view: AdviceView) -> dict[str, Any]:
    texts, left = list(one.texts), None
    if view.fits:
        texts += view.fits.text_of(one.field)
        left = view.fits.left.get(one.field)
    return {
        "field": one.field, "texts": [translate(text) for text in texts],
        "basis": one.learned.basis, "share_without": round(one.learned.without, 3),
        "share_with": round(one.learned.with_it, 3), "gain": round(one.learned.gain, 3),
        "left": left,
    }  # fmt: skip
