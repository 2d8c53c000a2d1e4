"""Where credentials of AWS are looked for, in botocore's order and with its own parts (spec/registry.md 7.4).

Each part is given what it would take from the process by itself: variables, the home directory, connections.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import IO

import botocore.client
import botocore.credentials
import botocore.session
import botocore.utils
from botocore.exceptions import CredentialRetrievalError, InvalidConfigError

from imgupdate.registry.clock import Clock
from imgupdate.registry.credentials.clouds.aws_http import AwsHttp
from imgupdate.registry.credentials.clouds.github import JobIdentity

AUDIENCE = "sts.amazonaws.com"
PROCESS_SECONDS = 30.0

_SESSION_NAME = "imgupdate"
_GITHUB = "GitHub"
_DEFAULT_PROFILE = "default"
_REFRESH_WINDOW = 900

MakeClient = Callable[..., botocore.client.BaseClient]


class CredentialChain:
    """Makes the chain for one set of values; `metadata` reaches what is only on this machine's own network."""

    def __init__(self, values: Mapping[str, str], identity: JobIdentity, metadata: AwsHttp, clock: Clock) -> None:
        self._values = values
        self._identity = identity
        self._metadata = metadata
        self._clock = clock

    def resolver(
        self, session: botocore.session.Session, make_client: MakeClient
    ) -> botocore.credentials.CredentialResolver:
        """The chain of a session: variables, a role of the profile, web identities, the profile, the machine."""
        profile = session.get_config_variable("profile") or _DEFAULT_PROFILE
        environment = botocore.credentials.EnvProvider(environ=self._values)
        container = botocore.credentials.ContainerProvider(
            environ=self._values,
            fetcher=botocore.utils.ContainerMetadataFetcher(session=self._metadata, sleep=self._clock.sleep),
        )
        instance = botocore.credentials.InstanceMetadataProvider(iam_role_fetcher=self._instance_metadata(session))
        profiles = _ProfileProviders(session, make_client, self._values)
        role = botocore.credentials.AssumeRoleProvider(
            load_config=lambda: session.full_config,
            client_creator=make_client,
            cache={},
            profile_name=profile,
            prompter=_refuse_to_ask,
            credential_sourcer=botocore.credentials.CanonicalNameCredentialSourcer([environment, container, instance]),
            profile_provider_builder=profiles,
        )
        web = self._web_identities(make_client)
        return botocore.credentials.CredentialResolver(
            [environment, role, *web, *profiles.providers(profile), container, instance]
        )

    def _web_identities(
        self, make_client: MakeClient
    ) -> Iterator[botocore.credentials.AssumeRoleWithWebIdentityProvider]:
        """The role of AWS_ROLE_ARN, taken with the token of a file, else with GitHub's."""
        role, name = self._values.get("AWS_ROLE_ARN"), self._values.get("AWS_ROLE_SESSION_NAME")
        file = self._values.get("AWS_WEB_IDENTITY_TOKEN_FILE")
        load_token = None
        if not file and role and self._identity.given:
            file, name = _GITHUB, name or _SESSION_NAME

            def load_token(_: str) -> Callable[[], str]:
                return partial(self._identity.statement, AUDIENCE)

        if file:
            configuration = {"role_arn": role, "role_session_name": name, "web_identity_token_file": file}
            yield botocore.credentials.AssumeRoleWithWebIdentityProvider(
                load_config=lambda: {"profiles": {_DEFAULT_PROFILE: configuration}},
                client_creator=make_client,
                profile_name=_DEFAULT_PROFILE,
                cache={},
                disable_env_vars=True,
                token_loader_cls=load_token,
            )

    def _instance_metadata(self, session: botocore.session.Session) -> botocore.utils.InstanceMetadataFetcher:
        value = session.get_config_variable
        fetcher = botocore.utils.InstanceMetadataFetcher(
            num_attempts=1,
            env=self._values,
            config={
                "ec2_metadata_service_endpoint": value("ec2_metadata_service_endpoint"),
                "ec2_metadata_service_endpoint_mode": botocore.utils.resolve_imds_endpoint_mode(session),
                "ec2_credential_refresh_window": _REFRESH_WINDOW,
                "ec2_metadata_v1_disabled": value("ec2_metadata_v1_disabled"),
            },
        )
        fetcher._session = self._metadata  # noqa: SLF001 - its own goes by the proxies of the process
        return fetcher


class _ProfileProviders:
    """What a profile can say of credentials; botocore asks it for the source of a role as well."""

    def __init__(self, session: botocore.session.Session, make_client: MakeClient, values: Mapping[str, str]) -> None:
        self._session = session
        self._make_client = make_client
        self._values = values

    def providers(
        self,
        profile_name: str,
        disable_env_vars: bool = True,  # noqa: FBT001, FBT002, ARG002 - botocore's signature
    ) -> list[botocore.credentials.CredentialProvider]:
        value = self._session.get_config_variable
        directory = os.path.join(self._values.get("HOME", ""), ".aws", "sso", "cache")  # noqa: PTH118
        return [
            botocore.credentials.AssumeRoleWithWebIdentityProvider(
                load_config=self._load,
                client_creator=self._make_client,
                profile_name=profile_name,
                cache={},
                disable_env_vars=True,
            ),
            botocore.credentials.SSOProvider(
                load_config=self._load,
                client_creator=self._make_client,
                profile_name=profile_name,
                cache={},
                token_cache=_SsoTokens(directory, self._load),
            ),
            botocore.credentials.SharedCredentialProvider(
                profile_name=profile_name, creds_filename=value("credentials_file")
            ),
            botocore.credentials.ProcessProvider(
                profile_name=profile_name, load_config=self._load, popen=partial(Process, self._values)
            ),
            botocore.credentials.ConfigProvider(profile_name=profile_name, config_filename=value("config_file")),
        ]

    def _load(self) -> Mapping[str, Mapping[str, Mapping[str, str]]]:
        configuration: Mapping[str, Mapping[str, Mapping[str, str]]] = self._session.full_config
        return configuration


class _SsoTokens:
    """What `aws sso login` has left. It is read and never renewed, as that would have to be written down."""

    def __init__(self, directory: str, load: Callable[[], Mapping[str, Mapping[str, Mapping[str, str]]]]) -> None:
        self._files = botocore.utils.JSONFileCache(directory)
        self._load = load

    def __contains__(self, key: str) -> bool:
        return self._file(key) in self._files

    def __getitem__(self, key: str) -> object:
        return self._files[self._file(key)]

    def _file(self, key: str) -> str:
        """The name of a file: after the start's address as botocore asks, or after a session with that address."""
        sessions = self._load().get("sso_sessions", {})
        names = (_hashed(name) for name, one in sessions.items() if _hashed(one.get("sso_start_url", "")) == key)
        return next((name for name in names if name in self._files), key)


class Process:
    """A program that a profile names for its credentials: with our values for its environment, and not for ever."""

    def __init__(
        self,
        environment: Mapping[str, str],
        command: list[str],
        *,
        seconds: float = PROCESS_SECONDS,
        **_: int | IO[bytes],
    ) -> None:
        self._environment = environment
        self._command = command
        self._seconds = seconds
        self.returncode = 1

    def communicate(self) -> tuple[bytes, bytes]:
        """Run it, and have what it prints on its two outputs; `returncode` is its status then."""
        try:
            ended = subprocess.run(  # noqa: S603 - the person's own configuration names it
                self._command,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=self._seconds,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise CredentialRetrievalError(
                provider="credential_process", error_msg=f"it does not end within {self._seconds:g} s"
            ) from error
        self.returncode = ended.returncode
        return ended.stdout, ended.stderr


def _hashed(text: str) -> str:
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def _refuse_to_ask(_: str) -> str:
    raise InvalidConfigError(error_msg="the profile wants a code of a device (mfa_serial), which nobody can give here")
