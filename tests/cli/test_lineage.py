"""lineage: a tree for a person, edges for a program."""


def test_a_definition_leads_back_to_its_tables(commands):
    told = commands.run("lineage", "grocer.train.v1")
    assert "grocer.train.v1.grocer_spend_v1_price_sum_7d" in told
    assert "raw.views.cents by price = cents / 100, sum" in told
    assert "raw.views.at (decides on the rows)" in told


def test_a_column_of_a_table_leads_to_what_depends_on_it(commands):
    found = commands.json("lineage", "raw.views.cents")
    assert {f"{e['target']['owner']}.{e['target']['column']}" for e in found["edges"]} == {
        "grocer.spend.v1.price_sum_7d",
        "grocer.train.v1.grocer_spend_v1_price_sum_7d",
        "grocer.train.v1.price",
    }


def test_a_broken_file_does_not_hide_the_others(commands):
    commands.write("group_bys/grocer/broken.py", "v1 = GroupBi()\n")
    assert "raw.views.cents" in commands.run("lineage", "grocer.train.v1")


def test_what_is_misspelt_is_told_with_what_was_meant(commands):
    assert "did you mean cents?" in str(commands.refused("lineage", "raw.views.sents"))
    assert "did you mean grocer_spend_v1_price_sum_7d?" in str(commands.refused("lineage", "grocer.train.v1.sum_7d"))
    assert "did you mean grocer.train.v1" in str(commands.refused("lineage", "grocer.trian.v1"))
