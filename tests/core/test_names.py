"""Which names are in use."""

from chatter.core.names import Names


def test_a_name_is_one_users_whatever_its_case() -> None:
    names = Names()
    assert names.claim("Ann", "u1", "socket1")
    assert not names.claim("ANN", "u2", "socket2")
    assert not names.is_free_for("aNN", "u2", "socket2")
    assert "ann" in names
    assert list(names) == [("ann", "u1")]


def test_a_users_sockets_share_a_name_until_the_last_is_gone() -> None:
    names = Names()
    assert names.claim("Ann", "u1", "socket1")
    assert names.claim("Ann", "u1", "socket2")
    names.release("socket1")
    assert not names.claim("Ann", "u2", "socket3")
    assert names.freed == []
    names.release("socket2")
    assert names.freed == ["ann"]
    assert names.claim("Ann", "u2", "socket3")


def test_who_takes_another_name_gives_the_first_one_back() -> None:
    names = Names()
    names.claim("Ann", "u1", "socket1")
    names.claim("Anna", "u1", "socket1")
    assert names.freed == ["ann"]
    assert "Ann" not in names
    assert "Anna" in names


def test_who_has_a_name_already_may_claim_it_as_somebody_new_when_the_first_answer_got_lost() -> None:
    names = Names()
    assert names.claim("Ann", "u1", "socket1")
    assert names.claim("ann", "u2", "socket1")
    assert not names.claim("Ann", "u1", "socket2")
    assert names.claim("Ann", "u2", "socket2")
    assert not names.claim("Ann", "u3", "socket2")


def test_a_claim_that_fails_leaves_the_name_one_has() -> None:
    names = Names()
    names.claim("Ann", "u1", "socket1")
    names.claim("Bob", "u2", "socket2")
    assert not names.claim("Ann", "u2", "socket2")
    assert "Bob" in names


def test_releasing_nothing_does_nothing() -> None:
    names = Names()
    names.release("socket1")
    assert names.freed == []
