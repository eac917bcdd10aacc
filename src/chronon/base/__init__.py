"""What every other package stands on: errors, logical types, instants and partitions, the clock, settings.

Nothing here knows a definition, an engine or a store, and nothing here imports another package of ours.
"""
