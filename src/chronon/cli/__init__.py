"""The ``chronon`` command. Each command is a thin layer over a function that Python users call too."""
