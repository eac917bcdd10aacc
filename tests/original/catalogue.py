"""Every rule of validation, each broken once: the file, the line that breaks it, and the words that users match on."""

from tests.original.definitions import HEAD

EVENTS = "EventSource(table='a.b', topic={topic}, query=Query(selects=select('user', 'price'), time_column={time}))"
BATCH = EVENTS.format(topic=None, time="'t'")
STREAM = EVENTS.format(topic="'x'", time="'t'")
TIMELESS = EVENTS.format(topic=None, time=None)
USERS = "EntitySource(snapshotTable='a.u', query=Query(selects=select('user', 'city')))"
CHANGES = "EntitySource(snapshotTable='a.u', mutationTable='a.m', query=Query(selects=select('user', 'city'), time_column='t'))"
SUM = "[Aggregation('price', Operation.SUM)]"
WEEK = "[Aggregation('price', Operation.SUM, [Window(7, TimeUnit.DAYS)])]"
HOUR = "[Aggregation('price', Operation.SUM, [Window(6, TimeUnit.HOURS)])]"
GOOD = f"good = GroupBy({STREAM}, ['user'], {SUM}, online=True, name='shop.good')\n"
LEFT = f"Source(events={BATCH})"


def group_by(arguments):
    return "group_bys/shop/bad.py", f"{HEAD}v1 = GroupBy({arguments})\n"


def join(arguments, before=GOOD):
    return "joins/shop/bad.py", f"{HEAD}{before}v1 = Join({arguments})\n"


def labels(aggregations, offsets, number=1):
    before = f"{GOOD}label = GroupBy({BATCH}, ['user'], {aggregations}, name='shop.label')\n"
    return join(f"{LEFT}, [JoinPart(good)], label_part=LabelPart([JoinPart(label)] * {number}, {offsets})", before)


MISTAKES = {
    "G1": (*group_by(f"[], ['user'], {SUM}"), "Sources are not specified"),
    "G2": (*group_by(f"{BATCH}, ['user'], {SUM}, historical_backfill=True"), "historical_backfill can only be set"),
    "G3": (
        *group_by(f"EventSource(table='a', query=Query(selects=select(ts='x'), time_column='y')), ['user'], {SUM}"),
        "mismatched `ts`",
    ),
    "G5": (
        *group_by(f"EventSource(table='a', query=Query(time_column='t', mutation_time_column='m')), ['user'], {SUM}"),
        "ingestionTimeColumn should not be specified",
    ),
    "G6": (
        *group_by(f"EventSource(table='a', query=Query(time_column='t', reversal_column='m')), ['user'], {SUM}"),
        "reversalColumn should not be specified",
    ),
    "G7": (*group_by(f"{TIMELESS}, ['user'], {SUM}"), "please specify query.timeColumn"),
    "G8": (
        *group_by(f"{STREAM}, ['user'], {SUM}, accuracy=Accuracy.SNAPSHOT"),
        "SNAPSHOT accuracy should not be specified for streaming sources",
    ),
    "G10": (
        *group_by(f"{USERS}, ['user'], [Aggregation('city', Operation.LAST, [Window(7, TimeUnit.DAYS)])]"),
        "Please specify timeColumn for entity source",
    ),
    "G11": (
        *group_by(f"{CHANGES}, ['user'], [Aggregation('city')], is_incremental=True"),
        "only supported for event sources",
    ),
    "G12": (*group_by(f"{STREAM}, ['user'], {SUM}, is_incremental=True"), "only supported for SNAPSHOT accuracy"),
    "G13": (*group_by(f"{BATCH}, ['user'], {SUM}, upload_schedule='@hourly'"), "Invalid upload_schedule"),
    "G14": (
        *group_by(f"{STREAM}, ['user'], {SUM}, upload_schedule='@weekly'"),
        "upload_schedule '@weekly' is only supported",
    ),
    "G14, as a keyword of the custom JSON": (
        *group_by(f"{STREAM}, ['user'], {SUM}, uploadSchedule='@weekly'"),
        "upload_schedule '@weekly' is only supported",
    ),
    "G15": (
        *group_by(
            f"[{BATCH}, EventSource(table='c', query=Query(selects=select('x'), time_column='t'))], ['user'], {SUM}"
        ),
        "Mismatched columns among sources",
    ),
    "G17": (*group_by(f"{BATCH}, ['user'], None"), "You can only set aggregations=None"),
    "G17, of changes": (*group_by(f"{CHANGES}, ['user'], None"), "You can only set aggregations=None"),
    "G18": (
        *group_by(f"{BATCH}, ['user'], [Aggregation(operation=Operation.COUNT)]"),
        "input_column is required for all operations",
    ),
    "G20": (
        *group_by(f"{BATCH}, ['user'], [Aggregation('price', Operation.APPROX_PERCENTILE([50]))]"),
        "[Percentiles]",
    ),
    "G21": (
        *group_by(f"{BATCH}, ['user'], {HOUR}, accuracy=Accuracy.SNAPSHOT"),
        "Detected a snapshot accuracy group by with an hourly aggregation",
    ),
    "G21, with its own backfill": (
        *group_by(f"{BATCH}, ['user'], {HOUR}, backfill_start_date='2025-01-01'"),
        "Detected a snapshot accuracy group by with an hourly aggregation",
    ),
    "P1": (*join(f"{LEFT}, [JoinPart(GroupBy({BATCH}, ['user'], {SUM}))]"), "Must specify a group_by name"),
    "P2": (*join(f"{LEFT}, [JoinPart(good, {{'user': 'usr'}})]"), "is not a valid key"),
    "J1": (
        *join(
            "Source(events=EventSource(table='a', isCumulative=True, query=Query(time_column='t'))), [JoinPart(good)]"
        ),
        "NOT supported by Chronon",
    ),
    "J3": (
        *join("Source(events=EventSource(table='a', query=Query(select(ts='t'), time_column='t'))), [JoinPart(good)]"),
        "'ts' is a reserved key word",
    ),
    "J4": (
        *join(f"{LEFT}, [], online_external_parts=[ExternalPart(ContextualSource([('x', DataType.LONG)]))] * 2"),
        "Please address all the above mentioned duplicates",
    ),
    "J5": (*join(f"{LEFT}, [JoinPart(good)], bootstrap_from_log=True"), "Join must be online with sample_percent set"),
    "L1": (*labels(WEEK, "7, 7", number=2), "Multiple label joinPart is not supported yet"),
    "L2": (*labels(SUM, "7, 7"), "Single aggregation with one window allowed"),
    "L3": (*labels(HOUR, "6, 6"), "must be DAYS"),
    "L4": (*labels(WEEK, "3, 3"), "will be inferred to be same as aggregation"),
    "D1": (*join(f"{LEFT}, [ExternalSource('contextual', 'x', [], [])]"), "Please use `ContextualSource`"),
    "D2": (*join(f"{LEFT}, [DataType.MAP(DataType.LONG, DataType.LONG)]"), "key_type has to STRING"),
    "V4": (
        *group_by(f"{BATCH}, ['user'], {SUM}, online=True, derivations=[Derivation('x', 'price_sun')]"),
        "Incorrect derivation expression",
    ),
    "V5": (
        *group_by(
            f"{BATCH}, ['user'], {SUM}, online=True, derivations=[Derivation('*', '*'), Derivation('price_sum', 'user + 1')]"
        ),
        "Incorrect derivation name",
    ),
    "V6": (
        *group_by(f"{BATCH}, ['user'], {SUM}, online=True, deprecation_date='soon'"),
        "Deprecation date is not in the correct format",
    ),
    "V7": (
        *group_by(
            "EventSource(table='a', isCumulative=True, query=Query(selects=select('user', 'price'))), ['user'],"
            f" {SUM}, accuracy=Accuracy.SNAPSHOT, backfill_start_date='2025-01-01'"
        ),
        "Please set query.timeColumn for Cumulative",
    ),
    "V8": (
        *join(
            f"{LEFT}, [JoinPart(late)]",
            f"late = GroupBy({BATCH}, ['user'], {SUM}, name='shop.late', deprecation_date='soon')\n",
        ),
        "join shop.bad.v1's underlying",
    ),
    "V10": (
        *join(
            f"{LEFT}, [JoinPart(other)], online=True",
            f"other = GroupBy({STREAM}, ['user'], {SUM}, online=False, name='shop.other')\n",
        ),
        "is online but includes the following offline group_bys",
    ),
    "V11": (
        "staging_queries/shop/bad.py",
        f"{HEAD}v1 = StagingQuery(query='SELECT {{{{START_DATE }}}}', createView=True, metaData=MetaData())\n",
        "createView=True cannot contain",
    ),
    "X1": (
        *join(
            f"{LEFT}, [JoinPart(other)], online=True",
            f"other = GroupBy({STREAM}, ['user'], {SUM}, name='shop.other')\n",
        ),
        "Fix the following: ['shop.other']",
    ),
    "no such team": (
        "group_bys/nobody/bad.py",
        f"{HEAD}v1 = GroupBy({USERS}, ['user'], None, online=True)\n",
        "team nobody does not exist in",
    ),
}
