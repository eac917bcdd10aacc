"""The checks of a repo against what it has compiled before, under the names that repos and their tests know."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

from chronon.api import structs, wire
from chronon.api.metadata import ensure_name
from chronon.api.naming import name_of
from chronon.base.errors import ChrononError
from chronon.repo import rules
from chronon.repo.columns import derivation_expressions, derivation_names
from chronon.repo.definition import AnyDefinition, Definition, kind_of, part_group_bys
from chronon.repo.guard import meaning
from chronon.repo.serializer import file2thrift

T = TypeVar("T", bound=structs.Struct)

SKIPPED_FIELDS = frozenset({"metaData"})
EXTERNAL_KEY = "onlineExternalParts"


def extract_json_confs(obj_class: type[T], path: str | Path) -> list[T]:
    """The definitions of all compiled files in a folder, or of one file; hidden ones are passed over.

    Raises
    ------
    DataError
        If a file cannot be read; its name is in the message.
    """
    top = Path(path)
    files = [top] if top.is_file() else sorted(file for file in top.rglob("*") if file.is_file())
    read = (file2thrift(file, obj_class) for file in files if not file.name.startswith("."))
    return [conf for conf in read if is_valid_conf(conf)]


def is_valid_conf(conf: structs.Struct) -> bool:
    """Whether a compiled file holds a definition: it has metadata."""
    return getattr(conf, "metaData", None) is not None


def is_batch_upload_needed(group_by: structs.GroupBy) -> bool:
    """Whether a group-by has something to upload or to compute by itself."""
    return bool((group_by.metaData or structs.MetaData()).online or group_by.backfillStartDate)


class ChrononRepoValidator:
    """Checks definitions against each other and against what is compiled.

    Parameters
    ----------
    chronon_root_path, output_root:
        The root of the repo, and the folder under it that holds compiled files.
    log_level:
        How much is logged.
    """

    def __init__(self, chronon_root_path: str, output_root: str, log_level: int = logging.INFO) -> None:
        self.logger = logging.getLogger(__name__)
        self.logger.setLevel(log_level)
        self.chronon_root_path = chronon_root_path
        self.output_root = output_root
        self.load_objs()

    def load_objs(self) -> None:
        """Read the compiled group-bys and joins."""
        folder = Path(self.chronon_root_path, self.output_root)
        self.old_group_bys = extract_json_confs(structs.GroupBy, folder / "group_bys")
        self.old_joins = extract_json_confs(structs.Join, folder / "joins")
        self.old_objs: dict[str, dict[str, AnyDefinition]] = {
            "GroupBy": {name_of(one): one for one in self.old_group_bys},
            "Join": {name_of(one): one for one in self.old_joins},
        }

    def can_skip_materialize(self, obj: object) -> list[str]:
        """Why a definition needs no file of its own; nothing if it needs one."""
        if isinstance(obj, structs.GroupBy) and not rules.is_written(obj):
            return ["is neither online nor has a backfill_start_date"]
        return []

    def validate_obj(self, obj: object) -> list[str]:
        """What is wrong with a definition; nothing of other objects."""
        if isinstance(obj, structs.GroupBy):
            return self._validate_group_by(obj)
        if isinstance(obj, structs.Join):
            return self._validate_join(obj)
        return self._validate_staging_query(obj) if isinstance(obj, structs.StagingQuery) else []

    def safe_to_overwrite(self, obj: AnyDefinition) -> bool:
        """Whether a compiled file may be replaced: it is not served, or means the same."""
        old = self._get_old_obj(type(obj), name_of(obj))
        return old is None or not (old.metaData or structs.MetaData()).online or not self._has_diff(obj, old)

    def _has_diff(
        self, obj: structs.Struct, old_obj: structs.Struct, skipped_fields: Iterable[str] = SKIPPED_FIELDS
    ) -> bool:
        new, old = ({**wire.to_data(one)} for one in (obj, old_obj))
        if "metaData" in set(skipped_fields):
            new, old = meaning(new), meaning(old)
        return json.dumps(new) != json.dumps(old)

    def _get_old_obj(self, obj_class: type, obj_name: str) -> AnyDefinition | None:
        return self.old_objs.get(obj_class.__name__, {}).get(obj_name)

    def _get_old_joins_with_group_by(self, group_by: structs.GroupBy) -> list[structs.Join]:
        name = _name(group_by)
        return [join for join in self.old_joins if any(name_of(part) == name for part in part_group_bys(join))]

    def _validate_group_by(self, group_by: structs.GroupBy) -> list[str]:
        within = self._get_old_joins_with_group_by(group_by)
        metadata = group_by.metaData = group_by.metaData or structs.MetaData()
        if metadata.production is None and any((join.metaData or structs.MetaData()).production for join in within):
            metadata.production = True
        return _told(rules.problems_of(_definition(group_by), within))

    def _validate_join(self, join: structs.Join) -> list[str]:
        own = [p for p in rules.problems_of(_definition(join), [join]) if not isinstance(p, rules.Unsaid)]
        inside = [
            f"join {_name(join)}'s underlying group_by {_name(part)}: {problem}"
            for part in part_group_bys(join)
            for problem in self._validate_group_by(part)
        ]
        return [*inside, *_told(own)]

    def _validate_staging_query(self, staging_query: structs.StagingQuery) -> list[str]:
        return _told(rules.problems_of(_definition(staging_query), []))

    def _validate_derivations(
        self, key_cols: list[str], pre_derived_cols: list[str], derivations: list[structs.Derivation]
    ) -> list[str]:
        anywhere = Definition("group_bys", "", structs.GroupBy(), "")
        known = {*pre_derived_cols, *key_cols}
        wrong = [
            *derivation_expressions(anywhere, derivations, known),
            *derivation_names(anywhere, derivations, known, set(key_cols)),
        ]
        return _told(wrong)


def _definition(value: AnyDefinition) -> Definition:
    return Definition(kind_of(value), _name(value), value, "")


def _name(value: AnyDefinition) -> str:
    """The name of a definition, also of one that no compiler has named."""
    return ensure_name(value, kind_of(value)) or f"a {type(value).__name__} without a name"


def _told(problems: Iterable[ChrononError]) -> list[str]:
    return [problem.problem for problem in problems]
