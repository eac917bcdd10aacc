"""``run.py``. The module of this name is the script itself, so that what is patched in it is patched."""

import sys

from chronon.cli.scripts import run

sys.modules[__name__] = run

if __name__ == "__main__":
    run.main()
