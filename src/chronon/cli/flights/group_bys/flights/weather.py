"""The weather at an airport, as it was measured."""

from group_bys.flights.sources import OWNERS, WINDOWS

from chronon import Aggregation, EventSource, GroupBy, Operation, Query, select

v1 = GroupBy(
    sources=EventSource(
        table="flights.weather",
        topic="flights/weather",
        query=Query(
            selects=select("origin", "temp", "humid", "wind_speed", "precip", "pressure", "visib"), time_column="ts"
        ),
    ),
    keys=["origin"],
    aggregations=[
        Aggregation("temp", Operation.LAST, windows=["1d"]),
        Aggregation("humid", Operation.LAST, windows=["1d"]),
        Aggregation("pressure", Operation.LAST, windows=["1d"]),
        Aggregation("visib", Operation.LAST, windows=["1d"]),
        Aggregation("visib", Operation.MIN, windows=WINDOWS),
        Aggregation("wind_speed", Operation.LAST, windows=["1d"]),
        Aggregation("wind_speed", Operation.MAX, windows=WINDOWS),
        Aggregation("precip", Operation.SUM, windows=WINDOWS, tags={"meaning": "rain in inches"}),
    ],
    online=True,
    description="Wind in miles an hour, rain in inches, sight in miles; of the hours that have ended",
    tags=OWNERS,
)
