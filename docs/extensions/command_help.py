"""The directive `command-help`: what a command prints for `--help`, so that the page cannot differ from the program."""

from __future__ import annotations

from typing import Any, ClassVar

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from typer.main import get_command

from supple.cli.main import GROUPS, app

#: Columns of the text.
_WIDTH = 80


def help_of(name: str) -> str:
    """The help of a command."""
    group: Any = get_command(app)
    command = group.commands[name]
    context = command.make_context(f"supple {name}", ["--help"], resilient_parsing=True, max_content_width=_WIDTH)
    context.terminal_width = _WIDTH
    return str(command.get_help(context)).strip()


class CommandHelp(SphinxDirective):
    """A section for each command under a heading of `supple --help`."""

    required_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar[dict[str, Any]] = {}

    def run(self) -> list[nodes.Node]:
        """Sections with literal blocks."""
        heading = self.arguments[0]
        if heading not in GROUPS:
            raise self.error(f"There is no heading '{heading}' in supple --help.")
        sections: list[nodes.Node] = []
        for function in GROUPS[heading]:
            name = function.__name__
            section = nodes.section(ids=[f"supple-{name}"], names=[f"supple {name}"])
            section += nodes.title(text=f"supple {name}")
            block = nodes.literal_block(text=help_of(name), language="text", classes=["help"])
            section += block
            self.state.document.note_explicit_target(section)
            sections.append(section)
        return sections


def setup(app: Sphinx) -> dict[str, Any]:
    """Add the directive."""
    app.add_directive("command-help", CommandHelp)
    return {"parallel_read_safe": True}
