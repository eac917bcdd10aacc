"""Definitions that run where they are written: see ``chronon.session``."""
