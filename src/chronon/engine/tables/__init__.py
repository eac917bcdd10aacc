"""Table formats: how the files of a table are found, and how a partition becomes part of it.

``protocol.py`` says what a format does; one module for each follows. A format knows files and partitions, never rows:
those are read by the engine, from the files that ``Files`` lists.
"""
