"""Operations that have two names are one."""

from chronon import Aggregation, Operation


def test_the_most_frequent_values_have_a_telling_name() -> None:
    assert Aggregation("city", Operation.APPROX_FREQUENT_K(10)) == Aggregation("city", Operation.APPROX_HISTOGRAM_K(10))
