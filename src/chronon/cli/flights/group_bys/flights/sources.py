"""What the group-bys of this team read: the same columns, times and windows everywhere."""

from staging_queries.flights import disruptions

from chronon import EventSource, Query, select
from chronon.api.tables import get_staging_query_output_table_name

WINDOWS = ["3h", "1d", "7d", "30d"]

OWNERS = {"team": "flights", "owner": "punctuality@example.com"}

departures = EventSource(
    table="flights.departures",
    topic="flights/departures",
    query=Query(selects=select("tailnum", "carrier", "origin", "dest", "dep_delay"), time_column="ts"),
)
"""A flight that has left, at that moment."""

arrivals = EventSource(
    table="flights.arrivals",
    topic="flights/arrivals",
    query=Query(
        selects=select(
            "tailnum",
            "carrier",
            "origin",
            "dest",
            "arr_delay",
            late="IF(arr_delay > 15, 1, 0)",
            cancelled="0",
            arrived="ts",
        ),
        time_column="ts",
    ),
)
"""A flight that has arrived, at that moment: nobody knew its delay before."""

cancellations = EventSource(
    table=get_staging_query_output_table_name(disruptions.v1, full_name=True),
    topic="flights/disruptions",
    query=Query(
        selects=select(
            "tailnum",
            "carrier",
            "origin",
            "dest",
            arr_delay="CAST(NULL AS BIGINT)",
            late="CAST(NULL AS INT)",
            cancelled="1",
            arrived="CAST(NULL AS BIGINT)",
        ),
        wheres=["kind = 'cancelled'"],
        time_column="ts",
    ),
)
"""A flight that never left, when it should have arrived."""
