"""A group-by over Spark frames, for tests of definitions."""
# pyright: reportUnusedImport=false

from ai.chronon.group_by import Accuracy, GroupBy
from ai.chronon.repo.serializer import thrift_simple_json
from chronon.testing.spark_frames import create_mock_group_by, run_group_by_with_inputs
