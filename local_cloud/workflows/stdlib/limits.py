"""What a value may take, asked before it is built: a call must not fill the machine first.

Source: reference/workflows.md 1.7: a string has at most 256 KB, all variables together 512 KB; an
element of a list takes at least 8 bytes.
"""

from typing import Any, Final

from local_cloud.workflows.engine.memory import MEMORY_BYTES_MAX, exceeded
from local_cloud.workflows.language.faults import fault
from local_cloud.workflows.language.json_text import NODES_MAX
from local_cloud.workflows.language.values import STRING_BYTES_MAX

ELEMENT_BYTES: Final = 8
_SCALAR_JSON_CHARACTERS: Final = 1


def check_text_bytes(size: int) -> None:
    """Refuse a string of `size` bytes of UTF-8, in the words for one that was built."""
    if size > STRING_BYTES_MAX:
        raise fault("ResourceLimitError", "string length limit exceeded", catchable=False)


def check_elements(count: int, bytes_each: int = ELEMENT_BYTES) -> None:
    """Refuse a list of `count` elements of at least `bytes_each`."""
    if count * bytes_each > MEMORY_BYTES_MAX:
        raise exceeded()


def check_json(value: Any, most: int, indent: tuple[str, str] | None = None) -> None:
    """Refuse a value whose JSON text has more than `most` characters for certain.

    Parts may be shared, and indentation repeats itself: what is small may be endless written out.
    """
    prefix, step = (0, 0) if indent is None else (1 + len(indent[0]), len(indent[1]))
    size = count = 0
    rest = [(value, 1)]
    while rest:
        item, depth = rest.pop()
        kind = type(item)
        if kind is str:
            size += len(item)
        elif kind is list:
            size += len(item) * (_SCALAR_JSON_CHARACTERS + prefix + depth * step)
            count += len(item)
        elif kind is dict:
            size += len(item) * (_SCALAR_JSON_CHARACTERS + prefix + depth * step)
            size += sum(map(len, item))
            count += len(item)
        if size > most or count > NODES_MAX:
            raise exceeded()
        if kind is list:
            rest += [(one, depth + 1) for one in item]
        elif kind is dict:
            rest += [(one, depth + 1) for one in item.values()]
