"""The import names of the original."""
