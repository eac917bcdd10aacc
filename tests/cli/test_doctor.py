"""doctor: what is in order, what would change for an existing repo."""

import json

SPEND = "group_bys/grocer/spend.py"


def test_a_repo_that_was_just_compiled_is_in_order(commands):
    found = commands.json("doctor")
    assert all(check["ok"] for check in found["checks"])
    assert sorted(found["same"]) == ["group_bys/grocer/spend.v1", "joins/grocer/train.v1"]
    assert (found["text"], found["renamed"], found["changes"], found["problems"]) == ([], {}, [], [])


def test_a_file_with_the_same_content_in_other_text_is_told_apart(commands):
    file = commands.root / "production/group_bys/grocer/spend.v1"
    file.write_text(json.dumps(json.loads(file.read_text())))
    assert commands.json("doctor")["text"] == ["group_bys/grocer/spend.v1"]


def test_another_name_of_the_same_content_is_a_renaming(commands):
    commands.write(SPEND, (commands.root / SPEND).read_text().replace("v1 =", "v2 ="))
    train = (commands.root / "joins/grocer/train.py").read_text()
    commands.write("joins/grocer/train.py", train.replace("import v1 as", "import v2 as"))
    found = commands.json("doctor")
    assert found["renamed"] == {"group_bys/grocer/spend.v1": "group_bys/grocer/spend.v2"}
    assert [(c["definition"], c["meaning"]) for c in found["changes"]] == [("joins/grocer/train.v1", True)]


def test_answers_that_differ_on_purpose_are_named_with_the_definitions_they_touch(commands):
    text = (commands.root / SPEND).read_text()
    commands.write(SPEND, text.replace("Operation.SUM, '7d'", "Operation.LAST, '301h'"))
    found = {deviation["id"]: deviation["in"] for deviation in commands.json("doctor")["deviations"]}
    assert found == {"Q8": ["grocer.spend.v1"], "Q13": ["grocer.spend.v1"]}
    told = commands.run("doctor")
    assert "Q13  grocer.spend.v1" in told
    assert "total order" in told


def test_a_problem_makes_it_fail(commands):
    commands.write(SPEND, "v1 = GroupBi()")
    assert "GroupBi" in commands.run("doctor", code=1)
