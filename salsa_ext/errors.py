"""What can go wrong, said to the person who made the mistake; no HTTP here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from salsa_ext.articles import Article


@dataclass(frozen=True)
class Message:
    """A sentence of the service: an English template and what goes into it.

    The template is the key of the translations, so it never contains data itself.
    """

    text: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.text.format(**self.params)


@dataclass(frozen=True)
class Coded:
    """A code inside a sentence; each language shows its own name of it."""

    kind: str
    code: str

    def __str__(self) -> str:
        return self.code


@dataclass(frozen=True)
class Codes:
    """Several codes of one kind inside a sentence, in their order; each language shows its names."""

    kind: str
    codes: tuple[str, ...]

    def __str__(self) -> str:
        return ", ".join(self.codes)


@dataclass(frozen=True)
class Named:
    """Fields inside a sentence, by their names in the interface.

    A page calls them as its form does.
    """

    names: tuple[str, ...]

    def __str__(self) -> str:
        return ", ".join(self.names)


def say(text: str, **params: Any) -> Message:
    """Mark a sentence for translation, with the data that it shows."""
    return Message(text, params)


class SalsaError(Exception):
    """Base of all errors that the service explains; `code` is stable, `details` are data."""

    code: str = "error"

    def __init__(self, message: Message | str, **details: Any) -> None:
        super().__init__(str(message))
        self.message = (
            message if isinstance(message, Message) else Message("{text}", {"text": message})
        )
        self.details = details


class Unauthenticated(SalsaError):
    """Nobody known is asking."""

    code = "unauthenticated"


class Forbidden(SalsaError):
    """The actor may know that the thing exists, and may not do this to it."""

    code = "forbidden"


class NotYours(Forbidden):
    """Another account sends what one has kept on a device; the actor may do the same of his own."""

    code = "not_yours"


class OldForm(Forbidden):
    """A form that did not come from a page of the service as it stands; the actor may send it from one."""

    code = "old_form"


class NotFound(SalsaError):
    """There is no such thing, or none that the actor may know of."""

    code = "not_found"

    def __init__(self, kind: str, key: object) -> None:
        super().__init__(
            say(
                "There is no {kind} {key} that you may see.",
                kind=Coded("object", kind),
                key=str(key),
            )
        )


class Invalid(SalsaError):
    """Data that cannot be taken; `errors` maps a field's path to what is wrong with it."""

    code = "invalid"

    def __init__(self, errors: Mapping[str, Sequence[Message]]) -> None:
        super().__init__(say("Some fields cannot be accepted; see errors."), errors=errors)
        self.errors = errors


class Conflict(SalsaError):
    """The request is sound and contradicts what is recorded."""

    code = "conflict"


class AlreadyAsked(Conflict):
    """The other side was asked the same a moment ago, and has not answered yet."""

    code = "already_asked"

    def __init__(self, time: str) -> None:
        super().__init__(
            say(
                "The other side was asked to call at {time} already, and has not marked it as answered"
                " yet.",
                time=time,
            )
        )


class TooManyCalls(Conflict):
    """As many calls of one side wait at a post as its boards show."""

    code = "too_many_calls"

    def __init__(self, most: int) -> None:
        super().__init__(
            say(
                "{most} calls that your side asked for wait here already. Telephone the other side.",
                most=most,
            )
        )


class NothingMatches(Conflict):
    """A list of what arrived has no serial of the shipment: most likely that of another one."""

    code = "nothing_matches"

    def __init__(self, listed: int, shipped: int) -> None:
        super().__init__(
            say(
                "None of the serial numbers in the list is one that was shipped (listed: {listed},"
                " shipped: {shipped}). It is most likely the list of another shipment: look for"
                " the right one. If this is what arrived all the same, confirm it with {field}.",
                listed=listed,
                shipped=shipped,
                field=Named(("confirm_nothing_matches",)),
            )
        )


class NotReceivedYet(Conflict):
    """A receipt can be corrected only once it is confirmed."""

    code = "receipt_not_confirmed"

    def __init__(self) -> None:
        super().__init__(say("There is nothing to correct: the receipt of this shipment is not confirmed yet."
                             " Confirm it first."))  # fmt: skip


class Unconfirmed(Conflict):
    """Nothing is done, as a stage ticked as passed, until who does it confirms in a field what he is told."""

    field: str


class Held(Unconfirmed):
    """The same: another state holds the goods, or refused them."""

    code, field = "held", "confirm_held"


class HeldSince(Unconfirmed):
    """The same: the own state stopped the goods, and who ticks may not have seen it."""

    code, field = "held_since", "confirm_held_since"


class Unreleased(Unconfirmed):
    """The same: the goods enter, and the exporting state never released them (CIFTA IX.3)."""

    code, field = "unreleased", "confirm_unreleased"


class Differs(Unconfirmed):
    """The same: what was read or counted does not agree with the papers."""

    code, field = "differs", "confirm_differs"


class Declined(Unconfirmed):
    """The same of a trace: a second person declined it, and none has to approve it any more."""

    code, field = "declined", "confirm_declined"


class HeldByOwn(Conflict):
    """The same, where the own state holds the goods: it lets them go on first."""

    code = "held_by_own"


class Duplicate(Conflict):
    """The natural number is taken already."""

    code = "duplicate"


class RuleBroken(Conflict):
    """The request is sound, and a rule of the treaties forbids it as things stand."""

    def __init__(self, article: Article, message: Message, **details: Any) -> None:
        super().__init__(message, **details)
        self.article = article
        self.code = article.code


class FieldsAgainstRule(Invalid):
    """Fields that a rule of the treaties forbids, whatever else is recorded."""

    def __init__(self, article: Article, errors: Mapping[str, Sequence[Message]]) -> None:
        super().__init__(errors)
        self.article = article
        self.code = article.code


class OverQuantity(RuleBroken):
    """More than the permit still allows (Model Regulations 8.3); `balance` says what is left."""

    code = "over_quantity"

    def __init__(self, message: Message, balance: Mapping[str, str]) -> None:
        super().__init__(Article.QUANTITY, message, balance=balance)


NEXT: Final[Mapping[tuple[str, str], Message]] = {
    ("discrepancy", "agreed"): say("To say something else of it, reopen it first."),
    ("licensee", "suspended"): say("To lift the suspension, reinstate it."),
    ("permit", "suspended"): say("To lift the suspension, reinstate it."),
    ("permit", "cancelled"): say("That is for good: issue a new one."),
    ("permit", "replaced"): say("Change the one that was issued in its place."),
    ("shipment", "held"): say("To let it go on, resume it."),
    ("shipment", "cancelled"): say("That is for good: record a new one."),
    ("trace", "closed"): say("That is for good: ask for a new trace."),
    ("trace", "withdrawn"): say("That is for good: ask for a new trace."),
    ("report", "withdrawn"): say("That is for good: report the gun anew, under another number."),
    ("request", "withdrawn"): say("The asking state waits for nothing any more."),
    ("consent", "granted"): say("It stands, and can be revoked."),
    ("consent", "refused"): say("It can be granted after all."),
}
"""What can be done with an object of a status instead."""


class IllegalTransition(Conflict):
    """The object is in a status from which this action is not possible; says what is, if anything.

    `possible` are the actions that are, by their codes; `onward` says more of it than its status does.
    """

    code = "illegal_transition"

    def __init__(
        self, kind: str, status: str, action: str | Coded | Message, possible: Sequence[str] = (),
        onward: Message | None = None,
    ) -> None:  # fmt: skip
        now = say("Possible now: {possible}.", possible=Codes("action", tuple(possible)))
        onward = onward or NEXT.get((kind, status)) or (now if possible else None)
        said = say(
            "“{action}” is not possible: this {kind} is {status}.",
            kind=Coded("object", kind),
            status=Coded(f"{kind}_status", status),
            action=Coded("action", action) if isinstance(action, str) else action,
        )
        if onward:
            said = say("“{action}” is not possible: this {kind} is {status}. {onward}",
                       **said.params, onward=onward)  # fmt: skip
        super().__init__(said, status=status, possible=tuple(possible))


class ReleaseFirst(IllegalTransition):
    """A stage that can be ticked after the release alone (CIFTA IX.3)."""

    def __init__(self, status: str, stage: str) -> None:
        SalsaError.__init__(
            self,
            say(
                "This shipment is {status}, and not released. Release it first; then the stage"
                " “{stage}” can be ticked.",
                status=Coded("shipment_status", status),
                stage=Coded("checkpoint_stage", stage),
            ),
            status=status,
        )


class PreconditionRequired(SalsaError):
    """The action changes an existing object and needs the version that the caller has seen."""

    code = "precondition_required"


class StaleVersion(SalsaError):
    """Somebody changed the object since the caller read it."""

    code = "stale_version"


class KeyReused(SalsaError):
    """The same Idempotency-Key came with another request."""

    code = "idempotency_key_reused"


class InFlight(Conflict):
    """The first request with this Idempotency-Key is still being worked on."""

    code = "in_flight"


class Unavailable(SalsaError):
    """The database cannot be reached or is too busy; trying again later is right."""

    code = "unavailable"


class ImportRejected(SalsaError):
    """A file that cannot be taken as a whole; `reasons` say where and why."""

    code = "import_rejected"


class NotConfigured(SalsaError):
    """The installation lacks something that its operator has to provide."""

    code = "not_configured"


REFUSED: Final[Mapping[str, Message]] = {
    "too_large": say("The envelope is larger than {field} bytes."),
    "malformed": say(
        "The field {field} of the envelope is missing, unknown or not as it has to be."
    ),
    "not_canonical": say("The envelope is not written in its canonical form (RFC 8785)."),
    "unknown_version": say("Envelopes of version {field} are not known here."),
    "other_recipient": say("The envelope is for {field}."),
    "unknown_key": say("The sender of the envelope has no key {field} that is known here."),
    "bad_signature": say("The signature is not one of {field} on this envelope: it was altered."),
    "compromised_key": say("The key {field}, which signed the envelope, was reported stolen."),
    "id_taken": say("Another envelope with the id {field} was received before."),
    "sequence_taken": say(
        "Another envelope with the number {field} of this pair was received before."
    ),
    "other_request": say(
        "The envelope answers {field}, which its sender was not asked in these words."
    ),
    "chain_broken": say(
        "The envelope does not follow the one before it: {field} names another hash."
    ),
}
"""Why an envelope is not taken; `field` says which field, key, state or number."""


class EnvelopeRefused(SalsaError):
    """An envelope that is not taken, whatever it says; `reason` is one of REFUSED."""

    code = "envelope_refused"

    def __init__(self, reason: str, field: str = "") -> None:
        super().__init__(Message(REFUSED[reason].text, {"field": field}), reason=reason)
        self.reason = reason
