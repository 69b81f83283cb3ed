"""How a Spark session comes about, and what is wrong where none does."""

from __future__ import annotations

import logging
import os
import re
import shutil
import socket
import subprocess
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from visitseg.config import SparkSettings
from visitseg.errors import ConfigError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

JAVA = 17
_LOGGING = Path(__file__).with_name("log4j2.properties")
# A cluster that does not answer is found out at once; Spark itself would ask for minutes.
_ANSWER_SEC = 5.0
_PORTS = {"spark": 7077, "sc": 15002}


def start(settings: SparkSettings, work: Path | None) -> tuple[SparkSession, bool]:
    """Return a Spark session, and whether it is ours to stop.

    One that is already active in this process is taken, unless the settings name a master
    or a Spark Connect server; so it is in a notebook of a Spark platform.

    Raises
    ------
    ConfigError
        pyspark or Java is missing, or the master or server cannot be reached.
    """
    try:
        with warnings.catch_warnings():  # pandas is not used here, whatever its version
            warnings.simplefilter("ignore")
            from pyspark.sql import SparkSession
            from pyspark.testing import utils  # noqa: F401  imported by pyspark, with a warning
    except ImportError as error:
        raise ConfigError(
            "Spark is not installed for Python",
            where="--warehouse spark",
            evidence=[str(error)],
            do="pip install 'visitseg[spark]'",
        ) from error
    logging.getLogger("DataFrameQueryContextLogger").setLevel(
        logging.CRITICAL
    )  # tells errors twice
    active = SparkSession.getActiveSession()
    if active is not None and not settings.master and not settings.remote:
        return active, False
    builder: Any = SparkSession.builder.appName("visitseg")
    if settings.remote:
        _must_answer(settings.remote, "spark.remote")
        builder = builder.remote(settings.remote)
        conf = {}
    else:
        master = settings.master or "local[*]"
        _must_have_java()
        _must_answer(master, "spark.master")
        builder = builder.master(master)
        conf = _local(work) if master.startswith("local") else {}
    for key, value in (conf | settings.conf).items():
        builder = builder.config(key, _text(value))
    try:
        return builder.getOrCreate(), True
    except Exception as error:  # py4j, gRPC and Spark each have errors of their own
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        told = [line for line in lines if not re.match(r"at |: $|An error occurred", line)]
        raise ConfigError(
            "no Spark session can be started",
            where=f"[spark] {_named(settings)}",
            evidence=told[:3],
            do='Check [spark] in the configuration: master = "local[*]" or "spark://HOST:7077", '
            'or remote = "sc://HOST:15002".',
        ) from error


def _local(work: Path | None) -> dict[str, str]:
    """Return what suits one machine: nothing listens beyond it, nothing is left behind."""
    found = {
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.shuffle.partitions": str(2 * (os.cpu_count() or 1)),
        "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile={_LOGGING.as_uri()}",
    }
    if work is not None:
        found["spark.local.dir"] = str(work.resolve())
        found["spark.sql.warehouse.dir"] = (work.resolve() / "spark").as_uri()
    return found


def _must_have_java() -> None:
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    do = (
        f"Install Java {JAVA} or newer (Debian: apt-get install openjdk-{JAVA}-jre-headless), or "
        "set JAVA_HOME. Spark Connect needs none here: [spark] remote."
    )
    if java is None or not Path(java).is_file():
        raise ConfigError(
            "Spark needs Java, and there is none",
            where="JAVA_HOME" if home else "PATH",
            evidence=[f"no {java}"] if java else [],
            do=do,
        )
    told = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr  # noqa: S603
    version = re.search(r'version "(\d+)', told)
    if version and int(version[1]) < JAVA:
        raise ConfigError(
            f"Spark needs Java {JAVA} or newer", where=java, evidence=told.splitlines()[:1], do=do
        )


def _must_answer(url: str, key: str) -> None:
    """Try the host of a URL once; a name without a host is left to Spark."""
    parts = urlsplit(url.split(",")[0])
    if parts.scheme not in _PORTS or not parts.hostname:
        return
    try:
        port = parts.port or _PORTS[parts.scheme]
        socket.create_connection((parts.hostname, port), _ANSWER_SEC).close()
    except (OSError, ValueError) as error:
        raise ConfigError(
            "Spark does not answer",
            where=f"{key} = {url}",
            evidence=[str(error)],
            do="Check the address, and that the server runs and lets this machine in.",
        ) from error


def _named(settings: SparkSettings) -> str:
    return f"remote = {settings.remote}" if settings.remote else f"master = {settings.master}"


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
