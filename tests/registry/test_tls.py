"""Whom we trust and what we show, by real handshakes."""

from __future__ import annotations

import os
import ssl
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from imgupdate.config.model import ClientTLS
from imgupdate.errors import ConfigurationError, ScanError
from imgupdate.registry import RegistryClient
from imgupdate.registry.tls import make_context
from tests.registry.support import FakeClock, access, repository
from tests.twins.certificates import Authority
from tests.twins.registry import RegistryTwin


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="module")
def other() -> Authority:
    return Authority("another authority")


def client() -> RegistryClient:
    return RegistryClient(clock=FakeClock(), jitter=lambda: 0.0)


class TestServers:
    def test_an_authority_of_the_secret_is_trusted(self, authority: Authority, tmp_path: Path) -> None:
        with RegistryTwin(tls=authority.server_context(tmp_path)) as registry, client() as ours:
            registry.fill("team/app", ["1.0"])

            listing = ours.tags(repository(f"{registry.host}/team/app"), access(tls=ClientTLS(ca=authority.pem)))

        assert listing.tags == ("1.0",)
        assert len(registry.requests) == 1

    def test_an_authority_of_the_environment_is_trusted(self, authority: Authority, tmp_path: Path) -> None:
        bundle = tmp_path / "bundle.pem"
        bundle.write_bytes(authority.pem)
        with (
            RegistryTwin(tls=authority.server_context(tmp_path)) as registry,
            RegistryClient(authorities=str(bundle), clock=FakeClock()) as ours,
        ):
            registry.fill("team/app", ["1.0"])

            assert ours.tags(repository(f"{registry.host}/team/app"), access()).tags == ("1.0",)

    @pytest.mark.parametrize("insecure", [False, True])
    def test_an_unknown_authority_is_not_trusted_and_the_remedy_is_told(
        self, authority: Authority, tmp_path: Path, insecure: bool
    ) -> None:
        with RegistryTwin(tls=authority.server_context(tmp_path)) as registry, client() as ours:
            registry.fill("team/app", ["1.0"])

            with pytest.raises(ScanError, match=r"certificate of 127\.0\.0\.1:.* is not trusted") as caught:
                ours.tags(repository(f"{registry.host}/team/app"), access(insecure=insecure))

        assert "ca.crt" in caught.value.remedy
        assert registry.requests == ()

    def test_another_authority_is_not_trusted(self, authority: Authority, other: Authority, tmp_path: Path) -> None:
        with (
            RegistryTwin(tls=authority.server_context(tmp_path)) as registry,
            client() as ours,
            pytest.raises(ScanError, match="not trusted"),
        ):
            ours.tags(repository(f"{registry.host}/team/app"), access(tls=ClientTLS(ca=other.pem)))

    def test_a_certificate_of_another_name_is_not_accepted(self, authority: Authority, tmp_path: Path) -> None:
        with RegistryTwin(tls=authority.server_context(tmp_path)) as registry, client() as ours:
            image = f"localhost:{registry.port}/team/app"

            with pytest.raises(ScanError, match=r"not trusted .*localhost"):
                ours.tags(repository(image), access(tls=ClientTLS(ca=authority.pem)))

    def test_no_http_is_spoken_to_a_server_that_speaks_tls(self, authority: Authority, tmp_path: Path) -> None:
        """Trust of one image's Secret is not that of another."""
        with RegistryTwin(tls=authority.server_context(tmp_path)) as registry, client() as ours:
            registry.fill("team/app", ["1.0"])
            image = repository(f"{registry.host}/team/app")
            ours.tags(image, access(tls=ClientTLS(ca=authority.pem)))

            with pytest.raises(ScanError, match="not trusted"):
                ours.tags(image, access())


class TestClients:
    def test_a_client_certificate_is_shown(self, authority: Authority, other: Authority, tmp_path: Path) -> None:
        pair = other.client()
        tls = ClientTLS(ca=authority.pem, certificate=pair.certificate, key=pair.key)
        with RegistryTwin(tls=authority.server_context(tmp_path, clients=other)) as registry, client() as ours:
            registry.fill("team/app", ["1.0"])

            assert ours.tags(repository(f"{registry.host}/team/app"), access(tls=tls)).tags == ("1.0",)

    def test_a_missing_client_certificate_is_told_and_no_reason_to_go_without_tls(
        self, authority: Authority, other: Authority, tmp_path: Path
    ) -> None:
        with (
            RegistryTwin(tls=authority.server_context(tmp_path, clients=other)) as registry,
            client() as ours,
            pytest.raises(ScanError, match="no TLS connection") as caught,
        ):
            ours.tags(repository(f"{registry.host}/team/app"), access(tls=ClientTLS(ca=authority.pem)))

        assert "client certificate" in caught.value.remedy
        assert registry.requests == ()


class TestMaterial:
    @pytest.mark.parametrize(
        "pem", [b"not PEM", b"\xff\xfe", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"]
    )
    def test_an_authority_that_is_none_is_a_configuration_error(self, pem: bytes) -> None:
        with pytest.raises(ConfigurationError, match=r"ca\.crt") as caught:
            make_context(ClientTLS(ca=pem))

        assert "certSecretRef" in caught.value.remedy

    def test_a_bundle_that_is_none_is_a_configuration_error(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigurationError, match="SSL_CERT_FILE") as caught:
            make_context(None, str(tmp_path / "nothing.pem"))

        assert caught.value.where == str(tmp_path / "nothing.pem")

    def test_half_a_pair_is_a_configuration_error(self, authority: Authority) -> None:
        pair = authority.client()

        for half in (ClientTLS(certificate=pair.certificate), ClientTLS(key=pair.key)):
            with pytest.raises(ConfigurationError, match="needs its key, and a key its certificate"):
                make_context(half)

    def test_a_pair_that_does_not_match_is_a_configuration_error(self, authority: Authority) -> None:
        one, two = authority.client(), authority.client()

        with pytest.raises(ConfigurationError, match="not a PEM pair"):
            make_context(ClientTLS(certificate=one.certificate, key=two.key))

    def test_an_encrypted_key_is_a_configuration_error_and_nobody_is_asked_for_its_passphrase(
        self, authority: Authority
    ) -> None:
        pair = authority.client()
        key = serialization.load_pem_private_key(pair.key, None)
        encrypted = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"passphrase"),
        )

        with pytest.raises(ConfigurationError, match="is encrypted"):
            make_context(ClientTLS(certificate=pair.certificate, key=encrypted))

    def test_a_pair_is_taken_where_files_cannot_be_in_memory(
        self, authority: Authority, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.delattr(os, "memfd_create", raising=False)
        monkeypatch.setenv("TMPDIR", str(tmp_path))
        monkeypatch.setattr("tempfile.tempdir", None)
        pair = authority.client()

        make_context(ClientTLS(certificate=pair.certificate, key=pair.key))

        assert list(tmp_path.iterdir()) == []

    def test_verification_is_on_as_strict_as_gos(self) -> None:
        context = make_context(None)

        assert context.verify_mode is ssl.CERT_REQUIRED
        assert context.check_hostname
        assert context.verify_flags & ssl.VERIFY_X509_PARTIAL_CHAIN
        assert not context.verify_flags & ssl.VERIFY_X509_STRICT

    def test_the_authorities_of_the_package_are_trusted_besides_those_of_the_system(self) -> None:
        assert len(make_context(None).get_ca_certs()) > 50
