"""A folder of definitions: teams, loading, compiling, finding one by its name."""

from chronon.repo.compile import Compiled, CompileResult, compile_definitions, publish
from chronon.repo.definition import Definition
from chronon.repo.load import Loaded
from chronon.repo.repo import Repo
from chronon.repo.teams import Teams

__all__ = ["CompileResult", "Compiled", "Definition", "Loaded", "Repo", "Teams", "compile_definitions", "publish"]
