"""A hook of MkDocs: files of the repository that a page links to go into the site.

A link such as ``../../examples/rees46.toml`` leads out of ``docs/``. Where the pages are read in the
repository it works as it is; in the site the file would be missing, so it is taken along.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]
_LINK = re.compile(r"\]\((\.\./[^)#\s]+)")


def _outside(page: File) -> dict[str, Path]:
    """Return the links of a page that lead to a file outside docs/, and the file."""
    if not page.is_documentation_page() or page.abs_src_path is None:
        return {}
    source = Path(page.abs_src_path)
    targets = {link: (source.parent / link).resolve() for link in _LINK.findall(source.read_text())}
    return {
        link: path
        for link, path in targets.items()
        if path.is_file() and not path.is_relative_to(ROOT / "docs")
    }


def on_files(files: Files, config: Any) -> Files:
    for page in list(files):
        for path in _outside(page).values():
            name = f"repository/{path.relative_to(ROOT).as_posix()}"
            if files.get_file_from_path(name) is None:
                files.append(File.generated(config, name, abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    up = "../" * page.file.src_uri.count("/")
    for link, path in _outside(page.file).items():
        markdown = markdown.replace(
            f"]({link}", f"]({up}repository/{path.relative_to(ROOT).as_posix()}"
        )
    return markdown
