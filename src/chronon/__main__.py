"""``python -m chronon``: the ``chronon`` command of this interpreter."""

from chronon.cli.main import main

if __name__ == "__main__":
    main()
