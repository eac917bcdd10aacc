"""The table of functions and operators, by subject. To add one, add one ``define`` in the module it belongs to."""

from chronon.sql.functions import (
    choices,
    containers,
    documents,
    moments,
    numbers,
    operators,
    refused,
    texts,
)

__all__ = ["choices", "containers", "documents", "moments", "numbers", "operators", "refused", "texts"]
