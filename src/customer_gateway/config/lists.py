"""Read lists of texts: of the file as lists, of a variable as one text with commas between."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    import re


def listed(value: object, form: re.Pattern[str], expected: str) -> list[str]:
    """Return a list of texts of that form; the text of a variable has commas between them. Raises ValueError."""
    texts: Any = [text.strip() for text in value.split(",")] if isinstance(value, str) else value
    if not isinstance(texts, list | tuple):
        raise ValueError(expected)  # noqa: TRY004 - pydantic reports ValueErrors alone
    if not all(isinstance(text, str) and form.fullmatch(text) for text in cast("list[object]", texts)):
        raise ValueError(expected)
    return cast("list[str]", texts)
