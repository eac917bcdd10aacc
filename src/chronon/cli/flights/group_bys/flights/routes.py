"""How a carrier does on a route."""

from group_bys.flights.sources import OWNERS, WINDOWS, arrivals, cancellations

from chronon import Aggregation, GroupBy, Operation

v1 = GroupBy(
    sources=[arrivals, cancellations],
    keys=["origin", "dest", "carrier"],
    aggregations=[
        Aggregation("arr_delay", Operation.AVERAGE, windows=WINDOWS),
        Aggregation("arr_delay", Operation.VARIANCE, windows=WINDOWS),
        Aggregation("late", Operation.AVERAGE, windows=WINDOWS, tags={"meaning": "share of late flights"}),
        Aggregation("cancelled", Operation.SUM, windows=WINDOWS),
    ],
    online=True,
    description="Delays with which a carrier's flights on a route have arrived, in minutes; cancelled flights",
    tags=OWNERS,
)
