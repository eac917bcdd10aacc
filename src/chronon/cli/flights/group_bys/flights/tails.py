"""What a plane has been through: late in the morning, it is late all day."""

from group_bys.flights.sources import OWNERS, WINDOWS, arrivals

from chronon import Aggregation, GroupBy, Operation

v1 = GroupBy(
    sources=arrivals,
    keys=["tailnum"],
    aggregations=[
        Aggregation("arr_delay", Operation.LAST, windows=WINDOWS),
        Aggregation("arr_delay", Operation.LAST_K(3), windows=["7d"]),
        Aggregation("arr_delay", Operation.AVERAGE, windows=WINDOWS),
        Aggregation("arr_delay", Operation.COUNT, windows=WINDOWS, tags={"meaning": "legs flown"}),
        Aggregation("arrived", Operation.LAST, windows=["1d"]),
    ],
    online=True,
    description="The last arrivals of a plane that left New York: their delays in minutes, and how many there were",
    tags=OWNERS,
)
