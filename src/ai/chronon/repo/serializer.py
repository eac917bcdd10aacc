"""Compiled definitions as text."""
# pyright: reportUnusedImport=false, reportWildcardImportFromLibrary=false

import json

from chronon.api.helpers import JsonDiffer
from chronon.repo.serializer import (
    ThriftJSONDecoder,
    file2thrift,
    json2thrift,
    thrift_json,
    thrift_simple_json,
    thrift_simple_json_protected,
)
