"""Challenges in every shape that registries send them."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgupdate.registry.challenge import Challenge, parse_challenges

BEARER = {"realm": "https://auth.example.com/token", "service": "registry", "scope": "repository:a/b:pull,push"}


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        pytest.param(
            ['Bearer realm="https://auth.example.com/token",service="registry",scope="repository:a/b:pull,push"'],
            [("bearer", BEARER)],
            id="a comma inside quotes belongs to the value",
        ),
        pytest.param(
            ['bEARER Realm="https://auth.example.com/token" , SERVICE=registry, scope="repository:a/b:pull,push"'],
            [("bearer", BEARER)],
            id="case and space do not count, and a value need not be quoted",
        ),
        pytest.param(
            ['Bearer realm="r",service="s",scope="*", Basic realm="gitea-package-api"'],
            [("bearer", {"realm": "r", "service": "s", "scope": "*"}), ("basic", {"realm": "gitea-package-api"})],
            id="several challenges in one header",
        ),
        pytest.param(
            ['Basic realm="x"', 'Bearer realm="y"'],
            [("basic", {"realm": "x"}), ("bearer", {"realm": "y"})],
            id="several headers",
        ),
        pytest.param(
            [r'Basic realm="say \"hi\" \\ there"'], [("basic", {"realm": r'say "hi" \ there'})], id="escapes in quotes"
        ),
        pytest.param(
            ['Negotiate, NTLM TlRMTVNTUAAB==, Basic realm="x"'],
            [("negotiate", {}), ("ntlm", {}), ("basic", {"realm": "x"})],
            id="schemes without parameters, or with a blob",
        ),
        pytest.param(["Basic"], [("basic", {})], id="a bare scheme"),
        pytest.param(['Bearer realm="a",realm="b"'], [("bearer", {"realm": "a"})], id="the first of two values counts"),
        pytest.param(['Bearer realm="unfinished'], [("bearer", {})], id="an open quote ends the header"),
        pytest.param([], [], id="no header"),
        pytest.param(["", '"', "=,=", ", ,"], [], id="noise"),
    ],
)
def test_challenges_are_read(headers: list[str], expected: list[tuple[str, Mapping[str, str]]]) -> None:
    assert [(c.scheme, dict(c.parameters)) for c in parse_challenges(headers)] == expected


def test_a_challenge_knows_its_realm_service_and_scopes() -> None:
    (challenge,) = parse_challenges(['Bearer realm="r",service="s",scope="repository:a:pull repository:b:pull"'])

    assert (challenge.realm, challenge.service) == ("r", "s")
    assert challenge.scopes == ("repository:a:pull", "repository:b:pull")


def test_what_a_challenge_does_not_say_is_empty() -> None:
    assert (Challenge(scheme="bearer").realm, Challenge(scheme="bearer").service) == ("", "")
    assert Challenge(scheme="bearer").scopes == ()


@given(st.text(alphabet='aB=", \\;x\t', max_size=200))
def test_any_text_is_read_without_failing(header: str) -> None:
    for challenge in parse_challenges([header]):
        assert challenge.scheme == challenge.scheme.lower() != ""


@given(st.text(st.characters(codec="latin-1", exclude_characters="\r\n"), max_size=40))
def test_a_quoted_value_comes_back_as_it_was(value: str) -> None:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')

    assert parse_challenges([f'Basic realm="{escaped}", charset=x'])[0].realm == value


@st.composite
def written_challenges(draw: st.DrawFn) -> tuple[str, list[Challenge]]:
    """A header of several challenges, and what it says."""
    words = st.text("abcXYZ012-_", min_size=1, max_size=6)
    values = st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=12)
    found, texts = [], []
    for _ in range(draw(st.integers(0, 3))):
        scheme = draw(st.sampled_from(["Bearer", "basic", "Digest", "BASIC"]))
        parameters = draw(st.dictionaries(words.map(str.lower), values, min_size=1, max_size=3))
        pairs = []
        for name, value in parameters.items():
            escaped = value.replace("\\", "\\\\").replace('"', '\\"')
            pairs.append(f'{draw(st.sampled_from([name, name.upper()]))}="{escaped}"')
        texts.append(f"{scheme} {draw(st.sampled_from([',', ', ', ' , '])).join(pairs)}")
        found.append(Challenge(scheme=scheme.lower(), parameters=parameters))
    return draw(st.sampled_from([",", ", "])).join(texts), found


@given(written_challenges())
def test_challenges_are_read_as_they_were_written_however_many_share_a_header(
    written: tuple[str, list[Challenge]],
) -> None:
    header, challenges = written

    assert list(parse_challenges([header])) == challenges


@given(st.lists(written_challenges(), max_size=3))
def test_several_headers_are_read_as_one_list(written: list[tuple[str, list[Challenge]]]) -> None:
    expected = [challenge for _, challenges in written for challenge in challenges]

    assert list(parse_challenges(header for header, _ in written)) == expected
