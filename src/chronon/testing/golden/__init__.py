"""Golden cases: inputs with the values that the original engine computed for them, and a runner that checks ours.

``cases`` reads a file, ``paths`` are the ways in which the project can answer a case, ``check`` compares. Run as
``python -m chronon.testing.golden FILE.jsonl[.gz]``.
"""
