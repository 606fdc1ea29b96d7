"""Small tables for notebooks: what `_repr_html_` of public classes returns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape


def html_table(caption: str, rows: Iterable[Sequence[str]], head: Sequence[str] = ()) -> str:
    """A table of texts, all of them escaped: names and units may come from files.

    Args:
        caption: the line above the table.
        rows: texts of the cells; the first of each row is its heading.
        head: headings of the columns; none if empty.
    """
    heading = f"<thead><tr>{''.join(f'<th>{escape(text)}</th>' for text in head)}</tr></thead>" if head else ""
    body = "".join(
        f"<tr><th style='text-align:left'>{escape(first)}</th>{''.join(f'<td>{escape(text)}</td>' for text in rest)}</tr>"
        for first, *rest in rows
    )
    title = f"<caption style='text-align:left'><b>{escape(caption)}</b></caption>"
    return f"<table>{title}{heading}<tbody>{body}</tbody></table>"
