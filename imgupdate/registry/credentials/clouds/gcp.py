"""The login of Google: one access token for all of its registries (spec/registry.md 7.5)."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from imgupdate.config.model import Provider
from imgupdate.errors import ScanError
from imgupdate.registry.clock import Clock
from imgupdate.registry.credentials.clouds import CloudEnvironment, provider_of
from imgupdate.registry.credentials.clouds.gcp_files import read_credentials
from imgupdate.registry.credentials.clouds.gcp_tokens import UNIVERSE, Federation, federated_credentials, obtain
from imgupdate.registry.credentials.clouds.github import PERMISSION, JobIdentity
from imgupdate.registry.credentials.clouds.leases import LONGEST_LIFE, Lease, Leases
from imgupdate.registry.credentials.clouds.web import CloudWeb
from imgupdate.registry.credentials.model import Credential
from imgupdate.registry.failures import clean
from imgupdate.registry.sender import TransportOf

USER = "oauth2accesstoken"

_GIVEN = ("CLOUDSDK_AUTH_ACCESS_TOKEN", "GOOGLE_OAUTH_ACCESS_TOKEN")
_FILES = ("GOOGLE_APPLICATION_CREDENTIALS", "CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE", "GOOGLE_GHA_CREDS_PATH")
_PROVIDER = "GOOGLE_WORKLOAD_IDENTITY_PROVIDER"
_ACCOUNT = "GOOGLE_SERVICE_ACCOUNT"
_WELL_KNOWN = "application_default_credentials.json"
_METADATA_ADDRESS = "169.254.169.254"
_METADATA_PATH = "/computeMetadata/v1/instance/service-accounts/default/token"
_FLAVOR = "metadata-flavor"

_VISIBLE = re.compile(r"[\x21-\x7e]+")
_PROVIDER_PATH = re.compile(
    r"(?:(?:https:)?//iam\.googleapis\.com/)?"
    r"(projects/[0-9]+/locations/global/workloadIdentityPools/[a-z0-9-]+/providers/[a-z0-9-]+)"
)
_EMAIL = re.compile(r"[a-z0-9-]+@[a-z0-9.:-]+\.gserviceaccount\.com")
_HOSTS_OF_OTHERS = {"docker.s3nsregistry.fr": "s3nsapis.fr"}
_LOG_IN = (
    f"in GitHub Actions, {PERMISSION} and use google-github-actions/auth, or set {_PROVIDER}; elsewhere, let "
    "GOOGLE_APPLICATION_CREDENTIALS name a file of credentials"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """Where tokens come from: what messages call it, whose they are, and how to have one."""

    name: str
    universe: str = UNIVERSE
    obtain: Callable[[], Lease[str]]


class GcpLogin:
    """Tokens by what the environment says: an access token, a file of credentials, GitHub's word, or the machine's.

    Safe to use from many threads.

    Args:
        environment: The variables to go by.
        clock: Tells the time.
        transport_of: Makes connections, in place of real ones.

    """

    def __init__(self, environment: CloudEnvironment, clock: Clock, *, transport_of: TransportOf | None = None) -> None:
        self._environment = environment
        self._web = CloudWeb(environment, clock, cloud="Google", transport_of=transport_of)
        self._job = JobIdentity(environment, self._web)
        self._leases: Leases[Credential] = Leases(clock)
        self._lock = threading.Lock()
        self._found: _Source | None = None

    def credential(self, host: str) -> Credential:
        """The user and token for a registry of Google; the same token for all of them.

        Raises:
            ScanError: the host is not Google's, or no token can be had.

        """
        name = host.lower().removesuffix(":443")
        if provider_of(name) is not Provider.GCP:
            raise ScanError(
                f"{clean(host)} is not a registry of Google, so Google's token is not for it",
                remedy="correct `provider`, or the image's name",
            )
        source = self._source()
        if source.universe != _HOSTS_OF_OTHERS.get(name, UNIVERSE):
            raise ScanError(
                f"the credentials of {source.name} are for {source.universe}, which {name} is no part of",
                remedy="use credentials of the cloud that the registry belongs to",
            )
        return self._leases.get("", lambda: _as_credential(source))

    def _source(self) -> _Source:
        with self._lock:
            if self._found is None:
                self._found = self._find()
            return self._found

    def _find(self) -> _Source:
        given = next((variable for variable in _GIVEN if self._environment.get(variable)), "")
        if given:
            return _Source(name=given, obtain=lambda: _given(self._environment.get(given), given))
        path = next((path for variable in _FILES if (path := self._environment.get(variable))), "")
        if path:
            return self._from_file(path)
        if provider := self._environment.get(_PROVIDER):
            return self._from_github(provider)
        path = self._well_known()
        if path:
            return self._from_file(path)
        return _Source(name="the machine's service account", obtain=self._from_machine)

    def _well_known(self) -> str:
        """Where gcloud keeps a person's credentials for programs, empty where it keeps none."""
        folder = self._environment.get("CLOUDSDK_CONFIG")
        home = self._environment.get("HOME")
        if not folder and not home:
            return ""
        path = Path(folder or Path(home, ".config", "gcloud"), _WELL_KNOWN)
        return str(path) if path.is_file() else ""

    def _from_file(self, path: str) -> _Source:
        file = read_credentials(path, self._web)
        return _Source(
            name=clean(path),
            universe=file.universe,
            obtain=lambda: obtain(file.make, self._web, universe=file.universe, source=clean(path)),
        )

    def _from_github(self, provider: str) -> _Source:
        """GitHub's word for who the job is, which a workload identity provider takes."""
        matched = _PROVIDER_PATH.fullmatch(provider)
        if matched is None:
            raise ScanError(
                f"{_PROVIDER} is not the path of a workload identity provider",
                remedy="write it as projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER",
            )
        account = self._environment.get(_ACCOUNT)
        if account and not _EMAIL.fullmatch(account):
            raise ScanError(
                f"{_ACCOUNT} is not a service account",
                remedy="write it as NAME@PROJECT.iam.gserviceaccount.com, or leave it out",
            )
        federation = Federation(
            audience=f"//iam.googleapis.com/{matched[1]}",
            statement=lambda: self._job.statement(f"https://iam.googleapis.com/{matched[1]}"),
            impersonation_url=(
                f"https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/{account}:generateAccessToken"
                if account
                else ""
            ),
        )
        name = f"GitHub's identity of this job ({account or _PROVIDER})"
        return _Source(
            name=name,
            obtain=lambda: obtain(lambda: federated_credentials(federation), self._web, universe=UNIVERSE, source=name),
        )

    def _from_machine(self) -> Lease[str]:
        """The token of the machine that we run on, where that is one of Google's."""
        if self._environment.get("NO_GCE_CHECK").lower() == "true":
            raise _nobody("")
        host = self._environment.get("GCE_METADATA_HOST") or self._environment.get("GCE_METADATA_IP")
        url = f"http://{host or _METADATA_ADDRESS}{_METADATA_PATH}"
        try:
            answer = self._web.ask_machine(url, headers={"Metadata-Flavor": "Google"})
        except ScanError as error:
            raise _nobody("") from error
        if answer.headers.get(_FLAVOR, "").lower() != "google":
            raise _nobody("")
        if answer.status != 200:
            raise _nobody(f": its metadata server answered {answer.status}")
        return _read_token(answer.body)


def _as_credential(source: _Source) -> Lease[Credential]:
    lease = source.obtain()
    credential = Credential(source=source.name, username=USER, password=lease.value)
    return Lease(value=credential, seconds=lease.seconds)


def _given(token: str, variable: str) -> Lease[str]:
    """A token that somebody else obtained, of which we cannot know the end."""
    if not _VISIBLE.fullmatch(token):
        raise ScanError(f"{variable} is not an access token", remedy=f"correct {variable}, or leave it out")
    return Lease(value=token, seconds=LONGEST_LIFE)


def _nobody(why: str) -> ScanError:
    return ScanError(
        f"there are no credentials for Google, and this is no machine of Google with any{why}", remedy=_LOG_IN
    )


def _read_token(body: bytes) -> Lease[str]:
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        parsed = None
    token = parsed.get("access_token") if isinstance(parsed, dict) else None
    seconds = parsed.get("expires_in") if isinstance(parsed, dict) else None
    if not isinstance(token, str) or not _VISIBLE.fullmatch(token):
        raise _nobody(": its metadata server gives no token")
    return Lease(value=token, seconds=float(min(seconds, LONGEST_LIFE)) if isinstance(seconds, int | float) else 0.0)
