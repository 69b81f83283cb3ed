"""A run folder in, its pictures and one self-contained page out."""

from __future__ import annotations

from html import escape
from pathlib import Path

from visitseg.errors import OutputError

__all__ = ["in_frame", "render"]


def render(folder: Path) -> list[Path]:
    """Draw the pictures and write the report of a run.

    Reads the files of the run folder and nothing else; what the folder does not hold, the report
    leaves out. The same files give the same bytes.

    Parameters
    ----------
    folder : Path
        A folder written by ``visitseg run`` or ``visitseg visits``.

    Returns
    -------
    list of Path
        What was written: ``plots/*.svg``, ``plots/*.png`` and ``report.html``.

    Raises
    ------
    InputError
        The folder is not a run folder, or one of its files is damaged.
    OutputError
        The folder cannot be written.
    """
    # Altair and Jinja cost start-up time.
    from visitseg.report import page
    from visitseg.report.charts import drawing
    from visitseg.report.figures import pictures
    from visitseg.report.folder import read

    run = read(folder)
    written: dict[Path, bytes] = {}
    for figure in pictures.pictures(run):
        svg = drawing.to_svg(figure.chart, figure.finding)
        written[folder / "plots" / f"{figure.name}.svg"] = svg.encode()
        written[folder / "plots" / f"{figure.name}.png"] = drawing.to_png(svg)
    written[folder / "report.html"] = page.html(run).encode()
    try:
        for path, content in written.items():
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
    except OSError as error:
        raise OutputError(
            f"the report cannot be written: {error.strerror}",
            where=str(folder),
            do="Make the folder writable, or copy it to a place that is.",
        ) from error
    return list(written)


def in_frame(folder: Path) -> str:
    """Return the report as HTML for a notebook: in a frame of its own, so no styles meet.

    Parameters
    ----------
    folder : Path
        A run folder. Without a report, the folder's name is all there is.
    """
    page = folder / "report.html"
    if not page.is_file():
        return escape(str(folder))
    frame = 'width="100%" height="720" style="border:0" title="visitseg report"'
    return f'<iframe srcdoc="{escape(page.read_text(encoding="utf-8"))}" {frame}></iframe>'
