"""The pages' templates, filled in."""

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined


def render_page(name: str, **values: Any) -> str:
    """A template of ``page/``; every value that is text is escaped.

    Args:
        name: Of the file.
        values: What it shows.
    """
    environment = Environment(
        loader=PackageLoader("gaussianmotion.export.viewer", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name).render(values)
