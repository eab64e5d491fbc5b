"""How a room's commands went, told to those who asked."""

from collections.abc import Sequence

from chatter.actors.member import PushReceipt
from chatter.actors.room_messages import Submit
from chatter.core.events import Posted
from chatter.errors import Refused
from chatter.stores.port import Known, Outcome, Stored


def newest_seq(outcomes: Sequence[Outcome]) -> int:
    """The greatest of the events that the commands brought, or had brought before; 0 when none did."""
    return max(map(_seq, outcomes), default=0)


def _seq(outcome: Outcome) -> int:
    match outcome:
        case Stored(event=event):
            return event.seq
        case Known(seq=seq):
            return seq
        case _:
            return 0


def refuse_all(submits: Sequence[Submit], refusal: Refused) -> None:
    for submit in submits:
        submit.receipt.refused(refusal)


def answer_all(submits: Sequence[Submit], outcomes: Sequence[Outcome]) -> None:
    """Who has several answers coming gets them in one write."""
    members = dict.fromkeys(submit.receipt.member for submit in submits if isinstance(submit.receipt, PushReceipt))
    for member in members:
        member.hold()
    try:
        for submit, outcome in zip(submits, outcomes, strict=True):
            _answer(submit, outcome)
    finally:
        for member in members:
            member.release()


def _answer(submit: Submit, outcome: Outcome) -> None:
    match outcome:
        case Stored(event=Posted(message=message)) | Known(message=message) if message is not None:
            at = {"id": message.id, "seq": message.seq, "inserted_at": message.inserted_at}
            submit.receipt.ok(at)
        case Stored(event=event):
            submit.receipt.ok({"seq": event.seq})
        case Known(seq=seq):
            submit.receipt.ok({"seq": seq})
        case Refused():
            submit.receipt.refused(outcome)
