"""What `make demo` shows: the repository of Flux's image update guide, updated from a registry that the demo starts."""
