"""Trust: the system's authorities, certifi's, and those that the user names (spec/registry.md 8)."""

from __future__ import annotations

import os
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import certifi

from imgupdate.config.model import ClientTLS
from imgupdate.errors import ConfigurationError

_PEM_REMEDY = "store PEM text under ca.crt, tls.crt and tls.key of the Secret that certSecretRef names"


def make_context(material: ClientTLS | None, bundle: str = "") -> ssl.SSLContext:
    """What a TLS connection trusts and shows; `bundle` is the path of a further file of authorities (SSL_CERT_FILE).

    Verification is never off. As in Go, any certificate that is trusted ends a chain, and no certificate is refused for
    lacking an extension that RFC 5280 demands of new ones (Python 3.13 would): what Flux connects to, we connect to.

    Raises:
        ConfigurationError: an authority, a certificate or a key is not usable PEM.

    """
    context = ssl.create_default_context()
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.load_verify_locations(cafile=certifi.where())
    if bundle:
        try:
            context.load_verify_locations(cafile=bundle)
        except OSError as error:
            raise ConfigurationError(
                "the file of certificate authorities that SSL_CERT_FILE names cannot be used",
                where=bundle,
                remedy="let it name a file of PEM certificates",
            ) from error
    if material is not None:
        _add_authority(context, material.ca)
        _add_pair(context, material)
    return context


def _add_authority(context: ssl.SSLContext, authority: bytes) -> None:
    if not authority:
        return
    try:
        context.load_verify_locations(cadata=authority.decode("ascii"))
    except (ssl.SSLError, ValueError) as error:
        raise ConfigurationError("the certificate authority (ca.crt) is not PEM", remedy=_PEM_REMEDY) from error


def _add_pair(context: ssl.SSLContext, material: ClientTLS) -> None:
    if bool(material.certificate) != bool(material.key):
        raise ConfigurationError("a client certificate needs its key, and a key its certificate", remedy=_PEM_REMEDY)
    if not material.key:
        return
    with _unnamed_file(material.certificate) as certificate, _unnamed_file(material.key) as key:
        try:
            context.load_cert_chain(certificate, key, password=_refuse_to_ask)
        except _EncryptedKey as error:
            raise ConfigurationError("the client key (tls.key) is encrypted", remedy="store it unencrypted") from error
        except (ssl.SSLError, OSError, ValueError) as error:
            raise ConfigurationError(
                "the client certificate (tls.crt) and key (tls.key) are not a PEM pair", remedy=_PEM_REMEDY
            ) from error


class _EncryptedKey(Exception):
    """OpenSSL wants a passphrase; it must not ask for it on the terminal."""


def _refuse_to_ask() -> str:
    raise _EncryptedKey


@contextmanager
def _unnamed_file(content: bytes) -> Iterator[str]:
    """A path by which OpenSSL, which reads only files, can read these bytes; in memory where the system can do that."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("imgupdate-pem")
        try:
            os.write(descriptor, content)
            yield f"/proc/self/fd/{descriptor}"
        finally:
            os.close(descriptor)
    else:
        with tempfile.TemporaryDirectory(prefix="imgupdate-") as directory:
            path = Path(directory, "pem")
            path.touch(mode=0o600)
            path.write_bytes(content)
            yield str(path)
