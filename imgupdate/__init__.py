"""Flux's image automation without a cluster: as a GitHub Action and from the command line."""

__version__ = "0.1.0"
