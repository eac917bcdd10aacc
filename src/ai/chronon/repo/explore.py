"""``explore.py``. The module of this name is the script itself."""

import sys

from chronon.cli.scripts import explore

sys.modules[__name__] = explore

if __name__ == "__main__":
    explore.main()
