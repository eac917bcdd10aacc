"""External sources with an offline group-by, as parts."""
# pyright: reportUnusedImport=false, reportWildcardImportFromLibrary=false

from ai.chronon.api import ttypes as api
from ai.chronon.api.ttypes import JoinPart
from chronon.api.parts import ExternalJoinPart
