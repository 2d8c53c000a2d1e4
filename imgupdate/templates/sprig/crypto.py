"""Sprig's cryptography whose result is a function of its input: reading what others made.

`cryptography` is imported where it is used: no other room needs it, and hardly any template does.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Final

from imgupdate.templates.functions import Budget, FunctionFailed
from imgupdate.templates.sprig.declare import Table, costly, plain
from imgupdate.templates.sprig.encoding import Corrupt, decode_base64
from imgupdate.templates.values import STRING, Struct, StructField, StructType, from_bytes, to_bytes

CERTIFICATE: Final = StructType(
    name="sprig.certificate", fields=(StructField("Cert", STRING), StructField("Key", STRING))
)
_BLOCK: Final = 16
_SCRYPT_COST: Final = 1 << 20
_SEED: Final = b"com.lyndir.masterpassword"
_LETTERS: Final = "AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz"
_CHARACTERS: Final = {
    "V": "AEIOU",
    "C": "BCDFGHJKLMNPQRSTVWXYZ",
    "v": "aeiou",
    "c": "bcdfghjklmnpqrstvwxyz",
    "A": "AEIOUBCDFGHJKLMNPQRSTVWXYZ",
    "a": _LETTERS,
    "n": "0123456789",
    "o": "@&%?,=[]_:-+*$#!'^~;()/.",
    "x": f"{_LETTERS}0123456789!@#$%^&*()",
}
_TEMPLATES: Final = {
    "maximum": ("anoxxxxxxxxxxxxxxxxx", "axxxxxxxxxxxxxxxxxno"),
    "long": (
        "CvcvnoCvcvCvcv",
        "CvcvCvcvnoCvcv",
        "CvcvCvcvCvcvno",
        "CvccnoCvcvCvcv",
        "CvccCvcvnoCvcv",
        "CvccCvcvCvcvno",
        "CvcvnoCvccCvcv",
        "CvcvCvccnoCvcv",
        "CvcvCvccCvcvno",
        "CvcvnoCvcvCvcc",
        "CvcvCvcvnoCvcc",
        "CvcvCvcvCvccno",
        "CvccnoCvccCvcv",
        "CvccCvccnoCvcv",
        "CvccCvccCvcvno",
        "CvcvnoCvccCvcc",
        "CvcvCvccnoCvcc",
        "CvcvCvccCvccno",
        "CvccnoCvcvCvcc",
        "CvccCvcvnoCvcc",
        "CvccCvcvCvccno",
    ),
    "medium": ("CvcnoCvc", "CvcCvcno"),
    "short": ("Cvcn",),
    "basic": ("aaanaaan", "aannaaan", "aaannaaa"),
    "pin": ("nnnn",),
}
_PEM: Final = re.compile(
    rb"-----BEGIN ([^\r\n]*?)-----[ \t]*\r?\n(?:[^\r\n:]+:[^\r\n]*\r?\n)*(.*?)-----END \1-----", re.DOTALL
)


def decrypt_aes(password: str, encrypted: str) -> str:
    """The text that `encryptAES` encrypted with a password; raises FunctionFailed for what it cannot have made."""
    if not encrypted:
        return ""
    data = decode_base64(to_bytes(encrypted))
    if len(data) < _BLOCK:
        raise FunctionFailed(f"runtime error: slice bounds out of range [:{_BLOCK}] with capacity {len(data)}")
    vector, data = data[:_BLOCK], data[_BLOCK:]
    if len(data) % _BLOCK:
        raise FunctionFailed("crypto/cipher: input not full blocks")
    if not data:
        raise FunctionFailed("runtime error: index out of range [-1]")
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes  # noqa: PLC0415 - see above

    key = to_bytes(password)[:32].ljust(32, b"\0")
    decryptor = Cipher(algorithms.AES(key), modes.CBC(vector)).decryptor()
    decrypted = decryptor.update(data) + decryptor.finalize()
    kept = len(decrypted) - decrypted[-1]
    if kept < 0:
        raise FunctionFailed(f"runtime error: slice bounds out of range [:{kept}]")
    return from_bytes(decrypted[:kept])


def derive_password(budget: Budget, counter: int, kind: str, password: str, user: str, site: str) -> str:
    """A site's password of the Master Password scheme, from the one that its owner remembers."""
    templates = _TEMPLATES.get(kind)
    if templates is None:
        return f"cannot find password template {kind}"
    budget.spend(_SCRYPT_COST)
    salt = _SEED + _counted(user)
    key = hashlib.scrypt(to_bytes(password), salt=salt, n=32768, r=8, p=2, maxmem=1 << 27, dklen=64)
    message = _SEED + _counted(site) + int(counter).to_bytes(4, "big")
    seed = hmac.new(key, message, "sha256").digest()
    template = templates[seed[0] % len(templates)]
    return "".join(
        _CHARACTERS[element][number % len(_CHARACTERS[element])]
        for element, number in zip(template, seed[1:], strict=False)
    )


def _counted(text: str) -> bytes:
    data = to_bytes(text)
    return len(data).to_bytes(4, "big") + data


def build_custom_cert(certificate: str, key: str) -> Struct:
    """A certificate and its key, each in PEM and that in base64, decoded after a look whether they are such."""
    certificate_pem = _from_base64(certificate, "certificate")
    key_pem = _from_base64(key, "private key")
    _check_certificate(certificate_pem)
    _check_key(key_pem)
    return Struct(CERTIFICATE, (from_bytes(certificate_pem), from_bytes(key_pem)))


def _from_base64(text: str, what: str) -> bytes:
    try:
        return decode_base64(to_bytes(text))
    except Corrupt as error:
        raise FunctionFailed(f"unable to decode base64 {what}") from error


def _block(pem: bytes) -> tuple[str, bytes] | None:
    """The label and the bytes of the first block in a PEM text."""
    found = _PEM.search(pem)
    if found is None:
        return None
    try:
        return found[1].decode("latin-1"), decode_base64(re.sub(rb"[ \t]", b"", found[2]))
    except Corrupt:
        return None


def _check_certificate(pem: bytes) -> None:
    from cryptography.x509 import load_der_x509_certificate  # noqa: PLC0415 - see above

    block = _block(pem)
    if block is None:
        raise FunctionFailed("unable to decode certificate")
    try:
        load_der_x509_certificate(block[1])
    except ValueError as error:
        raise FunctionFailed("error parsing certificate: decodedCert.Bytes: it is not an X.509 certificate") from error


def _check_key(pem: bytes) -> None:
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - see above
    from cryptography.hazmat.primitives.serialization import load_der_private_key  # noqa: PLC0415 - see above

    block = _block(pem)
    if block is None:
        raise FunctionFailed("error parsing private key: no PEM data in input")
    label, data = block
    if label != "PRIVATE KEY" and not label.endswith(" PRIVATE KEY"):
        raise FunctionFailed(f"error parsing private key: no private key data in PEM block of type {label}")
    if label not in ("PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "DSA PRIVATE KEY"):
        raise FunctionFailed(f"error parsing private key: invalid private key type {label}")
    try:
        load_der_private_key(data, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise FunctionFailed(f"error parsing private key: the block of type {label} holds none") from error


FUNCTIONS: Final[Table] = (
    plain("decryptAES", STRING, STRING, call=decrypt_aes),
    costly("derivePassword", "uint32", STRING, STRING, STRING, STRING, call=derive_password),
    plain("buildCustomCert", STRING, STRING, call=build_custom_cert),
)
