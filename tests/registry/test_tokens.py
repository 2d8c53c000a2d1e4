"""Tokens are had once, shared, renewed in time, and never asked for in vain."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from imgupdate.errors import ScanError
from imgupdate.registry.clock import Deadline, OutOfTime
from imgupdate.registry.credentials.model import Credential
from imgupdate.registry.tokens import Token, TokenBook, TokenRefused, TokenServer
from tests.registry.support import FakeClock

SERVER = TokenServer(httpx.URL("https://auth.example.com/token"), "registry")
A, B, C = (f"repository:{name}:pull" for name in "abc")


class Server:
    """A token server that counts, waits for others, and refuses what it is told to."""

    def __init__(self, clock: FakeClock, *, life: float = 300, pause: float = 0.0) -> None:
        self.clock = clock
        self.life = life
        self.asked: list[tuple[str, ...]] = []
        self.credentials: list[Credential | None] = []
        self.refuse: dict[tuple[str, ...], TokenRefused] = {}
        self.identity_token = ""
        self.pause = pause

    def __call__(
        self, server: TokenServer, scopes: Sequence[str], credential: Credential | None, deadline: Deadline
    ) -> Token:
        self.asked.append(tuple(scopes))
        threading.Event().wait(self.pause)
        self.credentials.append(credential)
        if tuple(scopes) in self.refuse:
            raise self.refuse[tuple(scopes)]
        return Token(
            value=f"t{len(self.asked)}",
            ends=self.clock.monotonic() + self.life,
            identity_token=self.identity_token,
        )


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def server(clock: FakeClock) -> Server:
    return Server(clock)


@pytest.fixture
def book(clock: FakeClock, server: Server) -> TokenBook:
    return TokenBook(server, None, clock)


@pytest.fixture
def deadline(clock: FakeClock) -> Deadline:
    return Deadline(clock, 3600)


def test_a_token_serves_until_it_ends(clock: FakeClock, server: Server, book: TokenBook, deadline: Deadline) -> None:
    first = book.token(SERVER, A, deadline)
    second = book.token(SERVER, A, deadline)
    clock.pass_by(300)
    third = book.token(SERVER, A, deadline)

    assert [held.value for held in (first, second, third)] == ["t1", "t1", "t2"]
    assert [held.fresh for held in (first, second, third)] == [True, False, True]
    assert server.asked == [(A,), (A,)]


def test_each_repository_has_its_token(server: Server, book: TokenBook, deadline: Deadline) -> None:
    assert book.token(SERVER, A, deadline) != book.token(SERVER, B, deadline)


def test_shared_repositories_are_asked_for_together_in_bounded_numbers(
    server: Server, book: TokenBook, deadline: Deadline
) -> None:
    book.share([C, A, B, A], size=2)

    held = [book.token(SERVER, scope, deadline) for scope in (A, B, C)]

    assert server.asked == [(A, B), (C,)]
    assert [h.shared for h in held] == [True, True, False]


def test_a_shared_token_that_is_refused_is_asked_for_one_by_one(
    server: Server, book: TokenBook, deadline: Deadline
) -> None:
    server.refuse[A, B] = TokenRefused("no", remedy="", status=403)
    book.share([A, B], size=50)

    assert book.token(SERVER, A, deadline).shared is False
    assert book.token(SERVER, B, deadline).value == "t3"
    assert server.asked == [(A, B), (A,), (B,)]


def test_a_rejected_token_is_replaced_once_for_all(server: Server, book: TokenBook, deadline: Deadline) -> None:
    old = book.token(SERVER, A, deadline).value

    first = book.renew(SERVER, A, ["scope:of:challenge"], old, deadline)
    second = book.renew(SERVER, A, ["scope:of:challenge"], old, deadline)

    assert (first.value, first.fresh) == ("t2", True)
    assert (second.value, second.fresh) == ("t2", False)
    assert server.asked == [(A,), ("scope:of:challenge", A)]


def test_the_scope_of_the_challenge_comes_first_and_none_comes_twice(
    server: Server, book: TokenBook, deadline: Deadline
) -> None:
    book.renew(SERVER, A, ["*", A], "", deadline)
    book.renew(SERVER, "", [], "", deadline)

    assert server.asked == [("*", A), ()]


def test_a_user_who_is_unknown_is_not_tried_again(server: Server, book: TokenBook, deadline: Deadline) -> None:
    server.refuse[(A,)] = TokenRefused("wrong password", remedy="log in", status=401, rejected=True)

    for scope in (A, A, B):
        with pytest.raises(TokenRefused, match="wrong password"):
            book.token(SERVER, scope, deadline)

    assert server.asked == [(A,)]


def test_a_repository_that_is_refused_does_not_close_the_others(
    server: Server, book: TokenBook, deadline: Deadline
) -> None:
    server.refuse[(A,)] = TokenRefused("not yours", remedy="", status=403)

    with pytest.raises(TokenRefused):
        book.token(SERVER, A, deadline)

    assert book.token(SERVER, B, deadline).fresh


def test_a_new_identity_token_takes_the_place_of_the_old(clock: FakeClock, server: Server, deadline: Deadline) -> None:
    credential = Credential(source="x", identity_token="old")
    book = TokenBook(server, credential, clock)
    server.identity_token = "new"

    book.token(SERVER, A, deadline)
    book.token(SERVER, B, deadline)

    assert [c.identity_token for c in server.credentials if c] == ["old", "new"]


def test_many_who_want_one_token_ask_once(server: Server, book: TokenBook, deadline: Deadline) -> None:
    start = threading.Barrier(16)
    server.pause = 0.05

    def want(_: int) -> str:
        start.wait(30)
        return book.token(SERVER, A, deadline).value

    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(want, range(16))) == {"t1"}
    assert server.asked == [(A,)]


def test_who_waits_for_a_token_waits_no_longer_than_the_deadline(clock: FakeClock, deadline: Deadline) -> None:
    asked, answer = threading.Event(), threading.Event()

    def slow(server: TokenServer, scopes: Sequence[str], credential: Credential | None, deadline: Deadline) -> Token:
        asked.set()
        answer.wait(30)
        return Token(value="late", ends=clock.monotonic() + 60)

    book = TokenBook(slow, None, clock)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(book.token, SERVER, A, deadline)
        asked.wait(30)
        with pytest.raises(OutOfTime):
            book.token(SERVER, A, Deadline(clock, 0))
        answer.set()
        assert first.result().value == "late"


def test_a_server_that_fails_is_asked_again(clock: FakeClock, deadline: Deadline) -> None:
    answers: list[Token | ScanError] = [ScanError("down"), Token(value="up", ends=clock.monotonic() + 60)]

    def fetch(server: TokenServer, scopes: Sequence[str], credential: Credential | None, deadline: Deadline) -> Token:
        answer = answers.pop(0)
        if isinstance(answer, ScanError):
            raise answer
        return answer

    book = TokenBook(fetch, None, clock)
    with pytest.raises(ScanError, match="down"):
        book.token(SERVER, A, deadline)
    assert book.token(SERVER, A, deadline).value == "up"


def test_a_token_does_not_show_in_a_log() -> None:
    assert "secret" not in repr(Token(value="secret", ends=0, identity_token="secret"))
