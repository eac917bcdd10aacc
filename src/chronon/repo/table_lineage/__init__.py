"""Lineage in the original's form: columns of tables that jobs write, found by walking the SQL of every stage.

``chronon.repo.lineage`` answers questions about definitions; this room is for tools that were written for
``ai.chronon.lineage``.
"""
