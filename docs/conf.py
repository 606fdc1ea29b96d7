"""How the site is built from the pages beside this file, the docstrings and the help of the commands: `make docs`, with warnings as errors."""

import sys
import tomllib
from pathlib import Path

from nbclient import NotebookClient

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "extensions"))

project = "Supple"
author = "The Supple developers"
copyright = author  # noqa: A001
release = version = tomllib.loads((HERE.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]

extensions = [
    "myst_nb",  # pages in Markdown, and notebooks as such pages, which are executed
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.mathjax",
    "sphinx_copybutton",
    "sphinx_design",
    "command_help",
    "outside_links",
    "plain_docstrings",
]
exclude_patterns = ["_build", "extensions", "**/.ipynb_checkpoints"]

# Markdown
myst_enable_extensions = ["dollarmath", "amsmath", "colon_fence", "deflist"]
myst_heading_anchors = 3

# Notebooks: each is run from beginning to end, and an exception anywhere ends the build.
nb_execution_mode = "cache"
nb_execution_raise_on_error = True
nb_execution_timeout = 1800  # seconds, of one cell, also on a busy machine
nb_execution_in_temp = True
nb_merge_streams = True
nb_output_stderr = "remove"  # progress; a command that fails is an exception


def _joining(client, nb, km=None, _made=NotebookClient.__init__, **settings):
    """What a command prints arrives in pieces, which are joined as they are: the merging above would put line breaks between them."""
    _made(client, nb, km, coalesce_streams=True, **settings)


NotebookClient.__init__ = _joining

# Docstrings: Google style; `text` in backticks is code, and links to the object if it is one.
napoleon_use_rtype = False
default_role = "py:obj"
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 90
add_module_names = False
toc_object_entries_show_parents = "hide"

html_theme = "pydata_sphinx_theme"
html_title = f"Supple {release}"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "logo": {"text": "Supple"},
    "header_links_before_dropdown": 7,
    "navbar_align": "left",
    "navbar_persistent": ["search-button"],
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
html_sidebars = {"index": [], "start": [], "faq": [], "theory": []}
