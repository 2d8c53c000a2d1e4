"""The order in which credentials are looked for (spec/registry.md 7.8), and who is never shown what is around."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgupdate.config.model import ClientTLS, Provider, RegistryAccess
from imgupdate.errors import ScanError
from imgupdate.registry.credentials import Credential, CredentialSources, DockerConfig, Keychain, job_credential
from imgupdate.registry.credentials.keychain import Found
from tests.registry.support import access, entry, repository

ECR = "123456789012.dkr.ecr.eu-central-1.amazonaws.com"
GAR = "europe-west1-docker.pkg.dev"
GHCR = "ghcr.io"
JOB = job_credential("octocat", "token-of-the-job")


class Login:
    """A cloud's login that gives a credential, or fails."""

    def __init__(self, source: str = "the cloud", failure: str = "") -> None:
        self.asked: list[str] = []
        self._source = source
        self._failure = failure
        self._lock = threading.Lock()

    def credential(self, host: str) -> Credential:
        with self._lock:
            self.asked.append(host)
        if self._failure:
            raise ScanError(self._failure, remedy="log in")
        return Credential(source=self._source, username="AWS", password="word-of-the-cloud")


def config(*hosts: str, user: str) -> bytes:
    return json.dumps({"auths": {host: entry(user) for host in hosts}}).encode()


def everything(host: str) -> CredentialSources:
    """All sources have something for a host."""
    return CredentialSources(
        given=config(host, user="given"),
        docker=DockerConfig(
            override=config(host, user="variable"),
            data=config(host, user="docker"),
            podman=config(host, user="podman"),
        ),
        clouds={provider: Login(f"login of {provider}") for provider in Provider},
        ambient=frozenset({Provider.AWS, Provider.GCP}),
        job=JOB,
    )


def look(sources: CredentialSources, host: str, given: RegistryAccess | None = None) -> Found:
    return Keychain(sources).find(repository(f"{host}/org/app"), given or access())


def who(found: Found) -> str:
    if found.credential is None:
        return "nobody"
    return found.credential.source if found.credential.password != "secret-of-alice" else found.credential.username


def take(sources: CredentialSources, *gone: str) -> CredentialSources:
    """The sources without some of them."""
    docker = DockerConfig(
        override=b"" if "override" in gone else sources.docker.override,
        data=b"" if "data" in gone else sources.docker.data,
        podman=b"" if "podman" in gone else sources.docker.podman,
    )
    return replace(
        sources,
        docker=docker,
        given=b"" if "given" in gone else sources.given,
        ambient=frozenset() if "ambient" in gone else sources.ambient,
        job=None if "job" in gone else sources.job,
    )


def test_the_sources_are_asked_in_the_order_of_the_specification() -> None:
    with_secret = access(auths={ECR: entry("secret")})
    all_sources = everything(ECR)
    gone: list[str] = []
    order: list[str] = []
    for next_gone in ("given", "override", "data", "podman", "ambient"):
        order.append(who(look(take(all_sources, *gone), ECR, with_secret if next_gone == "given" else None)))
        if next_gone == "given":
            order.append(who(look(take(all_sources, "given"), ECR, with_secret)))
        gone.append(next_gone)
    order.append(who(look(take(all_sources, *gone), ECR)))

    assert order == ["given", "secret", "variable", "docker", "podman", "login of aws", "nobody"]


def test_a_provider_that_a_manifest_names_comes_before_its_secret_and_before_all_files() -> None:
    named = access(auths={ECR: entry("secret")}, provider=Provider.AWS)

    assert who(look(everything(ECR), ECR, named)) == "given"
    assert who(look(take(everything(ECR), "given"), ECR, named)) == "login of aws"


def test_where_a_provider_is_named_its_secret_is_not_looked_into_at_all_as_in_flux() -> None:
    broken = RegistryAccess(docker_config=b"not JSON", source="Secret a/b", provider=Provider.AWS)
    failing = CredentialSources(clouds={Provider.AWS: Login(failure="no credentials of AWS")})

    assert who(look(everything(ECR), ECR, replace(broken))) == "given"
    with pytest.raises(ScanError, match="no credentials of AWS"):
        look(failing, ECR, access(auths={ECR: entry("secret")}, provider=Provider.AWS))


def test_where_a_named_provider_gives_nothing_what_is_stored_for_the_registry_serves_and_that_is_said() -> None:
    sources = CredentialSources(
        docker=DockerConfig(data=config(ECR, user="docker"), source="config.json"),
        clouds={Provider.AWS: Login(failure="no credentials of AWS\x1b[2J")},
    )

    found = look(sources, ECR, access(provider=Provider.AWS))

    assert who(found) == "docker"
    assert found.warnings == ("no credentials of AWS [2J, so the credentials of config.json are used",)


@pytest.mark.parametrize(
    ("host", "provider"),
    [
        ("quay.io", Provider.AWS),
        (f"{ECR}.evil.example", Provider.AWS),
        (GAR, Provider.AWS),
        (ECR, Provider.GCP),
        ("evil-gcr.io", Provider.GCP),
        ("team.azurecr.io.evil.example", Provider.AZURE),
    ],
)
def test_a_named_provider_is_shown_to_no_other_registry(host: str, provider: Provider) -> None:
    login = Login()

    with pytest.raises(ScanError, match=f"provider: {provider} is for the registries of that cloud, and {host}"):
        look(CredentialSources(clouds=dict.fromkeys(Provider, login)), host, access(provider=provider))
    assert login.asked == []


def test_credentials_of_a_cloud_are_not_sent_without_encryption() -> None:
    with pytest.raises(ScanError, match="are not sent without encryption"):
        look(
            take(everything(ECR), "given", "override", "data", "podman"),
            ECR,
            access(provider=Provider.AWS, insecure=True),
        )


def test_credentials_of_a_named_cloud_are_not_shown_to_whom_an_authority_of_the_manifest_vouches_for() -> None:
    login = Login()
    authority = ClientTLS(ca=b"-----BEGIN CERTIFICATE-----")

    with pytest.raises(ScanError, match=r"the ca\.crt of certSecretRef could let another server answer"):
        look(CredentialSources(clouds={Provider.GCP: login}), GAR, access(provider=Provider.GCP, tls=authority))
    assert login.asked == []


def test_a_login_that_is_not_there_is_an_error_that_names_another_way() -> None:
    with pytest.raises(ScanError, match="no login of aws here; give the credentials to `registry-auth`"):
        look(CredentialSources(), ECR, access(provider=Provider.AWS))


def test_a_login_that_failed_is_not_tried_again_for_the_same_registry() -> None:
    login = Login(failure="no credentials of AWS")
    keychain = Keychain(CredentialSources(clouds={Provider.AWS: login}))
    images = [repository(f"{ECR}/org/app{number}") for number in range(8)]

    def fails(number: int) -> bool:
        with pytest.raises(ScanError, match="no credentials of AWS; log in"):
            keychain.find(images[number], access(provider=Provider.AWS))
        return True

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(fails, range(8)))
    assert login.asked == [ECR]


def test_a_login_that_works_is_asked_each_time_since_it_knows_when_its_token_ends() -> None:
    login = Login()
    keychain = Keychain(CredentialSources(clouds={Provider.AWS: login}))

    for _ in range(2):
        keychain.find(repository(f"{ECR}/org/app"), access(provider=Provider.AWS))

    assert login.asked == [ECR, ECR]


class TestAmbientCloud:
    def test_it_is_only_used_where_its_credentials_are_around(self) -> None:
        login = Login("login of aws")

        assert who(look(CredentialSources(clouds={Provider.AWS: login}), ECR)) == "nobody"
        assert login.asked == []

    def test_it_is_offered_not_given(self) -> None:
        bare = take(everything(ECR), "given", "override", "data", "podman")

        assert look(bare, ECR).offered
        assert not look(bare, ECR, access(provider=Provider.AWS)).offered

    def test_a_login_that_fails_leaves_everybody_nobody_and_says_so_only_where_access_is_refused(self) -> None:
        sources = CredentialSources(clouds={Provider.AWS: Login(failure="the key is old")}, ambient=frozenset(Provider))

        found = look(sources, "public.ecr.aws")

        assert found == Found(passed_over=("the key is old; log in",))

    @pytest.mark.parametrize("host", [f"{ECR}.evil.example", "evil-gcr.io", "quay.io", f"{ECR}:8443"])
    def test_a_host_that_only_looks_like_a_clouds_gets_nothing(self, host: str) -> None:
        login = Login()
        sources = CredentialSources(clouds=dict.fromkeys(Provider, login), ambient=frozenset(Provider), job=JOB)

        assert look(sources, host) == Found()
        assert login.asked == []


LETS_ANOTHER_ANSWER = [access(insecure=True), access(tls=ClientTLS(ca=b"-----BEGIN CERTIFICATE-----"))]


@pytest.mark.parametrize("host", [ECR, GAR, GHCR])
@pytest.mark.parametrize("given", LETS_ANOTHER_ANSWER, ids=["insecure", "own authority"])
def test_what_is_around_is_not_shown_where_a_manifest_could_have_another_server_answer(
    host: str, given: RegistryAccess
) -> None:
    sources = take(everything(host), "given", "override", "data", "podman")

    assert look(sources, host).credential is not None
    assert look(sources, host, given).credential is None


def test_a_client_certificate_alone_keeps_nothing_away() -> None:
    certificate = access(tls=ClientTLS(certificate=b"c", key=b"k"))

    assert who(look(CredentialSources(job=JOB), GHCR, certificate)) == "the workflow's token"


class TestJob:
    def test_github_s_registry_is_read_with_the_workflow_s_token_where_nothing_else_is_given(self) -> None:
        found = look(CredentialSources(job=JOB), GHCR)

        assert found == Found(credential=JOB, offered=True)
        assert JOB is not None
        assert (JOB.source, JOB.username, JOB.password) == ("the workflow's token", "octocat", "token-of-the-job")

    @pytest.mark.parametrize("gone", [(), ("given",), ("given", "override"), ("given", "override", "data")])
    def test_whatever_else_is_given_goes_before_it(self, gone: tuple[str, ...]) -> None:
        found = look(take(everything(GHCR), *gone), GHCR)

        assert found.credential is not JOB
        assert not found.offered

    @pytest.mark.parametrize(
        "host",
        ["docker.io", "quay.io", "ghcr.io.evil.example", "evilghcr.io", "a.ghcr.io", "ghcr.io:8443", "github.com"],
    )
    def test_no_other_registry_gets_it(self, host: str) -> None:
        assert look(CredentialSources(job=JOB), host).credential is None

    def test_without_a_token_there_is_none_and_any_user_will_do(self) -> None:
        assert job_credential("octocat", "") is None
        nameless = job_credential("", "token")
        assert nameless is not None
        assert nameless.username == "unset"


def test_a_broken_configuration_that_is_given_is_not_passed_over() -> None:
    with pytest.raises(ScanError, match="the input registry-auth is not a docker configuration"):
        look(CredentialSources(given=b"{", job=JOB), GHCR)


def test_a_helper_that_is_named_in_what_is_given_is_asked(helper: Callable[..., str]) -> None:
    search_path = helper("one", username="of-helper")
    given = json.dumps({"credHelpers": {ECR: "one"}}).encode()

    found = look(CredentialSources(given=given, docker=DockerConfig(search_path=search_path)), ECR)

    assert found.credential is not None
    assert found.credential.username == "of-helper"


def test_nothing_that_is_shown_of_sources_holds_a_secret() -> None:
    text = repr(everything(GHCR)) + repr(look(everything(GHCR), GHCR))

    assert "token-of-the-job" not in text
    assert entry("given")["auth"] not in text


def test_docker_auth_config_counts_where_there_is_no_file_as_well() -> None:
    assert who(
        look(CredentialSources(docker=DockerConfig(override=config("quay.io", user="variable"))), "quay.io")
    ) == ("variable")


def test_what_docker_has_no_entry_for_is_looked_for_in_podmans_file() -> None:
    docker = DockerConfig(data=config("quay.io", user="docker"), podman=config("quay.io", GHCR, user="podman"))
    sources = CredentialSources(docker=docker, job=JOB)

    assert [who(look(sources, host)) for host in ("quay.io", GHCR, "docker.io")] == ["docker", "podman", "nobody"]


def test_of_what_is_given_the_longest_path_that_fits_goes_first() -> None:
    auths = {GHCR: entry("host"), f"{GHCR}/org": entry("owner"), f"{GHCR}/org/app": entry("image")}
    sources = CredentialSources(given=json.dumps({"auths": auths}).encode(), job=JOB)

    def user(image: str) -> str:
        return who(Keychain(sources).find(repository(f"{GHCR}/{image}"), access()))

    assert [user(image) for image in ("org/app", "org/other", "organisation/app")] == ["image", "owner", "host"]


def test_what_is_given_for_another_path_leaves_an_image_to_the_other_sources() -> None:
    sources = CredentialSources(given=config(f"{GHCR}/other", user="given"), job=JOB)

    assert who(look(sources, GHCR)) == "the workflow's token"


LIKE_A_CLOUD = st.tuples(
    st.text(max_size=3), st.sampled_from([ECR, GAR, "gcr.io", "team.azurecr.io", "public.ecr.aws"]), st.text(max_size=3)
).map("".join)
OF_CLOUDS = {("amazonaws", "com"), ("pkg", "dev"), ("gcr", "io"), ("azurecr", "io"), ("ecr", "aws")}


@given(LIKE_A_CLOUD, st.sampled_from(list(Provider)))
def test_a_login_is_never_asked_for_a_host_outside_of_the_clouds_own_domains(name: str, provider: Provider) -> None:
    login = Login()
    keychain = Keychain(CredentialSources(clouds=dict.fromkeys(Provider, login), ambient=frozenset(Provider), job=JOB))

    with suppress(ScanError):
        keychain.find(replace(repository("quay.io/org/app"), registry=name), access(provider=provider))

    assert all(tuple(asked.split(".")[-2:]) in OF_CLOUDS and asked.isascii() for asked in login.asked)
