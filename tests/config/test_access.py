"""How registries are reached: Secrets, certificates, proxies, and what is never shown."""

from __future__ import annotations

import base64
import json

import pytest

from imgupdate.config import load, registry_access
from imgupdate.config.model import Config, ImageRepository, Provider, RegistryAccess, Scope
from imgupdate.errors import ConfigurationError
from imgupdate.results import Problem, Severity
from tests.config.tree import POLICY, Tree, errors, key, loaded, only_scope, warnings

PASSWORD = "hunter2-is-a-secret"
AUTHS = {"auths": {"ghcr.io": {"username": "bot", "password": PASSWORD}}}
PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def repository_text(fields: str) -> str:
    return (
        "apiVersion: image.toolkit.fluxcd.io/v1\nkind: ImageRepository\nmetadata: {name: app, namespace: flux-system}\n"
        f"spec: {{image: ghcr.io/org/app, interval: 5m, {fields}}}\n---{POLICY}"
    )


def secret_text(name: str, body: str, *, namespace: str = "flux-system", kind: str = "Opaque") -> str:
    return f"apiVersion: v1\nkind: Secret\nmetadata: {{name: {name}, namespace: {namespace}}}\ntype: {kind}\n{body}\n"


def docker_secret(data: object = AUTHS, *, name: str = "login") -> str:
    body = f"data: {{.dockerconfigjson: {encoded(json.dumps(data))}}}"
    return secret_text(name, body, kind="kubernetes.io/dockerconfigjson")


def repository(config: Config) -> tuple[Scope, ImageRepository]:
    scope = only_scope(config)
    return scope, scope.repositories[key("app")]


def access(fields: str, *secrets: str) -> tuple[RegistryAccess, tuple[Problem, ...]]:
    texts = {f"secret{number}.yaml": text for number, text in enumerate(secrets)}
    config = load(Tree({"flux.yaml": repository_text(fields), **texts}))
    assert config.problems == ()
    return registry_access(*repository(config))


def refusal(fields: str, *secrets: str) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        access(fields, *secrets)
    assert PASSWORD not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("fields", "seconds"),
    [
        ("timeout: 10s", 10.0),
        ("suspend: false", 300.0),
        ("timeout: 100ms", 1.0),
        ("timeout: 0s", 1.0),
    ],
)
def test_the_bound_on_a_scan_is_timeout_else_interval_and_a_second_at_least(fields: str, seconds: float) -> None:
    found, problems = access(fields)

    assert found == RegistryAccess(timeout=seconds, interval=300.0)
    assert problems == ()


def test_without_timeout_and_interval_a_minute_is_the_bound() -> None:
    native = "images: {app: {image: ghcr.io/org/app, policy: {alphabetical: {}}}}"
    scope = only_scope(load(Tree({".github/imgupdate.yaml": native})))

    found, _ = registry_access(scope, scope.repositories[key("app", "")])

    assert found.timeout == 60.0


def test_insecure_is_passed_on() -> None:
    assert access("insecure: true")[0].insecure


@pytest.mark.parametrize(
    "secret",
    [
        docker_secret(),
        secret_text(
            "login", f"stringData: {{.dockerconfigjson: '{json.dumps(AUTHS)}'}}", kind="kubernetes.io/dockerconfigjson"
        ),
        secret_text(
            "login",
            f"data: {{.dockerconfigjson: e30=}}\nstringData: {{.dockerconfigjson: '{json.dumps(AUTHS)}'}}",
            kind="kubernetes.io/dockerconfigjson",
        ),
        secret_text(
            "login",
            f"data: {{.dockercfg: {encoded(json.dumps(AUTHS['auths']))}}}",
            kind="kubernetes.io/dockercfg",
        ),
        "apiVersion: v1\nkind: List\nitems:\n- " + docker_secret().replace("\n", "\n  "),
    ],
)
def test_a_docker_config_is_decoded_whatever_its_shape(secret: str) -> None:
    found, problems = access("secretRef: {name: login}", secret)

    assert json.loads(found.docker_config) == AUTHS
    assert found.source == "Secret flux-system/login"
    assert problems == ()


def test_base64_can_be_broken_into_lines() -> None:
    lines = "\n    ".join(encoded(json.dumps(AUTHS))[start : start + 20] for start in range(0, 200, 20))
    secret = secret_text("login", f"data:\n  .dockerconfigjson: |\n    {lines}", kind="kubernetes.io/dockerconfigjson")

    assert json.loads(access("secretRef: {name: login}", secret)[0].docker_config) == AUTHS


def test_a_missing_secret_gives_way_to_what_the_machine_has_and_the_warning_says_how_to_give_it() -> None:
    found, (problem,) = access("secretRef: {name: login}")

    assert found.docker_config == b""
    assert problem.severity is Severity.WARNING
    assert problem.exit_code == 0
    assert str(problem) == (
        "flux.yaml:1:spec.secretRef: the Secret flux-system/login is not in the repository, the credentials of the"
        " machine are used instead; give what it holds to registry-auth, as `secret:flux-system/login: user:password`"
        " or a docker config"
    )


SEALED = """
apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata: {name: login, namespace: flux-system}
spec: {encryptedData: {.dockerconfigjson: AgBy}}
"""
ENCRYPTED = [
    ("SOPS", secret_text("login", "data: {.dockerconfigjson: 'ENC[AES256_GCM,data:abc]'}\nsops: {version: 3.9.0}")),
    ("SOPS", secret_text("login", "stringData: {.dockerconfigjson: 'ENC[AES256_GCM,data:abc]'}")),
    ("SealedSecret", SEALED),
]


@pytest.mark.parametrize(("by", "secret"), ENCRYPTED)
def test_an_encrypted_secret_is_named_as_such(by: str, secret: str) -> None:
    found, (problem,) = access("secretRef: {name: login}", secret)

    assert found.docker_config == b""
    assert problem.severity is Severity.WARNING
    assert f"the Secret flux-system/login is encrypted ({by}), the credentials of the machine are" in problem.message
    assert "registry-auth, as `secret:flux-system/login: user:password` or a docker config" in problem.remedy


@pytest.mark.parametrize("reference", ["certSecretRef", "proxySecretRef"])
@pytest.mark.parametrize(("by", "secret"), [*ENCRYPTED, ("", "a: 1")])
def test_a_certificate_or_a_proxy_that_cannot_be_read_is_an_error(reference: str, by: str, secret: str) -> None:
    error = refusal(f"{reference}: {{name: login}}", secret)

    assert (f"is encrypted ({by})" if by else "is not in the repository") in error.message


def test_a_secret_of_another_namespace_or_name_is_not_taken() -> None:
    other = docker_secret().replace("namespace: flux-system", "namespace: other")

    _, (problem,) = access("secretRef: {name: login}", other, docker_secret(name="login2"))

    assert "is not in the repository" in problem.message


@pytest.mark.parametrize("kind", ["Opaque", "kubernetes.io/basic-auth", "kubernetes.io/dockercfg"])
def test_a_secret_that_holds_no_docker_config_is_passed_over_as_flux_does(kind: str) -> None:
    secret = docker_secret().replace("type: kubernetes.io/dockerconfigjson", f"type: {kind}")

    found, (problem,) = access("secretRef: {name: login}", secret)

    assert found.docker_config == b""
    assert problem.severity is Severity.WARNING
    assert f"of type '{kind}' holds no docker config" in problem.message


@pytest.mark.parametrize(
    "content", [f"{{{PASSWORD}", "[]", '"x"', "{}", '{"auths": []}', '{"auths": {"a": "x"}}', "[" * 100000]
)
def test_a_malformed_docker_config_is_an_error_that_shows_nothing(content: str) -> None:
    secret = secret_text(
        "login", f"data: {{.dockerconfigjson: {encoded(content)}}}", kind="kubernetes.io/dockerconfigjson"
    )

    error = refusal("secretRef: {name: login}", secret)

    assert error.message.startswith("the Secret flux-system/login cannot be used: its docker config ")
    assert error.remedy == "correct secret0.yaml:1"
    assert error.__cause__ is None


@pytest.mark.parametrize("content", ["[]", '{"a": 1}'])
def test_a_malformed_docker_config_of_the_old_shape_is_an_error(content: str) -> None:
    secret = secret_text("login", f"data: {{.dockercfg: {encoded(content)}}}", kind="kubernetes.io/dockercfg")

    assert "no mapping of registries" in refusal("secretRef: {name: login}", secret).message


@pytest.mark.parametrize(
    "body",
    [
        f"data: {{.dockerconfigjson: '{PASSWORD}!'}}",
        f"data: {{.dockerconfigjson: [{PASSWORD}]}}",
        "data: {.dockerconfigjson: 123}",
        f"data: [{PASSWORD}]",
        f"stringData: {{a: {{b: {PASSWORD}}}}}",
        f"data: {{a: e30=, a: {PASSWORD}}}",
    ],
)
def test_a_malformed_secret_is_an_error_of_the_configuration_and_shows_nothing(body: str) -> None:
    config = loaded(repository_text("secretRef: {name: login}"), secret=secret_text("login", body))

    (error,) = errors(config.problems)
    assert error.startswith("secret.yaml:5")
    assert PASSWORD not in str(config.problems) + repr(config)
    with pytest.raises(ConfigurationError, match="the Secret flux-system/login is wrong") as caught:
        registry_access(*repository(config))
    assert caught.value.remedy.startswith("see secret.yaml:5")


def test_an_empty_value_of_a_secret_is_an_empty_text() -> None:
    secret = secret_text(
        "tls", f"stringData:\n  caFile:\n  ca.crt: |\n    {PEM.strip().replace(chr(10), chr(10) + '    ')}"
    )

    found, _ = access("certSecretRef: {name: tls}", secret)

    assert found.tls is not None
    assert found.tls.ca.decode() == PEM


def test_two_different_secrets_of_one_name_cannot_be_told_apart() -> None:
    config = loaded(repository_text("secretRef: {name: login}"), one=docker_secret(), two=docker_secret({"auths": {}}))

    (error,) = errors(config.problems)
    assert error.startswith("two.yaml:1: another Secret named flux-system/login says something else: one.yaml:1; ")
    with pytest.raises(ConfigurationError):
        registry_access(*repository(config))


def test_two_equal_secrets_of_one_name_are_one() -> None:
    found, problems = access("secretRef: {name: login}", docker_secret(), docker_secret())

    assert json.loads(found.docker_config) == AUTHS
    assert problems == ()


def tls_secret(**files: str) -> str:
    return secret_text("tls", "data:\n" + "".join(f"  {name}: {encoded(text)}\n" for name, text in files.items()))


def test_a_ca_and_a_pair_of_certificate_and_key_are_taken_together() -> None:
    names = {"ca.crt": PEM, "tls.crt": PEM + "1", "tls.key": PEM + "2"}

    found, problems = access("certSecretRef: {name: tls}", tls_secret(**names))

    assert found.tls is not None
    assert (found.tls.ca, found.tls.certificate, found.tls.key) == tuple(text.encode() for text in names.values())
    assert problems == ()
    assert "MIIB" not in repr(found.tls).replace(repr(PEM.encode()), "")


def test_the_names_of_old_still_serve_with_warnings() -> None:
    found, problems = access("certSecretRef: {name: tls}", tls_secret(caFile=PEM, certFile=PEM, keyFile=PEM))

    assert found.tls is not None
    assert (found.tls.ca, found.tls.certificate, found.tls.key) == (PEM.encode(),) * 3
    assert [problem.remedy for problem in problems] == ["name it ca.crt", "name it tls.crt", "name it tls.key"]
    assert {problem.severity for problem in problems} == {Severity.WARNING}


def test_the_names_of_today_win() -> None:
    found, problems = access("certSecretRef: {name: tls}", tls_secret(**{"ca.crt": PEM, "caFile": PEM + "old"}))

    assert found.tls is not None
    assert found.tls.ca == PEM.encode()
    assert problems == ()


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"tls.crt": PEM}, "one of tls.crt and tls.key"),
        ({"tls.key": PEM}, "one of tls.crt and tls.key"),
        ({"ca.crt": PEM, "tls.key": PEM}, "one of tls.crt and tls.key"),
        ({"other": PEM}, "neither ca.crt nor tls.crt and tls.key"),
        ({"ca.crt": PASSWORD}, "its ca.crt is not PEM"),
        ({"tls.crt": PEM, "tls.key": PASSWORD}, "its tls.key is not PEM"),
    ],
)
def test_a_certificate_that_cannot_serve_is_an_error(files: dict[str, str], reason: str) -> None:
    assert reason in refusal("certSecretRef: {name: tls}", tls_secret(**files)).message


def proxy_secret(**texts: str) -> str:
    return secret_text("proxy", "stringData:\n" + "".join(f"  {name}: '{text}'\n" for name, text in texts.items()))


@pytest.mark.parametrize(
    ("texts", "address", "username", "password"),
    [
        ({"address": "http://proxy.example:3128"}, "http://proxy.example:3128", "", ""),
        ({"address": "https://proxy.example"}, "https://proxy.example", "", ""),
        ({"address": "socks5://10.0.0.1:1080"}, "socks5://10.0.0.1:1080", "", ""),
        (
            {"address": "http://proxy.example:3128", "username": "bot", "password": PASSWORD},
            "http://proxy.example:3128",
            "bot",
            PASSWORD,
        ),
        (
            {"address": f"http://bot:{PASSWORD}%40@proxy.example:3128/"},
            "http://proxy.example:3128/",
            "bot",
            f"{PASSWORD}@",
        ),
        ({"address": "http://bot@proxy.example", "password": PASSWORD}, "http://proxy.example", "bot", PASSWORD),
    ],
)
def test_a_proxy_is_read_with_its_credentials_apart(
    texts: dict[str, str], address: str, username: str, password: str
) -> None:
    found, problems = access("proxySecretRef: {name: proxy}", proxy_secret(**texts))

    assert found.proxy is not None
    assert (found.proxy.address, found.proxy.username, found.proxy.password) == (address, username, password)
    assert PASSWORD not in repr(found)
    assert problems == ()


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        ({"username": "bot"}, "it holds no address"),
        ({"address": "  "}, "it holds no address"),
        ({"address": "proxy.example:3128"}, "not a URL that begins with one of http, https, socks5"),
        ({"address": "ftp://proxy.example"}, "not a URL"),
        ({"address": "http://"}, "not a URL"),
        ({"address": f"http://{PASSWORD}@[::1"}, "not a URL"),
        ({"address": "http://proxy.example:99999"}, "not a URL"),
        ({"address": "http://proxy.example:0"}, "not a URL"),
        ({"address": "http://pro xy.example"}, "not a URL"),
        ({"address": "http://" + "a" * 2048}, "longer than 2048 characters"),
        ({"address": "http://proxy.example", "password": PASSWORD}, "a password without a username"),
    ],
)
def test_a_proxy_that_cannot_serve_is_an_error(texts: dict[str, str], reason: str) -> None:
    assert reason in refusal("proxySecretRef: {name: proxy}", proxy_secret(**texts)).message


def test_a_proxy_that_is_not_utf8_is_an_error() -> None:
    secret = secret_text("proxy", f"data: {{address: {base64.b64encode(bytes([255])).decode()}}}")

    assert "its address is not UTF-8" in refusal("proxySecretRef: {name: proxy}", secret).message


@pytest.mark.parametrize("provider", ["aws", "azure", "gcp"])
def test_a_named_provider_is_handed_on_and_no_secret_is_looked_into_as_in_flux(provider: str) -> None:
    tree = Tree(
        {
            "flux.yaml": repository_text(f"provider: {provider}, secretRef: {{name: login}}"),
            "login.yaml": docker_secret(),
        }
    )
    config = load(tree)

    found, problems = registry_access(*repository(config))

    assert (found.provider, found.docker_config) == (Provider(provider), b"")
    assert problems == ()
    assert tree.reads == ["flux.yaml"]


def test_a_service_account_is_not_looked_into() -> None:
    found, (problem,) = access("serviceAccountName: account")

    assert found.docker_config == b""
    assert problem.severity is Severity.WARNING
    assert str(problem.location) == "flux.yaml:1:spec.serviceAccountName"


def test_native_configuration_takes_a_secret_of_any_namespace() -> None:
    native = "images: {app: {image: ghcr.io/org/app, policy: {alphabetical: {}}, secretRef: {name: login}}}"
    tree = Tree({".github/imgupdate.yaml": native, "secrets/login.yaml": docker_secret()})
    scope = only_scope(load(tree))

    found, problems = registry_access(scope, scope.repositories[key("app", "")])

    assert json.loads(found.docker_config) == AUTHS
    assert problems == ()


def test_the_place_of_a_note_on_native_configuration_is_its_entry() -> None:
    native = "images: {app: {image: ghcr.io/org/app, policy: {alphabetical: {}}, secretRef: {name: login}}}"
    scope = only_scope(load(Tree({".github/imgupdate.yaml": native})))

    _, (problem,) = registry_access(scope, scope.repositories[key("app", "")])

    assert str(problem.location) == ".github/imgupdate.yaml:1:images.app.secretRef"


def test_only_files_that_may_hold_a_wanted_secret_are_parsed() -> None:
    tree = Tree(
        {
            "flux.yaml": repository_text("secretRef: {name: login}"),
            "other.yaml": docker_secret(name="other") + "---\n{{ template: [\n",
            "reference.yaml": "{{ login }}: [imagePullSecrets: login, secretRef]\n# Secretive login\n",
            "deploy.yaml": "a: 1\n",
        }
    )

    config = load(tree)

    assert config.problems == ()  # what was parsed in vain and is no YAML would be a warning
    assert "deploy.yaml" not in tree.reads


def test_a_file_that_may_hold_the_missing_secret_and_is_no_yaml_is_a_warning() -> None:
    template = "{{- if .x }}\nkind: Secret\nmetadata: {name: login}\n"

    missing = loaded(repository_text("secretRef: {name: login}"), template=template)
    found = loaded(repository_text("secretRef: {name: login}"), template=template, secret=docker_secret())

    (warning,) = warnings(missing.problems)
    assert "template.yaml:" in warning
    assert "it may hold the Secret flux-system/login" in warning
    assert found.problems == ()


def test_a_file_that_cannot_be_read_holds_no_secret() -> None:
    tree = Tree(
        {"flux.yaml": repository_text("secretRef: {name: login}"), "login.yaml": docker_secret()},
        unreadable=["login.yaml"],
    )

    assert only_scope(load(tree)).secrets == {}


def test_nothing_that_is_shown_holds_a_secret() -> None:
    texts = {
        "flux.yaml": repository_text(
            "secretRef: {name: login}, proxySecretRef: {name: proxy}, certSecretRef: {name: tls}"
        ),
        "login.yaml": docker_secret(),
        "proxy.yaml": proxy_secret(address=f"http://bot:{PASSWORD}@proxy.example"),
        "tls.yaml": tls_secret(**{"tls.crt": PEM, "tls.key": "-----BEGIN " + PASSWORD}),
    }
    config = load(Tree(texts))

    found, _ = registry_access(*repository(config))

    assert PASSWORD.encode() in found.docker_config
    assert PASSWORD not in repr(config) + repr(found) + str(found)
    assert encoded(PASSWORD)[:12] not in repr(config)
