"""Debian's `docker-registry` program as a server of one test, and the pushes that fill it."""

from __future__ import annotations

import hashlib
import json
import re
import ssl
import subprocess
import threading
from collections import deque
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import bcrypt
import httpx

SECONDS_TO_START = 30
SECONDS_TO_STOP = 10
LISTENING = re.compile(r'msg="listening on (?P<address>[^",]+)')
REQUEST = re.compile(r'"(?P<target>(?:GET|HEAD) \S+) HTTP/1\.1" (?P<status>\d+)')

CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Who may read and write a registry."""

    name: str
    password: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """PEM files of a server, and the CA that vouches for it.

    With `clients` it demands a certificate of that CA; `client` are the chain and the key of one.
    """

    chain: Path
    key: Path
    ca: Path
    clients: Path | None = None
    client: tuple[Path, Path] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """A token server to trust, and a token that lets the test push."""

    realm: str
    service: str
    issuer: str
    bundle: Path
    pushing: str


class DockerRegistry:
    """A registry that runs while the `with` block does, on a port that the kernel chooses and the program's log tells.

    Args:
        directory: Where it keeps its images and its configuration.
        user: Who may use it; everybody where there is none.
        certificate: With it the registry speaks HTTPS.
        tokens: Who says what may be done; takes the place of `user`.

    """

    def __init__(
        self,
        directory: Path,
        *,
        user: User | None = None,
        certificate: Certificate | None = None,
        tokens: Tokens | None = None,
    ) -> None:
        self.host = ""
        self._directory = directory
        self._user = user
        self._certificate = certificate
        self._tokens = tokens
        self._lines: list[str] = []
        self._listening = threading.Event()
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._directory.mkdir()
        self._process = subprocess.Popen(
            ["docker-registry", "serve", str(self._configuration())],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self._process.stdout
        self._reader = threading.Thread(target=self._read, args=(self._process.stdout,))
        self._reader.start()
        self._listening.wait(SECONDS_TO_START)
        if not self.host:
            self._stop()
            raise AssertionError("docker-registry did not start:\n" + "".join(self._lines))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def requests(self) -> list[str]:
        """What was read of the registry until it was stopped: method, path with query, and status of each request."""
        assert self._process is None, "the log is whole only after the `with` block"
        found = (REQUEST.search(line) for line in self._lines)
        return [f"{match['target']} {match['status']}" for match in found if match]

    def client(self) -> httpx.Client:
        """A client that may push."""
        return httpx.Client(
            base_url=f"{'https' if self._certificate else 'http'}://{self.host}/v2/",
            auth=(self._user.name, self._user.password) if self._user else None,
            headers={"Authorization": f"Bearer {self._tokens.pushing}"} if self._tokens else None,
            verify=_trusting(self._certificate) if self._certificate else True,
            trust_env=False,
            timeout=30,
        )

    def _read(self, output: IO[str]) -> None:
        for line in output:
            self._lines.append(line)
            if not self.host and (match := LISTENING.search(line)):
                self.host = match["address"]
                self._listening.set()
        self._listening.set()

    def _stop(self) -> None:
        assert self._process
        assert self._reader
        self._process.terminate()
        try:
            self._process.wait(SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join()
        if self._process.stdout:
            self._process.stdout.close()
        self._process = None

    def _configuration(self) -> Path:
        http: dict[str, object] = {"addr": "127.0.0.1:0", "secret": "of-this-test"}
        settings: dict[str, object] = {
            "version": 0.1,
            "log": {"level": "info"},
            "storage": {"filesystem": {"rootdirectory": str(self._directory / "images")}},
            "http": http,
        }
        if self._certificate:
            tls: dict[str, object] = {"certificate": str(self._certificate.chain), "key": str(self._certificate.key)}
            if self._certificate.clients:
                tls["clientcas"] = [str(self._certificate.clients)]
            http["tls"] = tls
        if self._tokens:
            settings["auth"] = {
                "token": {
                    "realm": self._tokens.realm,
                    "service": self._tokens.service,
                    "issuer": self._tokens.issuer,
                    "rootcertbundle": str(self._tokens.bundle),
                }
            }
        if self._user:
            users = self._directory / "htpasswd"
            hashed = bcrypt.hashpw(self._user.password.encode(), bcrypt.gensalt(rounds=4)).decode()
            users.write_text(f"{self._user.name}:{hashed}\n")
            settings["auth"] = {"htpasswd": {"realm": "twin", "path": str(users)}}
        path = self._directory / "config.yml"
        path.write_text(json.dumps(settings))  # JSON is YAML
        return path


def digest_of(content: bytes) -> str:
    """The digest of a blob or a manifest."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def push(
    client: httpx.Client, repository: str, *tags: str, content: str = "first", labels: Mapping[str, str] | None = None
) -> str:
    """Push an image of one layer under tags, and return its digest; other `content` or labels make another image."""
    manifest = _image(client, repository, content, labels)
    return _put(client, repository, manifest, MANIFEST, tags)


def push_index(
    client: httpx.Client, repository: str, *tags: str, content: str = "first", labels: Mapping[str, str] | None = None
) -> str:
    """Push an image for two architectures under tags, and return the digest of its index."""
    entries = []
    for architecture in ("amd64", "arm64"):
        manifest = _image(client, repository, f"{content} for {architecture}", labels)
        digest = _put(client, repository, manifest, MANIFEST, (digest_of(manifest),))
        platform = {"os": "linux", "architecture": architecture}
        entries.append({"mediaType": MANIFEST, "digest": digest, "size": len(manifest), "platform": platform})
    index = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}).encode()
    return _put(client, repository, index, INDEX, tags)


def _image(client: httpx.Client, repository: str, content: str, labels: Mapping[str, str] | None) -> bytes:
    """Push what an image is made of, and return its manifest."""
    layer = f"a layer, {content}".encode()
    given: dict[str, object] = {"config": {"Labels": dict(labels)}} if labels else {}
    rootfs = {"type": "layers", "diff_ids": []}
    config = json.dumps({"os": "linux", "architecture": "amd64", "rootfs": rootfs, **given}).encode()
    for blob in (layer, config):
        upload = client.post(f"{repository}/blobs/uploads/").raise_for_status()
        location = httpx.URL(upload.headers["Location"]).copy_merge_params({"digest": digest_of(blob)})
        client.put(location, content=blob).raise_for_status()
    described = {"mediaType": CONFIG, "digest": digest_of(config), "size": len(config)}
    layers = [{"mediaType": LAYER, "digest": digest_of(layer), "size": len(layer)}]
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": described, "layers": layers}
    return json.dumps(manifest).encode()


def _put(client: httpx.Client, repository: str, manifest: bytes, media_type: str, references: tuple[str, ...]) -> str:
    headers = {"Content-Type": media_type}

    def put(reference: str) -> None:
        client.put(f"{repository}/manifests/{reference}", content=manifest, headers=headers).raise_for_status()

    with ThreadPoolExecutor(8) as pool:
        deque(pool.map(put, references), maxlen=0)
    return digest_of(manifest)


def _trusting(certificate: Certificate) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(certificate.ca))
    if certificate.client:
        context.load_cert_chain(*certificate.client)
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # a plain certificate will do, from Python 3.13 on too
    return context
