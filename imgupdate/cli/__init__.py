"""The command line: one module a command."""

import sys

# httpx brings a command line of its own, and with it rich and pygments: a quarter of the time that we take to start.
# To find it missing is what httpx is prepared for.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
