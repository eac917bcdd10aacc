"""Lineage by column."""
