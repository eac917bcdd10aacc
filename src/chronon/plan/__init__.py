"""What a definition means, without running it.

Pure functions from definitions and the schemas of their tables to plans: columns and types, keys, prefixes,
derivations, the partitions to read, hashes. No engine, no store, no data.
"""
