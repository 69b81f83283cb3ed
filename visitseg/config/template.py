"""The file that ``visitseg init`` writes."""

from __future__ import annotations

import dataclasses

from visitseg.config.settings import option_fields


def template() -> str:
    """Return a commented ``visitseg.toml`` with every key and its default."""
    lines = [
        "# Settings of visitseg. A flag wins over the environment, the environment over this file.",
        "# Paths are relative to the folder that visitseg is called in.",
        "",
    ]
    for f in option_fields():
        if f.default is dataclasses.MISSING:
            continue
        env = f"  (environment: {f.metadata['env']})" if f.metadata["env"] else ""
        lines += [f"# {f.metadata['help']}{env}", f"# {f.name} = {_toml(f.default)}", ""]
    lines += _SECTIONS
    return "\n".join(lines) + "\n"


_SECTIONS = [
    "# Where a visit table (source visits) gets our columns from: SQL over its own columns.",
    "# Columns that already bear our names need no line; only pageviews is required.",
    "[columns]",
    '# pageviews = "page_count"',
    '# time_on_site_sec = "visit_ms / 1000"',
    '# transactions = "CASE WHEN order_id IS NULL THEN 0 ELSE 1 END"',
    "",
    "# An event log (source events): visitor, timestamp and event are required.",
    '# visitor = "user_id"',
    '# timestamp = "event_time"  # a timestamp, text, or an epoch in s, ms, us or ns; naive is UTC',
    '# event = "event_type"',
    "# Also visit, page, order_id, revenue, product_id, currency, device, channel, country,",
    "# visitor_type, landing_page, and any dimension by a name of yours.",
    "",
    "# Which values of an event log's event column are what; one may be several things.",
    "[events]",
    '# page_view = ["page_view"]',
    '# product_view = ["view"]',
    '# add_to_cart = ["cart"]',
    '# checkout = ["begin_checkout"]',
    '# purchase = ["purchase"]',
    '# refund = ["refund"]',
    "",
    "# Where a visit of an event log ends. Visits that the log gives are taken as they are.",
    "[sessions]",
    "# gap_minutes = 30       # a longer pause ends a visit",
    "# max_hours = 24         # no visit is longer",
    "# resessionize = false   # true: break the log's visits at pauses, too",
    "",
    "# How delimited text is read.",
    "[csv]",
    '# delimiter = ";"',
    '# encoding = "utf-8"',
    '# bad_lines = "fail"  # or "skip": skipped lines are counted in the ledger',
    "",
    "# How BigQuery is used (warehouse bigquery).",
    "[bigquery]",
    '# destination = "my-project.my_dataset"  # keeps the table visits; by default nothing is kept',
    "# expire_hours = 24      # how long intermediate tables live, should a run be cut off",
    "# storage_api = false    # true: read results through the Storage Read API",
    "# retry_sec = 600        # how long a server that does not answer is asked again",
    '# labels = { team = "web" }  # on every job, beside application = visitseg',
    "",
    "# Which Spark is used (warehouse spark); without a line a Spark on this machine.",
    "[spark]",
    '# master = "spark://host:7077"     # or "local[4]", "yarn", …',
    '# remote = "sc://host:15002"       # a Spark Connect server instead',
    '# conf = { "spark.driver.memory" = "4g" }',
    "",
    "# What must hold before a new model scores in place of the current one.",
    "[gate]",
    '# contract = "compatible"   # no new feature; "unchanged": the same features; or "any"',
    "# grade_may_fall = false    # distinct > graded > none",
    "# min_jaccard = 0.6         # a stable segment is found again so well in resamples ...",
    "# min_stable = 0.8          # ... and so many of the visits are in stable segments",
    "# min_share = 0.002         # of the visits, in the smallest segment",
    "# max_share = 0.98          # ... in the largest",
    "# min_carried = 0.6         # of the segments, and of the visits in them, that go on",
    "",
    "# Your own names of segments.",
    "[names]",
    '# s1 = "Big-basket buyers"',
]


def _toml(value: object) -> str:
    if value is None:
        return '""'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return str(value) if isinstance(value, int | float) else f'"{value}"'
