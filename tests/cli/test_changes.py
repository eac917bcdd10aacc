"""check, diff and prune: what they print, what they answer programs, and how they exit."""

import pyarrow as pa
import pyarrow.parquet as pq

SPEND = "group_bys/grocer/spend.py"


def edit(commands, old, new, file=SPEND):
    text = (commands.root / file).read_text()
    assert old in text
    commands.write(file, text.replace(old, new))


def test_a_sound_repo_passes(commands):
    first, last = commands.run("check").splitlines()
    assert first.startswith("columns and types are not checked: there is no schemas.lock; chronon schemas")
    assert last == "2 sound, 0 problems, 0 warnings"
    assert commands.run("diff") == "nothing differs\n"
    assert commands.run("prune") == "nothing is stale\n"


def test_check_writes_nothing_and_fails_on_a_problem(commands):
    before = (commands.root / "production/group_bys/grocer/spend.v1").read_text()
    edit(commands, "'7d'", "'7 parsecs'")
    found = commands.json("check", code=1)
    (problem,) = [p for p in found["problems"] if p["file"] == SPEND and p["line"] == 3]
    assert "parsecs" in problem["problem"]
    assert (commands.root / "production/group_bys/grocer/spend.v1").read_text() == before


def test_check_tells_what_is_not_compiled_yet(commands):
    edit(commands, "online=True", "online=True, description='what a user spends'")
    assert "2 not compiled yet" in commands.run("check")


def test_check_finds_a_served_definition_that_would_mean_something_else(commands):
    edit(commands, "'7d'", "'8d'")
    problems = commands.json("check", code=1)["problems"]
    assert [p["definition"] for p in problems] == ["grocer.spend.v1", "grocer.train.v1"]
    assert all("Cannot overwrite" in p["problem"] for p in problems)


def test_diff_shows_fields_and_effects(commands):
    edit(commands, "'7d'", "'8d'")
    told = commands.run("diff")
    assert "aggregations[0].windows[0].length: 7 -> 8" in told
    assert "its next upload is a new version" in told
    assert "through group_bys/grocer/spend.v1" in told
    assert told.endswith("2 differ, 2 in what they mean\n")
    changes = commands.json("diff", "group_bys")["changes"]
    assert [(c["definition"], c["effects"]) for c in changes] == [("group_bys/grocer/spend.v1", ["upload"])]


def test_prune_lists_first_and_removes_when_told(commands):
    edit(commands, "v1 = Join", "v2 = Join", "joins/grocer/train.py")
    commands.run("compile")
    assert commands.json("prune") == {"stale": ["production/joins/grocer/train.v1"], "removed": False}
    assert (commands.root / "production/joins/grocer/train.v1").exists()
    commands.run("prune", "--yes")
    assert not (commands.root / "production/joins/grocer/train.v1").exists()


def test_prune_waits_until_all_files_can_be_loaded(commands):
    commands.write("group_bys/grocer/broken.py", "import nothing_of_the_kind\n")
    told = str(commands.refused("prune"))
    assert "what is stale is not known until all files can be loaded" in told
    assert "group_bys/grocer/broken.py:1" in told


def test_diff_counts_the_partitions_that_are_there_to_be_replaced(commands):
    """In the environment that is asked for."""
    commands.write("chronon.toml", "[env.dev]\n")
    rows = [{"user": "u1", "cents": 100, "at": 1_704_844_800_000}]
    folder = commands.root / ".chronon/warehouse/raw/views/ds=2024-01-10"
    folder.mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(rows), folder / "rows.parquet")
    commands.run("backfill", "grocer.train.v1", "--end", "2024-01-10", "--env", "dev")
    edit(commands, "cents / 100", "cents / 100.0D")
    assert "dev.grocer_train_v1: 1 partitions to be computed again, 2024-01-10" in commands.run("diff", "--env", "dev")
    published = {c["definition"]: c["published"] for c in commands.json("diff", "--env", "dev")["changes"]}
    assert published["joins/grocer/train.v1"] == {
        "table": "dev.grocer_train_v1",
        "current": 0,
        "outdated": ["2024-01-10"],
    }
    assert "to be computed again" not in commands.run("diff", "--env", "prod")
