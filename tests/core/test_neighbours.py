"""Who is in a room on other nodes: shares, changes, and a network that loses, doubles and reorders."""

import random

import attrs
from hypothesis import given
from hypothesis import strategies as st

from chatter.core.neighbours import (
    HEARTBEAT,
    LEASE,
    Alive,
    Ask,
    Bye,
    Change,
    Digest,
    InRoom,
    Neighbours,
    OtherShares,
    OwnShare,
    Share,
    Whole,
    encoded,
    in_room,
    latest,
    to_all,
)
from chatter.core.presence import Diff, Meta, PresenceSet


def meta(key: str, status: str = "online") -> Meta:
    return Meta(f"user {key}", key, f"ref {key} {status}", 1, f"name {key}", status)


ANN, BOB, CLEO = meta("ann"), meta("bob"), meta("cleo")

# one writer, so a stamp says what is in it
shares = (
    st.builds(
        lambda epoch, version: Share((epoch, version), {str(version): meta(f"{epoch}{version}")}),
        st.sampled_from("ab"),
        st.integers(0, 3),
    )
    | st.none()
)


@given(shares, shares, shares)
def test_of_several_shares_the_latest_is_found_however_they_are_taken_together(
    a: Share | None, b: Share | None, c: Share | None
) -> None:
    assert latest(a, b) == latest(b, a)
    assert latest(a, latest(b, c)) == latest(latest(a, b), c)
    assert latest(a, a) == a


def test_what_is_said_survives_the_wire() -> None:
    for said in (
        Change("n1", "e", 3, [ANN], ["bob"]),
        Whole("n1", "e", 3, [ANN, BOB]),
        Digest("n1", "e", 3),
        Ask("n1"),
        Ask("n1", "n2"),
    ):
        assert in_room(encoded(said)) == said
    for called in (Alive("n1", "e"), Bye("n1")):
        assert to_all(encoded(called)) == called


@given(st.binary())
def test_what_can_not_be_read_is_nothing(data: bytes) -> None:
    assert in_room(data) is None or isinstance(in_room(data), InRoom)
    assert in_room(encoded(Bye("n1"))) is None
    assert to_all(encoded(Ask("n1"))) is None


# -- one node's share, as others hear it


def test_changes_in_order_are_followed() -> None:
    own, others = OwnShare("n1", "e"), OtherShares()
    for ours, diff in (
        ({"ann": ANN}, Diff((ANN,))),
        ({"bob": BOB, "cleo": CLEO, "ann": None}, Diff((BOB, CLEO), (ANN,))),
        ({"bob": None}, Diff(leaves=(BOB,))),
    ):
        change = own.update(ours)
        assert change is not None
        assert others.hear(change) == diff
    assert list(others) == [CLEO]


def test_a_change_that_was_missed_is_found_out_by_the_next_one() -> None:
    own, others = OwnShare("n1", "e"), OtherShares()
    first, missed, third = (own.update({who.key: who}) for who in (ANN, BOB, CLEO))
    assert first is not None
    assert missed is not None
    assert third is not None
    others.hear(first)
    assert others.hear(third) is None
    assert others.hear(own.whole()) == Diff((BOB, CLEO))
    assert others.hear(missed) == Diff()


def test_a_change_that_was_missed_is_found_out_by_the_digest() -> None:
    own, others = OwnShare("n1", "e"), OtherShares()
    own.update({"ann": ANN})
    assert others.hear(own.digest()) is None
    others.hear(own.whole())
    assert others.hear(own.digest()) == Diff()


def test_a_change_of_nothing_is_not_told() -> None:
    own = OwnShare("n1", "e")
    own.update({"ann": ANN})
    assert own.update({"ann": ANN}) is None
    assert own.update({"bob": None}) is None
    assert own.version == 1


def test_who_changes_is_a_join_and_a_leave_to_the_others() -> None:
    own, others = OwnShare("n1", "e"), OtherShares()
    away = meta("ann", "away")
    for who, diff in ((ANN, Diff((ANN,))), (away, Diff((away,), (ANN,)))):
        change = own.update({"ann": who})
        assert change is not None
        assert others.hear(change) == diff


def test_a_node_that_starts_anew_with_the_same_people_changes_nothing() -> None:
    others = OtherShares()
    others.hear(Whole("n1", "e1", 7, [ANN, BOB]))
    assert others.hear(Whole("n1", "e2", 1, [ANN, BOB])) == Diff()
    assert others.hear(Change("n1", "e1", 8, [CLEO], [])) == Diff()


# -- nodes


def test_a_room_that_is_not_open_here_is_nobodys_business() -> None:
    node = Neighbours("n1", "e")
    assert node.hear("lobby", Whole("n2", "e", 1, [ANN]), 0) == Diff()
    assert node.others("lobby") == []
    assert node.say() == []


def test_opening_a_room_asks_who_is_there_and_says_who_is_here_when_that_is_known() -> None:
    node = Neighbours("n1", "e")
    node.open("lobby")
    node.open("lobby")
    assert node.say() == [("lobby", Ask("n1"))]
    node.hear("lobby", Ask("n2"), 0)
    node.heartbeat()
    assert node.say() == []
    node.changed("lobby", {})
    assert node.say() == [("lobby", Whole("n1", "e", 0, []))]
    node.changed("lobby", {"ann": ANN})
    assert node.say() == [("lobby", Change("n1", "e", 1, [ANN], []))]


def test_however_many_ask_the_share_is_told_once() -> None:
    node = Neighbours("n1", "e")
    node.open("lobby")
    node.changed("lobby", {"ann": ANN})
    node.say()
    for other in ("n2", "n3", "n4"):
        node.hear("lobby", Ask(other), 0)
    node.hear("lobby", Ask("n5", "n2"), 0)
    assert node.say() == [("lobby", Whole("n1", "e", 1, [ANN]))]


def test_a_node_that_is_silent_for_its_lease_is_gone_and_its_people_with_it() -> None:
    node = Neighbours("n1", "e")
    for room in ("lobby", "attic"):
        node.open(room)
    node.hear("lobby", Whole("n2", "e", 1, [ANN]), 0)
    node.hear("attic", Whole("n2", "e", 1, [BOB]), 0)
    node.hear("lobby", Whole("n3", "e", 1, [CLEO]), 1)
    assert node.expire(LEASE) == {}
    assert node.expire(LEASE + 0.5) == {"lobby": Diff(leaves=(ANN,)), "attic": Diff(leaves=(BOB,))}
    assert list(node) == ["n3"]
    assert node.others("lobby") == [CLEO]


def test_a_node_that_says_goodbye_is_gone_at_once() -> None:
    node = Neighbours("n1", "e")
    node.open("lobby")
    node.hear("lobby", Whole("n2", "e", 1, [ANN]), 0)
    assert node.called(Bye("n2"), 0) == {"lobby": Diff(leaves=(ANN,))}
    assert list(node) == []


def test_what_a_node_said_before_it_started_anew_is_void() -> None:
    node = Neighbours("n1", "e")
    for room in ("lobby", "attic"):
        node.open(room)
        node.hear(room, Whole("n2", "e1", 5, [ANN]), 0)
    node.hear("attic", Whole("n2", "e2", 1, [ANN]), 1)
    assert node.called(Alive("n2", "e2"), 2) == {"lobby": Diff(leaves=(ANN,))}
    assert node.others("attic") == [ANN]


def test_a_closed_room_is_forgotten() -> None:
    node = Neighbours("n1", "e")
    node.open("lobby")
    node.hear("lobby", Whole("n2", "e", 1, [ANN]), 0)
    node.say()
    node.close("lobby")
    assert node.others("lobby") == []
    node.heartbeat()
    assert node.say() == []


# -- all of them, in a world that is not kind


@attrs.define
class World:
    """Nodes, what is on its way between them, and what each one's people would see."""

    chance: random.Random
    nodes: dict[str, Neighbours] = attrs.Factory(dict)
    truth: dict[str, dict[str, Meta]] = attrs.Factory(dict)
    seen: dict[str, PresenceSet] = attrs.Factory(dict)
    network: list[tuple[str, bytes, bool]] = attrs.Factory(list)
    epochs: int = 0
    now: float = 0.0
    kind: bool = False

    def start(self, name: str) -> None:
        self.epochs += 1
        node = self.nodes[name] = Neighbours(name, f"{self.epochs:04}")
        self.truth[name], self.seen[name] = {}, PresenceSet()
        node.open("lobby")
        node.changed("lobby", {})

    def kill(self, name: str) -> None:
        del self.nodes[name], self.truth[name], self.seen[name]

    def people_move(self, name: str) -> None:
        key = self.chance.choice("abcdef")
        full, people = f"{name}/{key}", self.truth[name]
        before = people.pop(full, None)
        after = None if before and self.chance.random() < 0.5 else meta(full, str(self.chance.random()))
        if after:
            people[full] = after
        self.nodes[name].changed("lobby", {full: after})

    def send(self) -> None:
        for name, node in self.nodes.items():
            said = [(encoded(said), False) for _, said in node.say()]
            for other in self.nodes:
                if other != name:
                    self.network.extend((other, data, everybody) for data, everybody in said if not self._lost())

    def beat(self) -> None:
        for name, node in self.nodes.items():
            node.heartbeat()
            alive = encoded(Alive(name, node._epoch))
            self.network.extend((other, alive, True) for other in self.nodes if other != name and not self._lost())

    def _lost(self) -> bool:
        return not self.kind and self.chance.random() < 0.4

    def deliver(self) -> None:
        if not self.kind:
            self.chance.shuffle(self.network)
            self.network.extend(self.chance.sample(self.network, len(self.network) // 5))
        letters, self.network = self.network, []
        for name, data, everybody in letters:
            node = self.nodes.get(name)
            if node is None:
                continue
            if everybody:
                called = to_all(data)
                assert called is not None
                self._see(name, node.called(called, self.now))
            else:
                said = in_room(data)
                assert said is not None
                self._see(name, {"lobby": node.hear("lobby", said, self.now)})

    def _see(self, name: str, diffs: dict[str, Diff]) -> None:
        for diff in diffs.values():
            self.seen[name].apply(diff)

    def expire(self) -> None:
        for name, node in self.nodes.items():
            self._see(name, node.expire(self.now))

    def step(self) -> None:
        self.now += HEARTBEAT / 4
        self.send()
        self.deliver()
        self.expire()

    def settle(self) -> None:
        self.kind = True
        for beat in range(int(2 * LEASE / HEARTBEAT)):
            self.beat()
            for _ in range(4):
                self.step()
            del beat


@given(st.integers(0, 2**32))
def test_whatever_the_network_does_all_nodes_see_the_same_people_in_the_end(seed: int) -> None:
    chance = random.Random(seed)
    world = World(chance)
    for name in ("n1", "n2", "n3"):
        world.start(name)
    for _ in range(60):
        match chance.randrange(12):
            case 0:
                world.kill(name := chance.choice(list(world.nodes)))
                world.start(name)  # it lost its people
            case 1:
                world.now += LEASE  # a pause of everything: all leases end
                world.expire()
            case 2:
                world.network.clear()
            case 3:
                world.beat()
            case 4 | 5 | 6:
                world.step()
            case _:
                world.people_move(chance.choice(list(world.nodes)))
    world.settle()
    for name, node in world.nodes.items():
        others = {key: meta for other, people in world.truth.items() if other != name for key, meta in people.items()}
        assert {meta.key: meta for meta in node.others("lobby")} == others
        assert {meta.key: meta for meta in world.seen[name]} == others
        assert set(node) == set(world.nodes) - {name}


def test_a_node_that_dies_is_gone_for_all_within_ten_seconds() -> None:
    world = World(random.Random(1), kind=True)
    for name in ("n1", "n2"):
        world.start(name)
    world.people_move("n2")
    world.settle()
    assert len(world.nodes["n1"].others("lobby")) == 1
    world.kill("n2")
    died = world.now
    while world.nodes["n1"].others("lobby"):
        world.beat()
        world.step()
    assert world.now - died < 10
