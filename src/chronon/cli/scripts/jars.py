"""The original's jars, for teams that still run some of their jobs with them. Nothing here needs one."""

from __future__ import annotations

import os
import re
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar
from urllib.request import urlopen, urlretrieve

from chronon.base.errors import ConfigError

T = TypeVar("T")

SCALA_VERSION_FOR_SPARK = {"2.4.0": "2.11", "3.1.1": "2.12", "3.2.1": "2.13"}
SUPPORTED_SPARK = list(SCALA_VERSION_FOR_SPARK)
MIRROR = "CHRONON_MAVEN_MIRROR_PREFIX"
DEFAULT_MIRROR = "https://repo1.maven.org/maven2"
FOLDER = "/tmp"  # noqa: S108 - where scripts of teams look for it


def retry_decorator(retries: int = 3, backoff: int = 20) -> Callable[[Callable[..., T]], Callable[..., T]]:
    """Try a function again after pauses of ``backoff`` seconds, each longer by as much, and then a last time."""

    def decorated(function: Callable[..., T]) -> Callable[..., T]:
        @wraps(function)
        def tried(*args: Any, **kwargs: Any) -> T:
            for attempt in range(1, retries + 2):
                try:
                    return function(*args, **kwargs)
                except Exception as error:  # noqa: BLE001 - any failure is tried again, the last one is raised
                    print(f"{function.__name__} failed, attempt {attempt}: {error}")  # noqa: T201 - output of a script
                    time.sleep(attempt * backoff)
            return function(*args, **kwargs)

        return tried

    return decorated


def jar_url(version: str | None, jar_type: str, release_tag: str | None, spark_version: str) -> str:
    """Where a jar is found."""
    if spark_version not in SCALA_VERSION_FOR_SPARK:
        raise ConfigError(f"Spark {spark_version} is not supported", expected=", ".join(SUPPORTED_SPARK))
    artifact = f"spark_{jar_type}_{SCALA_VERSION_FOR_SPARK[spark_version]}"
    base = f"{os.environ.get(MIRROR) or DEFAULT_MIRROR}/ai/chronon/{artifact}"
    exact = construct_version(version, base, release_tag)
    return f"{base}/{exact}/{artifact}-{exact}-assembly.jar"


def construct_version(version: str | None, base_url: str, release_tag: str | None, suffix: str | None = None) -> str:
    """A version as it is; for ``latest`` or none the newest of a jar, with a tag the newest of that branch."""
    exact = _latest(base_url, release_tag) if version in (None, "", "latest") else version
    return f"{exact}-{suffix}" if suffix else exact


def _latest(base: str, release_tag: str | None) -> str:
    with urlopen(f"{base}/maven-metadata.xml") as answer:  # noqa: S310 - the address of a registry
        versions = [node.text or "" for node in ET.fromstring(answer.read()).iter("version")]  # noqa: S314
    released = re.compile(rf"\d+\.\d+\.\d+(_{re.escape(release_tag)}\d*)?" if release_tag else r"\d+\.\d+\.\d+")
    fitting = [version for version in versions if released.fullmatch(version) and (release_tag or "") in version]
    if not fitting:
        raise ConfigError(f"no version of {base} fits {release_tag or 'a release'}")
    return fitting[-1]


def download_only_once(url: str, path: str, skip_download: bool = False) -> None:
    """Download a file, unless one of its size is there."""
    if skip_download:
        return
    file = Path(path)
    with urlopen(url) as answer:  # noqa: S310 - the address of a registry
        size = int(answer.headers.get("content-length", -1))
    if not file.exists() or file.stat().st_size != size:
        urlretrieve(url, path)  # noqa: S310
