"""`buildCustomCert` with keys and a certificate made here; what is wrong with others."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from imgupdate.templates.functions import FunctionFailed
from imgupdate.templates.values import Struct
from tests.templates.sprig_calls import call, render

EC_KEY = ec.generate_private_key(ec.SECP256R1())


def self_signed() -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "example")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(EC_KEY.public_key())
    start = datetime(2020, 1, 1, tzinfo=UTC)
    builder = builder.serial_number(5).not_valid_before(start).not_valid_after(start + timedelta(days=1))
    return builder.sign(EC_KEY, SHA256()).public_bytes(Encoding.PEM)


CERTIFICATE = self_signed()
KEYS = {
    "EC": EC_KEY.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()),
    "PKCS#8": EC_KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    "Ed25519": ed25519.Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    "RSA": rsa.generate_private_key(65537, 2048).private_bytes(
        Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
    ),
}


def pem(label: str, body: str = "YWJj") -> bytes:
    return f"-----BEGIN {label}-----\n{body}\n-----END {label}-----\n".encode()


def built(certificate: bytes, key: bytes) -> Struct:
    encoded = [base64.b64encode(data).decode() for data in (certificate, key)]
    result = call("buildCustomCert", *encoded)
    assert isinstance(result, Struct)
    return result


@pytest.mark.parametrize("kind", KEYS)
def test_a_certificate_and_its_key_come_back_decoded(kind: str) -> None:
    result = built(b"text before\n" + CERTIFICATE, KEYS[kind])

    assert result.get("Cert") == "text before\n" + CERTIFICATE.decode()
    assert result.get("Key") == KEYS[kind].decode()


def test_a_template_reaches_the_parts_of_a_certificate() -> None:
    values = {name: base64.b64encode(data).decode() for name, data in (("c", CERTIFICATE), ("k", KEYS["EC"]))}

    assert render("{{ (buildCustomCert .Values.c .Values.k).Cert }}", **values) == CERTIFICATE.decode()


@pytest.mark.parametrize(
    ("certificate", "key", "problem"),
    [
        (b"x", b"y", "unable to decode certificate"),
        (pem("CERTIFICATE", "!!!!"), b"y", "unable to decode certificate"),
        (pem("CERTIFICATE"), b"y", "error parsing certificate"),
        (CERTIFICATE, b"y", "no PEM data in input"),
        (CERTIFICATE, CERTIFICATE, "no private key data in PEM block of type CERTIFICATE"),
        (CERTIFICATE, pem("OPENSSH PRIVATE KEY"), "invalid private key type OPENSSH PRIVATE KEY"),
        (CERTIFICATE, pem("PRIVATE KEY"), "the block of type PRIVATE KEY holds none"),
        (CERTIFICATE, pem("EC PRIVATE KEY", "A: b\n\nYWJj"), "the block of type EC PRIVATE KEY holds none"),
    ],
)
def test_what_is_no_certificate_or_no_key_is_an_error(certificate: bytes, key: bytes, problem: str) -> None:
    with pytest.raises(FunctionFailed, match=problem):
        built(certificate, key)


def test_what_is_not_base64_is_an_error() -> None:
    with pytest.raises(FunctionFailed, match="unable to decode base64 private key"):
        call("buildCustomCert", "YQ==", "!")
