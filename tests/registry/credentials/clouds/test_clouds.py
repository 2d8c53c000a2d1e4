"""Which host is which cloud's, and how its login comes about (spec/registry.md 7.3)."""

from __future__ import annotations

import pytest

from imgupdate.config.model import Provider
from imgupdate.registry.credentials.clouds import provider_of

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
