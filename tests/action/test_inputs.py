"""`with:` as values."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgupdate.action.inputs import Inputs, WrongInputs, read_inputs, secrets_of, unknown_inputs
from imgupdate.cli.inputs import AUTO_MERGE, BY_NAME, GROUP_BY, INPUTS, PUBLISH, Kind
from imgupdate.publish.settings import GroupBy, Mode
from imgupdate.remote import Decoration, MergeMethod


def given_as(**inputs: str) -> dict[str, str]:
    """The environment for inputs, in which the runner keeps the dashes of their names."""
    return {f"INPUT_{name.replace('_', '-').upper()}": value for name, value in inputs.items()}


def test_inputs_that_are_not_given_and_empty_ones_mean_the_same() -> None:
    empty = {f"INPUT_{known.name.upper()}": " \n" for known in INPUTS}

    assert read_inputs({}) == read_inputs(empty) == Inputs()


def test_every_input_is_read() -> None:
    inputs = read_inputs(
        given_as(
            token="ghs_token",
            path="sub",
            config="clusters/prod",
            namespace="apps",
            publish="pull-request",
            base="refs/heads/main",
            branch="bots/images",
            title="Update {{ len .Changed.Changes }} images",
            labels="dependencies, images\nbots,images,",
            assignees="@ann,bob",
            reviewers="cy\r\n@dan",
            team_reviewers="org/sre, web",
            milestone="7",
            draft="True",
            auto_merge="squash",
            group_by="image",
            registry_auth="{ghcr.io: 'a:secret', secret:apps/login: {registrytoken: t}}",
            ambient_credentials="ignore",
            token_servers="Gitlab.example.com, tokens.example.net",
            images="apps/a\nb",
            sign="github",
            signing_key="line 1\r\nline 2",
            signing_passphrase="word",
            dry_run="TRUE",
            fail_on="change",
        )
    )

    assert inputs == Inputs(
        token="ghs_token",
        path="sub",
        config="clusters/prod",
        namespace="apps",
        publish=Mode.PULL_REQUEST,
        base="main",
        branch="bots/images",
        title="Update {{ len .Changed.Changes }} images",
        decoration=Decoration(
            labels=("dependencies", "images", "bots"),
            assignees=("ann", "bob"),
            reviewers=("cy", "dan"),
            team_reviewers=("sre", "web"),
            milestone="7",
        ),
        draft=True,
        auto_merge=MergeMethod.SQUASH,
        group_by=GroupBy.IMAGE,
        registry_auth=json.dumps({"auths": {"ghcr.io": {"username": "a", "password": "secret"}}}).encode(),
        registry_secrets={"apps/login": b'{"registrytoken": "t"}'},
        ambient_credentials=False,
        token_servers=frozenset({"gitlab.example.com", "tokens.example.net"}),
        images=("apps/a", "b"),
        sign="github",
        signing_key=b"line 1\nline 2\n",
        signing_passphrase=b"word",
        dry_run=True,
        fail_on="change",
    )


def test_nothing_secret_is_in_the_text_of_inputs() -> None:
    inputs = read_inputs(
        given_as(token="tok-secret", registry_auth="a.io: a:secret", signing_key="secret", signing_passphrase="secret")
    )

    assert "secret" not in repr(inputs)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("token", "two words", "the input token: it holds a space or a character that no token has"),
        ("path", "a\nb", "the input path: 'a\\nb' holds a line break or a control character"),
        ("namespace", "a\x1b[2J", "the input namespace: 'a\\x1b[2J' holds a line break"),
        ("publish", "Auto", "the input publish: 'Auto' is none of its values"),
        ("base", "a b", "the input base: the text 'a b' is not the name of a branch"),
        ("branch", "-force", "the input branch: the text '-force' is not the name of a branch"),
        ("branch", "a..b", "is not the name of a branch"),
        ("branch", "refs/heads/", "is not the name of a branch"),
        ("title", "a\nb", "the input title: the text 'a\\nb' holds a line break"),
        ("title", "{{ .Bad", "the input title: the text '{{ .Bad' is no template: template: title:1: unclosed action"),
        ("title", "t" * 1001, "the input title: the text is longer than 1000 characters"),
        ("labels", ",".join(map(str, range(101))), "the input labels: it lists more than 100 items"),
        ("labels", "l" * 257, "the input labels: its item"),
        ("reviewers", "a\x00b", "the input reviewers: its item 'a\\x00b' is too long or holds a control character"),
        ("draft", "yes", "the input draft: 'yes' is neither true nor false"),
        ("draft", "tRUE", "the input draft: 'tRUE' is neither true nor false"),
        ("dry-run", "1", "the input dry-run: '1' is neither true nor false"),
        ("auto-merge", "true", "the input auto-merge: 'true' is none of its values"),
        ("group-by", "policies", "the input group-by: 'policies' is none of its values"),
        ("registry-auth", "nothing", "the input registry-auth is not a map"),
        ("sign", "gpg", "the input sign: 'gpg' is none of its values"),
        ("fail-on", "always", "the input fail-on: 'always' is none of its values"),
    ],
)
def test_what_is_wrong_is_said_with_the_name_of_the_input_and_a_remedy(name: str, text: str, said: str) -> None:
    with pytest.raises(WrongInputs) as caught:
        read_inputs({f"INPUT_{name.upper()}": text})

    (error,) = caught.value.errors
    assert error.message.startswith(said) or said in error.message
    assert error.remedy
    assert str(error).isprintable()


def test_a_value_that_is_nearly_right_is_named() -> None:
    with pytest.raises(WrongInputs) as caught:
        read_inputs(given_as(publish="pull_request", auto_merge="sqash"))

    assert [error.remedy for error in caught.value.errors] == [
        "did you mean squash? write one of merge, squash, rebase, or nothing",
        "did you mean pull-request? write one of auto, pull-request, commit, none",
    ]


@pytest.mark.parametrize("name", ["token", "registry-auth", "signing-key", "signing-passphrase"])
@given(text=st.text(alphabet=st.characters(codec="utf-8"), min_size=8, max_size=40))
def test_an_error_never_shows_a_secret(name: str, text: str) -> None:
    try:
        read_inputs({f"INPUT_{name.upper()}": text})
    except WrongInputs as wrong:
        stripped = text.strip()
        shown = [str(error) for error in wrong.errors]
        assert not any(stripped in message for message in shown if len(stripped) > 8)


def test_a_misspelt_input_is_told_with_the_one_that_is_meant_and_the_runners_own_are_not() -> None:
    environment = given_as(lable="x", entrypoint="/bin/sh", args="a", token="t") | {"INPUT_DRY_RUN": "true"}

    assert [str(problem) for problem in unknown_inputs(environment)] == [
        "there is no input 'dry_run', it does nothing; did you mean dry-run?",
        "there is no input 'lable', it does nothing; did you mean labels?",
    ]


def test_only_a_few_unknown_inputs_are_named_and_never_as_more_than_text() -> None:
    environment = {f"INPUT_{number}\n::error::\x1b": "" for number in range(50)}

    problems = list(unknown_inputs(environment))

    assert len(problems) == 5
    assert all(problem.message.isprintable() for problem in problems)


def test_all_secrets_are_known_before_anything_else_is_looked_at() -> None:
    environment = given_as(
        token="the-token",
        registry_auth="a.io: robot:the-password",
        signing_key="the-key",
        signing_passphrase="the-phrase",
    )

    assert {"the-token", "the-password", "the-key", "the-phrase"} <= set(secrets_of(environment))
    assert "robot" not in secrets_of(environment)
    assert set(secrets_of(given_as(token="the-token", registry_auth="[" * 9))) >= {"the-token"}
    assert secrets_of({}) == ()


def test_secrets_of_the_environment_are_known_too() -> None:
    environment = {
        "DOCKER_AUTH_CONFIG": '{"auths": {"a.io": {"username": "robot", "password": "of-docker"}}}',
        "HTTPS_PROXY": "http://me:of-a-proxy@proxy.example",
        "all_proxy": "http://me:of-another@proxy.example",
    }

    assert {"of-docker", "of-a-proxy", "of-another"} <= set(secrets_of(environment))


@pytest.mark.parametrize(
    "name",
    [
        *("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PASSWORD"),
        *("GOOGLE_OAUTH_ACCESS_TOKEN", "CLOUDSDK_AUTH_ACCESS_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"),
    ],
)
def test_secrets_of_clouds_are_masked_and_what_names_them_is_not(name: str) -> None:
    assert secrets_of({name: " of-a-cloud\n", "AWS_ROLE_ARN": "arn:x", "AZURE_CLIENT_ID": "1234567"}) == ("of-a-cloud",)


def test_the_words_of_the_table_are_those_of_the_rooms() -> None:
    assert tuple(Mode) == PUBLISH
    assert tuple(GroupBy) == GROUP_BY
    assert tuple(MergeMethod) == AUTO_MERGE
    assert {known.name for known in INPUTS if known.kind is Kind.CHOICE} == {
        known.name for known in INPUTS if known.choices
    }
    assert all(known.default in known.choices for known in INPUTS if known.default and known.choices)
    assert BY_NAME["publish"].option_default in PUBLISH
