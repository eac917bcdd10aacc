"""The import names of the original; everything is defined in ``chronon.api``."""
