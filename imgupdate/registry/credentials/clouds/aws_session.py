"""A session of botocore that knows only what it is given.

By itself botocore reads the process environment, the home directory and urllib's proxies. Here every part of it that
does gets values instead, so that what a run does follows from its arguments; and nothing is written. It makes, signs
and reads requests; our own sender sends them, with the proxies, authorities and bounds of all our requests.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Mapping

import botocore.client
import botocore.config
import botocore.configprovider
import botocore.loaders
import botocore.session
import botocore.tokens

from imgupdate import __version__
from imgupdate.registry.clock import Clock
from imgupdate.registry.credentials.clouds import CloudEnvironment
from imgupdate.registry.credentials.clouds.aws_chain import CredentialChain
from imgupdate.registry.credentials.clouds.aws_http import AwsHttp
from imgupdate.registry.credentials.clouds.github import JobIdentity

_SERVICES = ("ecr", "ecr-public", "sts", "sso")

# Without a handler, Python prints warnings on standard error, and botocore's have whole tracebacks.
logging.getLogger("botocore").addHandler(logging.NullHandler())


class AwsSession:
    """What of botocore's session is used. Not to be shared by threads.

    Args:
        environment: What stands in for the process environment.
        clock: Tells the time.
        identity: Says who a job of GitHub is.
        apis: Sends requests to AWS.
        machine: Sends requests to the machine's own network.

    """

    def __init__(
        self, environment: CloudEnvironment, clock: Clock, *, identity: JobIdentity, apis: AwsHttp, machine: AwsHttp
    ) -> None:
        self._values = dict(environment.variables)
        self._session = botocore.session.Session()
        self._configure()
        self._session.register("before-send", apis.before_send)
        chain = CredentialChain(self._values, identity, machine, clock)
        self._session.lazy_register_component(
            "credential_provider", lambda: chain.resolver(self._session, self._make_client)
        )

    def has_credentials(self, region: str) -> bool:
        """Whether the chain finds credentials, which are fresh then.

        Roles are taken in that region where none is configured.
        """
        configured = self._values.get("AWS_REGION") or self._session.get_config_variable("region")
        self._session.set_config_variable("region", configured or region)
        credentials = self._session.get_credentials()
        if credentials is None:
            return False
        credentials.get_frozen_credentials()
        return True

    def has_region(self, region: str, suffix: str) -> bool:
        """Whether the partition whose names end in a suffix has a region, or may have one of that name."""
        return any(
            partition["outputs"]["dnsSuffix"] == suffix
            and (region in partition["regions"] or re.fullmatch(partition["regionRegex"], region))
            for partition in self._session.get_component("data_loader").load_data("partitions")["partitions"]
        )

    def registry_client(
        self, service_name: str, region: str, *, fips: bool, dual_stack: bool
    ) -> botocore.client.BaseClient:
        """A client of ECR in a region. A variant that is not asked for may still be asked for by the configuration."""
        variants = botocore.config.Config(use_fips_endpoint=fips or None, use_dualstack_endpoint=dual_stack or None)
        return self._make_client(service_name, region_name=region, config=variants)

    def _make_client(
        self,
        service_name: str,
        *,
        config: botocore.config.Config | None = None,
        **more: str,
    ) -> botocore.client.BaseClient:
        """A client of a service that goes by nothing but the values; the arguments are botocore's."""
        ours = botocore.config.Config(
            ignore_configured_endpoint_urls=True,
            proxies={},
            retries={"total_max_attempts": 1, "mode": "standard"},
        )
        return self._session.create_client(
            service_name,
            verify=True,
            endpoint_url=self._configured_endpoint(service_name),
            config=ours.merge(config) if config is not None else ours,
            **more,
        )

    def _configured_endpoint(self, service_name: str) -> str | None:
        """What AWS_ENDPOINT_URL, its variants for services, and the profile say."""
        if self._session.get_config_variable("ignore_configured_endpoint_urls"):
            return None
        provider = botocore.configprovider.ConfiguredEndpointProvider(
            full_config=self._session.full_config,
            scoped_config=self._session.get_scoped_config(),
            client_name=service_name,
            environ=self._values,
        )
        url: str | None = provider.provide()
        return url

    def _configure(self) -> None:
        session = self._session
        store = session.get_component("config_store")
        chains = botocore.configprovider.ConfigChainFactory(session=session, environ=self._values)
        for name, (keys, variables, default, convert) in session.SESSION_VARIABLES.items():
            chain = chains.create_config_chain(
                instance_name=name,
                env_var_names=variables,
                config_property_names=keys,
                default=default,
                conversion_func=convert,
            )
            store.set_config_provider(name, chain)
        fixed: Mapping[str, object] = {
            "config_file": self._file("AWS_CONFIG_FILE", "config"),
            "credentials_file": self._file("AWS_SHARED_CREDENTIALS_FILE", "credentials"),
            "defaults_mode": "legacy",
            "csm_enabled": False,
            "sts_regional_endpoints": self._values.get("AWS_STS_REGIONAL_ENDPOINTS", "regional"),
        }
        for name, value in fixed.items():
            session.set_config_variable(name, value)
        session.user_agent_extra = f"imgupdate/{__version__}"
        session.register_component("data_loader", _Models())
        session.register_component("token_provider", botocore.tokens.TokenProviderChain(providers=[]))

    def _file(self, variable: str, name: str) -> str:
        """The file that a variable names, or the one in the home directory of the values."""
        home, named = self._values.get("HOME", ""), self._values.get(variable, "")
        if named.startswith("~/"):
            return os.path.join(home, named[2:])  # noqa: PTH118 - botocore takes texts
        if named:
            return named
        return os.path.join(home, ".aws", name) if home else os.devnull  # noqa: PTH118


class _Models(botocore.loaders.Loader):  # type: ignore[misc]
    """The descriptions of the services that we call, from botocore itself and not from a folder of the user's."""

    def __init__(self) -> None:
        super().__init__(extra_search_paths=[self.BUILTIN_DATA_PATH], include_default_search_paths=False)

    def list_available_services(self, type_name: str) -> list[str]:  # noqa: ARG002
        """The services that there are for us."""
        return list(_SERVICES)
