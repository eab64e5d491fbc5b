"""Telemetry: who subscribed to a type is told, at once and in order; nobody else is."""

import attrs

from chatter.telemetry import Telemetry


@attrs.frozen
class Rang:
    times: int


@attrs.frozen
class Knocked:
    pass


def test_a_listener_is_told_of_its_type_only() -> None:
    telemetry, heard = Telemetry(), list[Rang]()
    telemetry.subscribe(Rang, heard.append)
    telemetry.emit(Rang(1))
    telemetry.emit(Knocked())
    telemetry.emit(Rang(2))
    assert heard == [Rang(1), Rang(2)]


def test_listeners_are_told_in_the_order_in_which_they_subscribed() -> None:
    telemetry, heard = Telemetry(), list[str]()
    telemetry.subscribe(Knocked, lambda _: heard.append("first"))
    telemetry.subscribe(Knocked, lambda _: heard.append("second"))
    telemetry.emit(Knocked())
    assert heard == ["first", "second"]


def test_what_nobody_listens_to_is_lost_and_leaves_nothing_behind() -> None:
    telemetry, heard = Telemetry(), list[Knocked]()
    telemetry.emit(Knocked())
    assert not telemetry._listeners
    telemetry.subscribe(Knocked, heard.append)
    assert heard == []


def test_who_subscribes_while_something_is_told_hears_the_next() -> None:
    telemetry, heard = Telemetry(), list[Knocked]()

    def subscribe(_: Knocked) -> None:
        if not heard:
            telemetry.subscribe(Knocked, heard.append)

    telemetry.subscribe(Knocked, subscribe)
    telemetry.emit(Knocked())
    assert heard == []
    telemetry.emit(Knocked())
    assert len(heard) == 1
