"""A group-by over Spark frames, for tests of definitions."""
# pyright: reportUnusedImport=false

from chronon.testing.spark_frames import create_mock_group_by, run_group_by_with_inputs
