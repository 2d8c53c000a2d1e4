"""`python -m imgupdate` is the command `imgupdate`."""

import sys

from imgupdate.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
