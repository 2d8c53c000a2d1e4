"""Which host is which cloud's, and how its login comes about (spec/registry.md 7.3)."""

from __future__ import annotations

import subprocess
import sys

import pytest

from imgupdate.config.model import Provider
from imgupdate.errors import ScanError
from imgupdate.registry.credentials.clouds import CloudEnvironment, cloud_logins, provider_of
from tests.registry.support import FakeClock

ACCOUNT = "123456789012"


@pytest.mark.parametrize(
    "host",
    [
        f"{ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com",
        f"{ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com:443",
        f"{ACCOUNT}.DKR.ECR.eu-central-1.AmazonAWS.com",
        f"{ACCOUNT}.dkr.ecr-fips.us-gov-west-1.amazonaws.com",
        f"{ACCOUNT}.dkr.ecr.cn-north-1.amazonaws.com.cn",
        f"{ACCOUNT}.dkr.ecr.eusc-de-east-1.amazonaws.eu",
        f"{ACCOUNT}.dkr-ecr.us-east-1.on.aws",
        f"{ACCOUNT}.dkr-ecr-fips.us-east-1.on.aws",
        f"{ACCOUNT}.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn",
        f"{ACCOUNT}.dkr.ecr.us-isob-east-1.sc2s.sgov.gov",
        f"{ACCOUNT}.dkr.ecr.us-iso-east-1.c2s.ic.gov",
        f"{ACCOUNT}.dkr.ecr.eu-isoe-west-1.cloud.adc-e.uk",
        f"{ACCOUNT}.dkr.ecr.us-isof-south-1.csp.hci.ic.gov",
        "public.ecr.aws",
        "ecr-public.aws.com",
    ],
)
def test_hosts_of_ecr_are_those_of_aws(host: str) -> None:
    assert provider_of(host) is Provider.AWS


@pytest.mark.parametrize("host", ["team.azurecr.io", "team.azurecr.cn", "team.azurecr.de", "team-d4f2.azurecr.us"])
def test_hosts_of_acr_are_those_of_azure(host: str) -> None:
    assert provider_of(host) is Provider.AZURE


@pytest.mark.parametrize(
    "host",
    [
        "gcr.io",
        "eu.gcr.io",
        "mirror.gcr.io",
        "europe-west1-docker.pkg.dev",
        "us-docker.pkg.dev",
        "docker.us-east1.rep.pkg.dev",
        "docker.s3nsregistry.fr",
    ],
)
def test_hosts_of_gcr_and_artifact_registry_are_those_of_gcp(host: str) -> None:
    assert provider_of(host) is Provider.GCP


@pytest.mark.parametrize(
    "host",
    [
        f"{ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com.evil.com",
        f"{ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.comn",
        f"{ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com.cn.evil.com",
        f"{ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com:8443",
        f"{ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com\n",
        f"evil.{ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com",
        f"{ACCOUNT}0.dkr.ecr.eu-central-1.amazonaws.com",
        "12345678901.dkr.ecr.eu-central-1.amazonaws.com",
        "+.dkr.ecr.eu-central-1.amazonaws.com",
        f"{ACCOUNT}.dkr.ecr.evil.com.amazonaws.com",
        f"{ACCOUNT}.dkr.ecr..amazonaws.com",
        f"{ACCOUNT}.dkrxecr.eu-central-1.amazonaws.com",
        f"{ACCOUNT}.dkr.ecr.eu-central-1.amazonawsxcom",
        "\N{ARABIC-INDIC DIGIT ONE}" * 12 + ".dkr.ecr.eu-central-1.amazonaws.com",
        "public.ecr.aws.evil.com",
        "evil-public.ecr.aws",
        "evilpublic.ecr.aws",
        "notecr-public.aws.com",
        "azurecr.io",
        ".azurecr.io",
        "evilazurecr.io",
        "team.azurecr.io.evil.com",
        "team.azurecr.com",
        "team.azurecr.io:5000",
        "user@team.azurecr.io",
        "evil.com/team.azurecr.io",
        "evil-gcr.io",
        "evilgcr.io",
        "gcr.io.evil.com",
        "gcr.io.",
        "gcrxio",
        "docker.pkg.dev",
        "-docker.pkg.dev",
        "evil.pkg.dev",
        "us-docker.pkg.dev.evil.com",
        "us-dockerxpkg.dev",
        "docker.us.evil.rep.pkg.dev",
        "docker.s3nsregistry.fr.evil.com",
        "evil.docker.s3nsregistry.fr",
        "registry.google.com",
        "ghcr.io",
        "docker.io",
        "localhost:5000",
        "127.0.0.1",
        "",
    ],
)
def test_a_host_that_only_looks_like_a_clouds_is_no_clouds(host: str) -> None:
    assert provider_of(host) is None


class TestEnvironment:
    def test_only_what_concerns_the_clouds_is_taken(self) -> None:
        taken = CloudEnvironment.of(
            {
                "AWS_REGION": "eu-central-1",
                "GOOGLE_APPLICATION_CREDENTIALS": "/c.json",
                "AZURE_CLIENT_ID": "1",
                "ACTIONS_ID_TOKEN_REQUEST_URL": "https://a",
                "HTTPS_PROXY": "http://p",
                "https_proxy": "http://q",
                "HOME": "/home/me",
                "AWS_PROFILE": "",
                "GITHUB_TOKEN": "secret",
                "INPUT_TOKEN": "secret",
                "XAWS_REGION": "x",
            }
        )

        assert set(taken.variables) == {
            *("AWS_REGION", "GOOGLE_APPLICATION_CREDENTIALS", "AZURE_CLIENT_ID", "ACTIONS_ID_TOKEN_REQUEST_URL"),
            *("HTTPS_PROXY", "https_proxy", "HOME"),
        }
        assert (taken.get("AWS_REGION"), taken.get("AWS_PROFILE")) == ("eu-central-1", "")
        assert "/c.json" not in repr(taken)

    @pytest.mark.parametrize(
        ("names", "provider"),
        [
            ("AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY", Provider.AWS),
            ("AWS_ROLE_ARN AWS_WEB_IDENTITY_TOKEN_FILE", Provider.AWS),
            ("AWS_ROLE_ARN ACTIONS_ID_TOKEN_REQUEST_URL", Provider.AWS),
            ("AWS_PROFILE", Provider.AWS),
            ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", Provider.AWS),
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", Provider.AWS),
            ("AWS_ACCESS_KEY_ID", None),
            ("AWS_ROLE_ARN", None),
            ("AWS_REGION", None),
            ("GOOGLE_APPLICATION_CREDENTIALS", Provider.GCP),
            ("GOOGLE_GHA_CREDS_PATH", Provider.GCP),
            ("CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE", Provider.GCP),
            ("GOOGLE_OAUTH_ACCESS_TOKEN", Provider.GCP),
            ("CLOUDSDK_AUTH_ACCESS_TOKEN", Provider.GCP),
            ("GOOGLE_WORKLOAD_IDENTITY_PROVIDER ACTIONS_ID_TOKEN_REQUEST_URL", Provider.GCP),
            ("GOOGLE_WORKLOAD_IDENTITY_PROVIDER", None),
            ("AZURE_CLIENT_ID AZURE_TENANT_ID AZURE_CLIENT_SECRET", Provider.AZURE),
            ("AZURE_CLIENT_ID AZURE_TENANT_ID AZURE_CLIENT_CERTIFICATE_PATH", Provider.AZURE),
            ("AZURE_CLIENT_ID AZURE_TENANT_ID AZURE_FEDERATED_TOKEN_FILE", Provider.AZURE),
            ("AZURE_CLIENT_ID AZURE_TENANT_ID ACTIONS_ID_TOKEN_REQUEST_URL", Provider.AZURE),
            ("AZURE_CLIENT_ID AZURE_TENANT_ID", None),
            ("ACTIONS_ID_TOKEN_REQUEST_URL ACTIONS_ID_TOKEN_REQUEST_TOKEN", None),
            ("", None),
        ],
    )
    def test_the_credentials_of_a_cloud_are_around_where_a_job_was_given_them(
        self, names: str, provider: Provider | None
    ) -> None:
        environment = CloudEnvironment.of(dict.fromkeys(names.split(), "x"))

        assert environment.ambient == ({provider} if provider else set())


WITHOUT_LIBRARIES = """
import sys
for name in ("botocore", "google", "google.auth", "azure", "azure.core", "azure.identity"):
    assert name not in sys.modules
    sys.modules[name] = None
from imgupdate.errors import ScanError
from imgupdate.registry import CloudEnvironment, SystemClock, cloud_logins
for provider, login in cloud_logins(CloudEnvironment(), SystemClock()).items():
    for _ in range(2):
        try:
            login.credential("host")
        except ScanError as error:
            print(error)
"""


def test_a_cloud_whose_library_is_not_there_says_which_extra_to_install() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT_LIBRARIES], capture_output=True, text=True, timeout=60, check=True
    )

    lines = [
        f"the login of {name} needs a library that is not installed; install it with `pip install imgupdate[{name}]`"
        for name in ("aws", "azure", "gcp")
    ]
    assert ran.stdout.splitlines() == [line for line in lines for _ in range(2)]


@pytest.mark.parametrize(("provider", "host"), [(Provider.AWS, "quay.io"), (Provider.GCP, "quay.io")])
def test_a_login_is_imported_and_made_when_it_is_asked(provider: Provider, host: str) -> None:
    login = cloud_logins(CloudEnvironment(), FakeClock())[provider]

    for _ in range(2):
        with pytest.raises(ScanError, match=r"quay\.io"):
            login.credential(host)
