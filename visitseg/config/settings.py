"""What can be set: the one list of options.

The command line's flags, the keys of ``visitseg.toml``, the environment variables, the file that
``visitseg init`` writes and the reference page are all made from `Settings`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal

from visitseg.config.sections import (
    BigQuerySettings,
    CsvSettings,
    EventSettings,
    GateSettings,
    SparkSettings,
    VisitLimits,
)

Source = Literal["ga360", "ga4", "events", "visits"]

# Which commands take which flags.
DATA = ("visits", "run", "score")
BUILD = ("visits", "run")
SEGMENT = ("run",)
SCORE = ("score",)
EVERYWHERE = ("demo", "visits", "run", "score")


def option(
    default: Any,
    help: str,  # noqa: A002
    *,
    commands: tuple[str, ...] = (),
    env: str | None = None,
    shown: str | None = None,
    flag_type: Any = None,
    metavar: str | None = None,
) -> Any:
    """Declare one setting.

    Parameters
    ----------
    default
        The value when nobody gives one.
    help
        One line for ``--help``, the template and the reference.
    commands
        The commands that take it as a flag; empty means TOML (and environment) only.
    env
        The environment variable that sets it, if any.
    shown
        The default as the help shows it, where its value does not read well.
    flag_type
        The type on the command line, where it differs from the setting's.
    metavar
        What the help calls the value, where its type does not say it.
    """
    return field(
        default=default,
        metadata={
            "help": help,
            "commands": commands,
            "env": env,
            "shown": shown,
            "flag_type": flag_type,
            "metavar": metavar,
        },
    )


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything a run can be told. Field names are the keys of ``visitseg.toml``."""

    model: Path | None = option(
        None,
        "The model: a model.json, a run folder or a store.",
        commands=SCORE,
        metavar="DIR_OR_MODEL_JSON",
    )
    source: Source | None = option(
        None, "What the input is: ga360, ga4, events or visits.", commands=DATA
    )
    input: tuple[str, ...] = option(
        (),
        "A file, a glob, FILE.duckdb::schema.table or project.dataset.pattern; repeatable.",
        commands=DATA,
        flag_type=list[str],
        metavar="PATH_GLOB_OR_TABLE",
    )
    warehouse: Literal["duckdb", "bigquery", "spark"] = option(
        "duckdb", "Where the SQL runs.", commands=DATA
    )
    out: Path = option(
        Path("artifacts"),
        "The run folder; score: the folder of labels (scores, if not said).",
        commands=EVERYWHERE,
        env="OUT_DIR",
        shown="artifacts",
    )
    date_from: date | None = option(
        None, "First day.", commands=DATA, env="DATE_FROM", flag_type=str, metavar="YYYYMMDD"
    )
    date_to: date | None = option(
        None,
        "The day after the last.",
        commands=DATA,
        env="DATE_TO",
        flag_type=str,
        metavar="YYYYMMDD",
    )
    timezone: str = option(
        "UTC",
        "Time zone of the visits' days; for the GA sources only compared with the export's dates.",
        commands=DATA,
    )
    currency: str | None = option(None, "Currency of the revenue, for example USD.", commands=DATA)
    preset: Literal["auto", "baseline"] = option(
        "auto", "How visits are segmented.", commands=SEGMENT
    )
    k_min: int = option(2, "Smallest K that is tried.", commands=SEGMENT, env="K_MIN")
    k_max: int = option(12, "Largest K that is tried.", commands=SEGMENT, env="K_MAX")
    k_final: int | Literal["auto"] = option(
        "auto",
        "The K to use; auto decides by the evidence (baseline: 6).",
        commands=SEGMENT,
        env="K_FINAL",
        flag_type=str,
        metavar="N|auto",
    )
    bands: Literal["auto", "never"] = option(
        "auto", "Whether auto cuts a continuum into its stable bands.", commands=SEGMENT
    )
    unassigned: bool = option(
        False, "Give visits outside the model no segment (auto).", commands=SEGMENT
    )
    clip: Literal["zscore", "quantile", "none"] = option(
        "zscore", "How baseline winsorises.", commands=SEGMENT
    )
    z_clip: float = option(
        5.0, "Standard deviations kept by --clip zscore.", commands=SEGMENT, env="Z_CLIP"
    )
    clip_quantiles: tuple[float, float] = option(
        (0.001, 0.999), "Quantiles kept by --clip quantile."
    )
    min_share: float = option(0.005, "Segments under this share of visits give a warning.")
    previous: Path | None = option(
        None,
        "The model before (a run folder, model.json or store): segments keep ids and names.",
        commands=SEGMENT,
        metavar="DIR_OR_MODEL_JSON",
    )
    store: Path = option(Path("models"), "The store of versions.", shown="models")
    seed: int = option(
        42,
        "Seed of the samples that vote (auto), of k-means (baseline), of the simulated export.",
        commands=SEGMENT,
        env="SEED",
    )
    features: Path | None = option(
        None, "Contract file: features and dimensions of yours, rules, limits.", commands=BUILD
    )
    late_days: int = option(
        3,
        "Days before --date-from that are read again and replaced.",
        commands=(*SCORE, "visits"),
    )
    export: Path | None = option(
        None,
        "Write the visits whose segment changed to this .csv or .parquet file.",
        commands=SCORE,
        metavar="FILE",
    )
    since: Path | None = option(
        None,
        "Labels that --export compares with; without them every visit is new.",
        commands=SCORE,
        metavar="LABEL_DIR",
    )
    min_segment: int = option(
        50, "Segments with fewer visits are left out of --export.", commands=SCORE
    )
    salt_env: str | None = option(
        None,
        "Environment variable that holds a salt: visit ids become SHA-256 of salt|visit_id.",
        commands=DATA,
        metavar="NAME",
    )
    quarantine: bool = option(
        False, "Put visits that break the contract aside, up to its max_share.", commands=BUILD
    )
    platform: tuple[str, ...] = option(
        (),
        "Of a GA4 export: web, app, a stream's id, or all to mix them. Also --stream NAME.",
        commands=DATA,
        flag_type=list[str],
        metavar="PLATFORM",
    )
    no_visits: bool = option(False, "Leave visits.parquet out of the run folder.", commands=SEGMENT)
    resessionize: bool = option(
        False, "Break the visits of an event log at long pauses.", commands=DATA
    )
    stream: bool | None = option(
        None,
        "Read one day file at a time, in the memory of about one day; with a NAME, see --platform.",
        commands=DATA,
        shown="on from 256 MB in several files",
        flag_type=bool,
    )
    memory_limit: str | None = option(
        None,
        "Memory that DuckDB may use, such as 2GB; what does not fit goes to disk.",
        commands=DATA,
        shown="80 % of the machine's",
        metavar="SIZE",
    )
    threads: int | None = option(
        None, "Threads of DuckDB.", commands=DATA, shown="one for each core"
    )
    json: bool = option(False, "Print one JSON object on stdout.", commands=EVERYWHERE)
    quiet: bool = option(False, "No progress on stderr.", commands=EVERYWHERE)
    dry_run: bool = option(False, "Print the plan and the SQL, write nothing.", commands=DATA)
    smoke_mode: bool = option(
        False, "Simulate an export and run on it; needs no credentials.", env="SMOKE_MODE"
    )
    google_project_id: str | None = option(
        None, "Project that BigQuery jobs run in.", env="GOOGLE_PROJECT_ID"
    )
    dataset: str = option(
        "bigquery-public-data.google_analytics_sample", "BigQuery dataset.", env="DATASET"
    )
    table_pattern: str = option("ga_sessions_*", "BigQuery tables.", env="TABLE_PATTERN")
    max_bytes_billed: int = option(
        2**40,
        "BigQuery: no query starts that would bill more bytes.",
        commands=DATA,
        shown="1099511627776, one TiB",
        metavar="BYTES",
    )
    location: str | None = option(
        None, "BigQuery: where the data are, if it cannot be asked.", commands=DATA
    )
    kms_key: str | None = option(
        None, "BigQuery: Cloud KMS key of the tables that are written.", commands=DATA
    )
    columns: dict[str, str] = field(
        default_factory=dict, metadata={"help": 'our name = "SQL expression over the input"'}
    )
    names: dict[str, str] = field(
        default_factory=dict, metadata={"help": 'segment_id = "Our name"'}
    )
    events: EventSettings = field(
        default_factory=EventSettings, metadata={"help": 'kind of event = ["values", "of the log"]'}
    )
    sessions: VisitLimits = field(
        default_factory=VisitLimits, metadata={"help": "gap_minutes, max_hours, resessionize"}
    )
    csv: CsvSettings = field(
        default_factory=CsvSettings, metadata={"help": "delimiter, encoding, bad_lines"}
    )
    bigquery: BigQuerySettings = field(
        default_factory=BigQuerySettings,
        metadata={"help": "destination, labels, expire_hours, storage_api, retry_sec"},
    )
    spark: SparkSettings = field(
        default_factory=SparkSettings, metadata={"help": "master, remote, conf"}
    )
    gate: GateSettings = field(
        default_factory=GateSettings,
        metadata={"help": "what must hold before a new model scores"},
    )
    # name of a setting -> where its value was found; a setting that is absent has its default.
    origins: Mapping[str, str] = field(
        default_factory=dict, repr=False, compare=False, metadata={"internal": True}
    )

    def given(self, name: str) -> bool:
        """Whether somebody gave this setting, rather than leaving its default."""
        return name in self.origins


def option_fields() -> tuple[dataclasses.Field[Any], ...]:
    """Return the fields of `Settings` that users set, in their order."""
    return tuple(f for f in dataclasses.fields(Settings) if not f.metadata.get("internal"))
