"""How the documentation is built: `sphinx-build --fail-on-warning --nitpicky docs build/docs`."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

import anenas

project = "anenas"
author = "the authors of anenas"
version = release = anenas.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "generated", "docstrings"]
exclude_patterns = ["_ext"]

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
suppress_warnings = ["myst.header"]  # pages that are made from code begin at a level of their own

# What has a page here must be there; types of torch and the like, and words of docstrings before a colon, have none.
nitpick_ignore_regex = [("py:.*", r"(?!anenas\.[A-Z]).*")]

autodoc_typehints = "none"
autodoc_member_order = "bysource"
napoleon_numpy_docstring = False
napoleon_use_ivar = True

smartquotes = False  # of "--data" they make a dash

html_theme = "furo"
html_title = "anenas"
html_copy_source = False
html_show_copyright = False
html_theme_options = {"navigation_with_keys": False}
html_static_path = ["_static"]
html_css_files = ["anenas.css"]
