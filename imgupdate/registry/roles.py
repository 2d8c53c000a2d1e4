"""What an identity has to be allowed at a cloud's registry to read an image, and no more."""

from __future__ import annotations

from imgupdate.config.model import Provider
from imgupdate.registry.credentials.clouds import provider_of

_NEEDED = {
    Provider.AWS: "ecr:ListImages, ecr:BatchGetImage and ecr:GetDownloadUrlForLayer on the repository",
    Provider.AZURE: "the role AcrPull on the registry",
    Provider.GCP: "the role roles/artifactregistry.reader on the repository",
}


def role_needed(host: str) -> str:
    """The role, as words that a remedy ends with; empty for a registry of no cloud.

    >>> role_needed("team.azurecr.io")
    'the role AcrPull on the registry'
    """
    provider = provider_of(host)
    return _NEEDED[provider] if provider is not None else ""
