"""What a source reads."""
# pyright: reportUnusedImport=false, reportWildcardImportFromLibrary=false

from typing import Dict, List, Optional

from ai.chronon.api import ttypes as api
from chronon.api.query import Query, select
