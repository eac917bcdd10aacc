"""Model backends: what turns the features of a join into a model's outputs.

``protocol.py`` says what a backend does; each other module is one. They are found through the entry points
``chronon.models``.
"""
