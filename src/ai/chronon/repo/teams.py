"""``teams.json``."""
# pyright: reportUnusedImport=false, reportWildcardImportFromLibrary=false

import json

from chronon.repo.teams import DEFAULT as DEFAULT_CONF_TEAM
from chronon.repo.teams import get_team_conf, loaded_jsons, read_conf_json, team_exists
