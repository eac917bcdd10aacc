"""Where definitions and the compiler differ from the original's on purpose; see ``chronon.testing.deviations``."""

from __future__ import annotations

from chronon.testing.deviation import Deviation

_REPO = "tests/repo"
_ORIGINAL = "tests/original/test_published_package.py"
_SCRIPTS = "tests/cli/test_scripts.py"

AUTHORING = (
    Deviation(
        "authoring J2",
        "A join whose left side is a join is refused in Python, and not made first by the engine.",
        "It is a left side like any other, if it has a name; the parent is made first.",
        "Features for the rows of a training set that is there are a common wish.",
        (
            "tests/api/test_join.py::test_the_left_side_may_be_a_join_which_stays_the_same_one",
            "tests/offline/test_chaining.py::test_a_join_is_a_left_side",
        ),
    ),
    Deviation(
        "authoring Q1",
        "A group-by without a file in two joins fails on Python 3.11 and later.",
        "It is used as often as one likes.",
        "Names come from the module that defines a variable, not from the garbage collector.",
        (f"{_REPO}/test_load.py::test_inline_group_bys_are_used_in_as_many_parts_as_one_likes",),
    ),
    Deviation(
        "authoring Q2",
        "A group-by adds its keys and inputs to the source it is given, and with it to all that share the source.",
        "It adds them to a copy.",
        "What a file defines must not depend on which files were read before.",
        ("tests/api/test_group_by.py::test_sources_are_wrapped_and_completed_on_a_copy",),
    ),
    Deviation(
        "authoring Q4",
        "A definition imported into a file of its own kind is compiled a second time, under the name of the importer.",
        "It has one name, the one of the file that defines it.",
        "Two names of one definition are two tables and two jobs.",
        (f"{_REPO}/test_load.py::test_an_imported_definition_keeps_the_name_of_its_own_file",),
    ),
    Deviation(
        "authoring Q5",
        "What cannot be written leaves an empty file, which stops every later compilation; online=1 is written as 0, "
        "a whole number as a percentage fails.",
        "Files are replaced in one step; plain values are converted; what cannot be written names its field.",
        "One bad definition must not stop its neighbours.",
        (f"{_REPO}/test_mistakes.py::test_a_mistake_is_one_problem_with_file_and_line",),
    ),
    Deviation(
        "authoring Q6",
        "The team of a group-by without a file is the folder next to it, of whoever called GroupBy.",
        "It is the team in its name, else that of the join it stands in.",
        "A call stack is no place to look for a team.",
        (f"{_REPO}/test_example.py::test_embedded_group_bys_have_the_team_of_the_owning_file",),
    ),
    Deviation(
        "authoring Q7",
        "{{ db }} and {{ logged_table }} stay in tables of sources, in lefts, in joins without bootstrap parts, and in "
        "the parents of chained group-bys.",
        "They are filled in everywhere, {{ db }} with the namespace of the team whose table it is.",
        "No engine knows them.",
        (
            f"{_REPO}/test_load.py::test_templates_for_namespaces_and_logs_are_filled_in_everywhere",
            f"{_ORIGINAL}::test_random_repos_compile_to_the_same_files",
        ),
    ),
    Deviation(
        "authoring Q8",
        "The helpers of staging queries give a table by the name in the file, which is not the one the job writes.",
        "They give the table that the job writes.",
        "Nothing would ever be there. An online definition that relies on the other table is refused by the guard.",
        (f"{_REPO}/test_load.py::test_the_table_of_a_staging_query_is_the_one_that_it_writes",),
    ),
    Deviation(
        "authoring Q9",
        "A group-by of SNAPSHOT accuracy is listed as streaming, one of TEMPORAL accuracy without a topic is not.",
        "A group-by streams where its accuracy is TEMPORAL.",
        "The number of the accuracy was taken for its truth.",
        ("tests/api/test_import_surface.py::test_a_group_by_streams_where_its_accuracy_says_so",),
    ),
    Deviation(
        "authoring Q11",
        "A join is written, and then the compilation fails: its group-bys are offline, or something builds on it.",
        "All is decided before the first file is written.",
        "A refusal must leave the folder as it was.",
        (f"{_SCRIPTS}::test_what_builds_on_a_definition_must_be_compiled_with_it",),
    ),
    Deviation(
        "authoring Q12",
        "Namespace, table properties, team and production of what stands inside another definition depend on what was "
        "compiled before it.",
        "They are always filled in, for parts of joins, labels and external sources.",
        "One definition has one text. The online guard does not compare them.",
        (f"{_REPO}/test_example.py::test_a_join_is_equal_but_for_what_is_filled_in_for_its_embedded_group_bys",),
    ),
    Deviation(
        "authoring Q16",
        "compile.py asks even where nobody can answer, and ends with exit code 1.",
        "Where nobody answers, variables are updated and logging stays as it is, with a notice.",
        "A pipeline has no terminal.",
        (
            f"{_SCRIPTS}::test_variables_of_compiled_files_are_kept_where_one_says_so",
            f"{_SCRIPTS}::test_logging_ends_only_where_one_says_so",
        ),
    ),
    Deviation(
        "authoring Q17",
        "Aggregations(...) gives a view of a dict, which cannot be added to, indexed or copied.",
        "It gives a list.",
        "Its own README adds to it.",
        ("tests/api/test_group_by.py::test_aggregations_take_their_column_from_the_keyword_and_are_a_list",),
    ),
    Deviation(
        "authoring Q20",
        "Two definitions whose names become one table overwrite each other.",
        "The compiler refuses the second.",
        "Half of their rows would be lost.",
        (f"{_REPO}/test_mistakes.py::test_two_definitions_of_one_table_are_told",),
    ),
    Deviation(
        "authoring Q22",
        "run.py splits commands at blanks, and looks for scripts only where CHRONON_REPO_PATH says.",
        "Words may be quoted; --repo counts where the variable is not set.",
        "Arguments with blanks were broken.",
        (f"{_SCRIPTS}::test_what_cannot_be_run_is_told_in_a_line_or_two",),
    ),
    Deviation(
        "authoring Q13",
        "External parts of an online join may change without a word; the description of a derivation may not, nor "
        "metadata of a parent join.",
        "A notice tells of the first; descriptions and metadata may change, wherever they stand.",
        "Only what changes values is held back.",
        (
            f"{_REPO}/test_guard.py::test_external_values_of_an_online_join_may_change_and_that_is_told",
            f"{_REPO}/test_compile.py::test_metadata_of_a_served_definition_may_change",
            f"{_REPO}/test_guard.py::test_metadata_of_a_parent_join_are_no_other_meaning",
        ),
    ),
    Deviation(
        "authoring G22",
        "A source that is none ends in an AttributeError somewhere in the library.",
        "It is refused with its type, its field and its line.",
        "A mistake of the user's is told as one.",
        (f"{_ORIGINAL}::test_a_mistake_among_several_files_is_refused_with_the_same_words",),
    ),
    Deviation(
        "authoring notebooks",
        "A notebook class renames the definition it is given, drops the table of a group-by before each run, takes "
        "days as yyyyMMdd only, and runs in a JVM.",
        "It runs a copy; what is there already is not computed again; days may be written in any form.",
        "A notebook must not change what others import, nor lose rows.",
        ("tests/session/test_executables.py::test_a_join_runs_under_the_users_name",),
    ),
    Deviation(
        "authoring lineage keys",
        "A key of a part that maps another of its keys is no key column of the join in the lineage by tables.",
        "It is one.",
        "The part is joined on it.",
        (f"{_REPO}/test_table_lineage.py::test_a_key_that_is_not_mapped_is_still_a_key",),
    ),
    Deviation(
        "authoring lineage tables",
        "In lineage by tables a field of a struct has the alias of its table, and a staging query that is a UNION has "
        "no columns.",
        "It has the table's name; the columns of both sides are followed.",
        "An alias is known in its query only; nothing is lost silently.",
        (f"{_REPO}/test_table_lineage.py::test_the_inputs_of_a_column",),
    ),
    Deviation(
        "authoring run.py",
        "run.py downloads a jar and submits it to Spark; a flag that no engine knows, and a compiled file that is not "
        "there, fail there.",
        "Jobs run in the process, on the engine of the settings; both are refused at once.",
        "No JVM is needed.",
        (
            f"{_SCRIPTS}::test_a_repo_is_compiled_backfilled_uploaded_and_fetched",
            f"{_SCRIPTS}::test_what_cannot_be_run_is_told_in_a_line_or_two",
        ),
    ),
    Deviation(
        "authoring V9",
        "A production join of a group-by that is marked as none is refused once that group-by is compiled, and not "
        "before.",
        "It is refused from the first time on.",
        "The first compilation must give what the second gives.",
        (
            f"{_REPO}/test_compile.py::test_a_production_join_of_a_group_by_that_is_not_is_refused_from_the_first_time_on",
        ),
    ),
    Deviation(
        "authoring V3",
        "A group-by in a production join becomes one of production once the join is compiled, and not before.",
        "It is one wherever it is written.",
        "The first compilation must give what the second gives.",
        (f"{_ORIGINAL}::test_random_repos_compile_to_the_same_files",),
    ),
)
