"""The mistake, on purpose: the same features as of the end of the day, as if they were aggregated and joined by date.

By then the flight itself has arrived, and its delay is among the averages that shall predict it.
"""

from group_bys.flights.sources import OWNERS
from joins.flights.departure import DERIVATIONS, PARTS, STATIC

from chronon import EventSource, Join, Query, select

v1 = Join(
    left=EventSource(
        table="flights.schedule",
        query=Query(selects=select("flight_id", *STATIC), time_column="ts - ts % 86400000 + 86399999"),
    ),
    right_parts=PARTS,
    derivations=DERIVATIONS,
    row_ids=["flight_id"],
    online=False,
    description="Each flight with what had happened by the end of its day: do not train on it",
    tags=OWNERS,
)
