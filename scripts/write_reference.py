"""Write the reference pages that come from the code: `python scripts/write_reference.py`.

A test compares them with the code, so they cannot drift.
"""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "reference"
COMMANDS = ("demo", "init", "visits", "run", "score", "report", "sql", "models")
STORE = ("list", "show", "diff", "promote", "rollback")


def command_line() -> str:
    """Return the page of commands, from ``--help``."""
    from visitseg.cli import app

    page = ["# Commands", "", "Written by `scripts/write_reference.py` from `--help`.", ""]
    runner = CliRunner(env={"NO_COLOR": "1", "TERM": "dumb"})
    for command in ("", *COMMANDS, *(f"models {verb}" for verb in STORE)):
        asked = runner.invoke(
            app, [*command.split(), "--help"], prog_name="visitseg", terminal_width=88
        )
        text = asked.stdout.strip()
        page += [f"## visitseg {command}".rstrip(), "", "```text", text, "```", ""]
    page += [
        "Exit codes: 0 ok · 1 data, contract or configuration · 2 usage · 130 interrupted.",
        "stdout is the result; progress and warnings go to stderr.",
        "",
    ]
    return "\n".join(page)


def settings() -> str:
    """Return the page of settings: the file that ``visitseg init`` writes."""
    from visitseg.config import template

    return "\n".join(
        [
            "# Settings",
            "",
            "What `visitseg init` writes. Precedence: flag > environment > file > default. Unknown keys",
            "are errors. Without `--config`, `visitseg.toml` of the working folder is read if it is there.",
            "",
            "```toml",
            template().rstrip(),
            "```",
            "",
        ]
    )


def visit_table() -> str:
    """Return the page of the visit table's columns."""
    from visitseg.visits.describe import table
    from visitseg.visits.features import NO_CONTRACT

    return "\n".join(
        [
            "# The visit table",
            "",
            "Written from the shipped contract, `visitseg/visits/visits.yaml`; `visit-table.md` of a run folder",
            "says the same of its own table, with what your contract file adds.",
            "",
            "Grain: one row per visit. Rows are ordered by the length of `visit_id`, then its bytes.",
            "",
            *table(NO_CONTRACT),
            "",
        ]
    )


def checks() -> str:
    """Return the page of checks, from the headers of their SQL files."""
    from visitseg.visits.contract import check_texts

    texts = {
        text.name: text
        for source in ("ga360", "ga4", "events")
        for text in check_texts(source, "duckdb", with_timezone=True)
    }
    rows = []
    for name, text in texts.items():
        head = text.header
        folder, _, check = name.removeprefix("checks/").rpartition("/")
        own = [
            f" For `{key.removeprefix('Do_')}`: {do}"
            for key, do in head.items()
            if key.startswith("Do_")
        ]
        do = head["Do"] + "".join(own)
        rows.append(
            f"| `{check}` | {folder or 'all'} | {head['Severity']} | {head['Finds']} | {do} |"
        )
    return "\n".join(
        [
            "# Checks",
            "",
            "Each is a SQL file that SELECTs the rows that break it; no row is a pass. An error stops the",
            "run and nothing is published; a warning is printed, kept in `checks.json` and in the report.",
            "`segment_share` is checked after segmenting: no segment under `min_share` of visits.",
            "For `ga4` two checks look at the ledger's days: `events_below_ceiling` (no day at the 1,000,000 events",
            "at which a standard property's export stops) and `consent_share_steady` (no day whose share of events",
            "without consent is far from the usual one).",
            "For `visits` a count that may hold a fraction has a check, such as `pageviews_whole`: 3.0 passes, 2.5 does not.",
            "",
            "| check | source | severity | finds | do |",
            "|---|---|---|---|---|",
            *rows,
            "",
        ]
    )


PAGES = {
    "commands.md": command_line,
    "settings.md": settings,
    "visit-table.md": visit_table,
    "checks.md": checks,
}


def visits_sql() -> str:
    """Return the text of the model `visits`, from the shipped contract."""
    from visitseg.visits.features import NO_CONTRACT
    from visitseg.visits.made import visits_text

    return visits_text(NO_CONTRACT)


VISITS_SQL = FOLDER.parents[1] / "visitseg" / "visits" / "visits.sql"


if __name__ == "__main__":
    VISITS_SQL.write_text(visits_sql(), encoding="utf-8")
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page(), encoding="utf-8")
