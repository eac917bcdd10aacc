"""Where offline work runs: the protocol of engines, the warehouse of tables, and the engines.

An engine knows tables and plans. It does not know what a backfill is; that is ``chronon.offline``.
"""
