"""How Sphinx renders the site. `make site` gathers the pages and calls it: see tools/website.py."""

project = "Descent"
author = "the authors of Descent"
language = "en"
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "docstrings",  # of tools/
]

# Lessons: with the outputs that they store
nb_execution_mode = "off"
nb_merge_streams = True
nb_render_markdown_format = "myst"  # of outputs: tables, and formulas
myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 4

# API: as the docstrings have it
add_module_names = False
autodoc_inherit_docstrings = False

# Looks: nothing comes over the network
html_theme = "furo"
html_title = "Descent"
html_static_path = ["static"]
html_extra_path = ["extra"]
html_css_files = ["site.css"]
html_js_files = ["site.js"]
html_copy_source = html_show_sourcelink = html_show_sphinx = html_show_copyright = False
html_theme_options = {"top_of_page_buttons": []}
pygments_style, pygments_dark_style = "a11y-high-contrast-light", "a11y-high-contrast-dark"
mathjax_path = "mathjax/tex-chtml.js"
