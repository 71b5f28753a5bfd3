"""What keeps somebody out of a lesson that is open in JupyterLab, as axe-core finds it."""

from axe_playwright_python.sync_playwright import Axe

from .lab import Lab

# What axe-core finds in elements of JupyterLab and ipywidgets that a lesson cannot reach.
NOT_OURS = {
    # JupyterLab shows a PNG without the alt text of its metadata (jupyter/enhancement-proposals,
    # issue 120). nbconvert and the site use that text.
    "image-alt": ".jp-RenderedImage > img",
    # ipywidgets puts a slider's label beside its handle and does not tie the two together.
    "aria-input-field-name": ".widget-slider .noUi-handle",
    # The play, pause and other buttons of ipywidgets's Play are icons without a name.
    "button-name": ".widget-play button",
    # A dropdown's arrow is a picture behind its text, and axe-core does not look behind pictures.
    # Text and ground have the theme's colours.
    "color-contrast": ".widget-dropdown > select",
}


def inaccessible(lab: Lab, *, whole: bool = True) -> list[str]:
    """Return what axe-core finds in the outputs that a lesson could do better.

    whole: the window is as tall as the lesson. Else axe-core is unsure of what is half in sight.
    """
    # JupyterLab's body has no height, and axe-core takes what lies outside of it for hidden.
    tall = lab.page.add_style_tag(content="body { height: 100vh }")
    found = Axe().run(lab.page, ".jp-OutputArea-output", options={}).response
    tall.evaluate("style => style.remove()")
    assert "color-contrast" in [rule["id"] for rule in found["passes"]], "axe-core saw no text"
    unsure = [rule for rule in found["incomplete"] if rule["id"] == "color-contrast"]
    grave = [rule for rule in found["violations"] if rule["impact"] in ("serious", "critical")]
    return [
        f"{rule['id']}: {node['html'][:200]} {node['failureSummary']}"
        for rule in grave + unsure * whole
        for node in rule["nodes"]
        if not is_not_ours(lab, rule["id"], node["target"][0])
    ]


def is_not_ours(lab: Lab, rule: str, target: str) -> bool:
    """Tell whether a lesson could not do better about the element that breaks a rule."""
    element = lab.page.locator(target)
    return rule in NOT_OURS and element.evaluate("(it, css) => it.matches(css)", NOT_OURS[rule])
