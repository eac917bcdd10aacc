"""What kind of plane it is, as of the last midnight."""

from group_bys.flights.sources import OWNERS

from chronon import EntitySource, GroupBy, Query, select

v1 = GroupBy(
    sources=EntitySource(
        snapshotTable="flights.planes",
        query=Query(selects=select("tailnum", "manufacturer", "engine", "engines", "seats", age="year(ds) - built")),
    ),
    keys=["tailnum"],
    aggregations=None,
    online=True,
    description="Manufacturer, engines, seats and age in years of a plane",
    tags=OWNERS,
)
