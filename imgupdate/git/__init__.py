"""The git program, where nothing else knows: bounded in time, without a user's settings.

`remote.GitRemote` is a remote repository (`publish.ports.Remote`). It is not imported here, because every run asks for
the addresses of the checkout and few need more.
"""

from imgupdate.git.addresses import remote_urls

__all__ = ["remote_urls"]
