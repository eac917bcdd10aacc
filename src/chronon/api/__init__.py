"""What a user writes: sources, group-bys, joins. Knows no engine and never runs anything."""
