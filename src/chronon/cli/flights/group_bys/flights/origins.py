"""How an airport of New York is doing: what has left it, and how that went."""

from group_bys.flights.sources import OWNERS, WINDOWS, arrivals, cancellations, departures

from chronon import Aggregation, GroupBy, Operation

departures_v1 = GroupBy(
    sources=departures,
    keys=["origin"],
    aggregations=[
        Aggregation("dep_delay", Operation.AVERAGE, windows=WINDOWS),
        Aggregation("dep_delay", Operation.COUNT, windows=WINDOWS),
        Aggregation("dep_delay", Operation.LAST_K(5), windows=["3h"]),
    ],
    online=True,
    description="Delays with which flights have left an airport, in minutes",
    tags=OWNERS,
)

arrivals_v1 = GroupBy(
    sources=[arrivals, cancellations],
    keys=["origin"],
    aggregations=[
        Aggregation("arr_delay", Operation.AVERAGE, windows=WINDOWS),
        Aggregation("arr_delay", Operation.VARIANCE, windows=WINDOWS),
        Aggregation("late", Operation.AVERAGE, windows=WINDOWS, tags={"meaning": "share of late flights"}),
        Aggregation("cancelled", Operation.SUM, windows=WINDOWS),
    ],
    online=True,
    description="Delays with which flights from an airport have arrived, in minutes; cancelled flights",
    tags=OWNERS,
)
