"""Settings: one file, overridden by the environment, overridden by flags; nothing needed to begin."""

from __future__ import annotations

from pathlib import Path

import pytest

from chronon.base.errors import SettingsError
from chronon.base.settings import load_settings


def test_without_a_file_everything_lives_in_the_repo(tmp_path: Path) -> None:
    settings = load_settings(tmp_path, environ={})
    assert settings.warehouse_folder == tmp_path / ".chronon" / "warehouse"
    assert settings.store_url == f"lmdb://{tmp_path}/.chronon/store"
    assert settings.origins == {}


def test_a_file_at_the_root(tmp_path: Path) -> None:
    (tmp_path / "chronon.toml").write_text('warehouse = "data"\nthreads = 2\nstore = "lmdb://serving"\n')
    settings = load_settings(tmp_path, environ={})
    assert settings.warehouse_folder == tmp_path / "data"
    assert settings.store_url == f"lmdb://{tmp_path}/serving"
    assert settings.threads == 2
    assert settings.origins["threads"] == str(tmp_path / "chronon.toml")


def test_a_section_of_pyproject(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.chronon]\nengine = "spark"\n')
    assert load_settings(tmp_path, environ={}).engine == "spark"


def test_flags_over_environment_over_file(tmp_path: Path) -> None:
    (tmp_path / "chronon.toml").write_text('memory = "1GB"\nengine = "a"\nwarehouse = "w"\n')
    environ = {"CHRONON_MEMORY": "2GB", "CHRONON_ENGINE": "b", "CHRONON_CI": "1"}
    settings = load_settings(tmp_path, environ=environ, flags={"memory": "3GB", "engine": None})
    assert (settings.memory, settings.engine, settings.warehouse) == ("3GB", "b", "w")
    assert settings.origins["memory"] == "command line"
    assert settings.origins["engine"] == "environment"


@pytest.mark.parametrize(
    "text, message",
    [
        ('warehose = "x"', "did you mean warehouse"),
        ("threads = 0", "threads is 0"),
        ('threads = "two"', "threads is 'two'"),
        ("threads = true", "threads is True"),
        ("warehouse = 5", "warehouse is 5"),
        ("warehouse = ", "not valid TOML"),
    ],
)
def test_what_is_wrong_is_named_with_its_file(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "chronon.toml").write_text(text)
    with pytest.raises(SettingsError, match=message) as caught:
        load_settings(tmp_path, environ={})
    assert "chronon.toml" in str(caught.value)


def test_an_environment_reads_the_same_tables_and_writes_its_own(tmp_path: Path) -> None:
    (tmp_path / "chronon.toml").write_text('warehouse = "w"\nstore = "lmdb://s"\n\n[env.dev]\nmemory = "1GB"\n')
    settings = load_settings(tmp_path, env="dev", environ={})
    assert settings.warehouse_folder == tmp_path / "w"
    assert settings.namespace == "dev"
    assert settings.store_url == f"lmdb://{tmp_path}/.chronon/store-dev"
    assert settings.values()["memory"] == ("1GB", f"{tmp_path / 'chronon.toml'} [env.dev]")
    assert settings.values()["namespace"] == ("dev", "environment dev")
    assert load_settings(tmp_path, environ={"CHRONON_ENV": "dev"}).env == "dev"
    assert load_settings(tmp_path, env="prod", environ={"CHRONON_ENV": "dev"}).store_url == f"lmdb://{tmp_path}/s"


def test_an_environment_is_not_made_up(tmp_path: Path) -> None:
    (tmp_path / "chronon.toml").write_text("[env.dev]\n")
    with pytest.raises(SettingsError, match="no environment 'devv'") as caught:
        load_settings(tmp_path, env="devv", environ={})
    assert caught.value.expected == "dev or prod"


def test_an_environment_never_has_the_store_of_production(tmp_path: Path) -> None:
    (tmp_path / "chronon.toml").write_text('store = "redis://a"\n[env.dev]\nstore = "redis://a"\n')
    with pytest.raises(SettingsError, match="the store of production"):
        load_settings(tmp_path, env="dev", environ={})
