"""What log-based metrics and log conditions take out of a log entry.

Source: https://cloud.google.com/logging/docs/reference/v2/rest/v2/projects.metrics#LogMetric
(`valueExtractor`): EXTRACT(field) or REGEXP_EXTRACT(field, "one group").
"""

import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from local_cloud.kit.errors import Refused

_EXTRACT: Final = re.compile(r"EXTRACT\(\s*([A-Za-z_@][\w.@-]*)\s*\)")
_REGEXP: Final = re.compile(
    r"REGEXP_EXTRACT\(\s*([A-Za-z_@][\w.@-]*)\s*,\s*(?:\"((?:[^\"\\]|\\.)*)\"|'([^']*)')\s*\)"
)


@dataclass(frozen=True, slots=True)
class Extractor:
    path: tuple[str, ...]
    pattern: re.Pattern[str] | None = None

    def text(self, entry: Mapping[str, Any]) -> str | None:
        """Return what stands at the path, or the pattern's group in it; None: nothing."""
        found: Any = entry
        for name in self.path:
            found = found.get(name) if isinstance(found, Mapping) else None
        if found is None or isinstance(found, Mapping | list):
            return None
        text = str(found).lower() if isinstance(found, bool) else str(found)
        if self.pattern is None:
            return text
        match = self.pattern.search(text)
        return match[1] if match else None


def extractor(text: str) -> Extractor:
    """Read an expression. Raises Refused(INVALID_ARGUMENT)."""
    if plain := _EXTRACT.fullmatch(text.strip()):
        return Extractor(tuple(plain[1].split(".")))
    found = _REGEXP.fullmatch(text.strip())
    pattern = _compiled(found[2] or found[3] or "") if found else None
    if found is None or pattern is None or pattern.groups != 1:
        raise Refused(
            "INVALID_ARGUMENT",
            f"Extractor {text!r}: must be EXTRACT(field) or REGEXP_EXTRACT(field, regex) with one"
            " group, such as EXTRACT(resource.labels.revision_name).",
        )
    return Extractor(tuple(found[1].split(".")), pattern)


def _compiled(pattern: str) -> re.Pattern[str] | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return re.compile(pattern.replace("\\\\", "\\"))
    except (re.error, OverflowError, RecursionError):
        return None
