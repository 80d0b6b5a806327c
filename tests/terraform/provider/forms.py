"""Fills in computed attributes in the form that Google gives them, from the configuration alone.

A form is a text with `{attributes}`, a function of the values so far, or a plain value. Its key is
an attribute or `block.attribute` of a block that is there once. What rests on something unknown
stays unknown; a number or a hash in a form depends on the names alone, so that it is always the
same.
"""

import string
from collections.abc import Callable, Mapping
from typing import Any

from tests.terraform.provider import forms_data, forms_google, forms_local, forms_network
from tests.terraform.provider.values import UNKNOWN, digits

Form = str | Callable[[Mapping[str, Any]], Any] | list[Any]
RESOURCES: Mapping[str, Mapping[str, Form]] = {
    **forms_google.FORMS,
    **forms_network.FORMS,
    **forms_local.FORMS,
}
DATA: Mapping[str, Mapping[str, Form]] = forms_data.FORMS


class NotKnown(Exception):
    """A form needs what nobody can tell yet."""


class _Values(dict[str, Any]):
    """The attributes for a form; asking for one that is unknown or null ends the form."""

    def __missing__(self, name: str) -> Any:
        if name == "project_number":
            return project_number(self["project"])
        raise NotKnown(name)


def project_number(project: str) -> str:
    """The number that a project has in this provider."""
    return digits(f"project {project}", 12)


def fill(kind: str, value: dict[str, Any], *, resource: bool, always: bool) -> dict[str, Any]:
    """Return the value with what is UNKNOWN filled in, as far as there is a form for it.

    Args:
        kind: The type.
        value: Its attributes.
        resource: False for a data source.
        always: False leaves unknown what the real provider cannot tell in a plan.
    """
    forms = (RESOURCES if resource else DATA).get(kind, {})
    if resource and kind.endswith("_iam_member"):
        forms = IAM_MEMBER
    if resource and kind.endswith("_iam_binding"):
        forms = {"etag": "BwYBarq0000="}
    for name, form in {**(forms if always else {}), **EVERYWHERE}.items():
        _set(value, name, form)
    return value


def _set(value: dict[str, Any], name: str, form: Form) -> None:
    holder = value
    *blocks, last = name.split(".")
    for block in blocks:
        inner = holder.get(block)
        if not (isinstance(inner, list) and len(inner) == 1):
            return
        holder = inner[0]
    if last in holder and holder[last] is UNKNOWN:
        holder[last] = _evaluated(form, value)


def _evaluated(form: Form, value: Mapping[str, Any]) -> Any:
    known = _Values({k: v for k, v in value.items() if v is not None and v is not UNKNOWN})
    try:
        if isinstance(form, str):
            return string.Formatter().vformat(form, (), known)
        return form(known) if callable(form) else form
    except NotKnown:
        return UNKNOWN


def _resource_of(value: Mapping[str, Any]) -> str:
    """What a grant is on: the first attribute that is not about the grant itself."""
    about = {"role", "member", "project", "location", "region", "etag", "id", "condition"}
    names = sorted(name for name in value if name not in about)
    return str(value[names[0]] if names else value["project"])


IAM_MEMBER: Mapping[str, Form] = {
    "id": lambda v: f"{_resource_of(v)}/{v['role']}/{v['member']}",
    "etag": "BwYBarq0000=",
}


def _labels(value: Mapping[str, Any]) -> Any:
    return value.get("labels", {})


# The real provider knows these in a plan.
EVERYWHERE: Mapping[str, Form] = {
    "effective_labels": _labels,
    "terraform_labels": _labels,
    "effective_annotations": lambda v: v.get("annotations", {}),
}
