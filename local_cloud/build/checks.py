"""What Cloud Build itself refuses of a build before it is queued.

Source for each text: the issue beside it, where a user met it.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from local_cloud.kit.errors import Refused

# Source: https://cloud.google.com/build/docs/api/reference/rest/v1/projects.builds#Build
_FIELDS: Final = frozenset(
    {
        *("steps", "source", "images", "artifacts", "timeout", "queueTtl", "logsBucket"),
        *("options", "substitutions", "tags", "secrets", "serviceAccount", "availableSecrets"),
        *("dependencies", "gitConfig"),
    }
)
_OWN_KEY: Final = re.compile(r"_[A-Z0-9_]+")
# Source: https://cloud.google.com/build/docs/configuring-builds/substitute-variable-values
_BUILT_IN: Final = frozenset(
    {"BRANCH_NAME", "COMMIT_SHA", "REPO_NAME", "REVISION_ID", "SHORT_SHA", "TAG_NAME"}
)
_LOGGING: Final = ("CLOUD_LOGGING_ONLY", "NONE")
TOPIC: Final = re.compile(r"projects/[^/]+/topics/[^/]+")


def check(document: Any) -> dict[str, Any]:
    """Return a build that may be queued. Raises Refused(INVALID_ARGUMENT)."""
    if not isinstance(document, dict):
        raise _invalid("Invalid value at 'build': expected an object.")
    for name in document:
        if name not in _FIELDS:
            raise _invalid(
                f"Invalid JSON payload received. Unknown name \"{name}\" at 'build':"
                " Cannot find field."
            )
    # JSON's null is a field that is not set.
    given: dict[str, Any] = {name: one for name, one in document.items() if one is not None}
    for name in ("options", "substitutions"):
        if not isinstance(given.get(name, {}), dict):
            raise _invalid(f"Invalid value at 'build.{name}': expected an object.")
    steps = given.get("steps")
    if not isinstance(steps, list) or not steps or not all(map(_is_step, steps)):
        raise _invalid("invalid build: no build steps are specified")
    options = given.get("options", {})
    _check_account(given, options)
    _check_substitutions(given, options)
    topic = options.get("pubsubTopic")
    if topic is not None and not TOPIC.fullmatch(str(topic)):
        raise _invalid(f'invalid build: invalid pubsub topic "{topic}"')
    return given


def _is_step(step: Any) -> bool:
    return isinstance(step, dict) and bool(step.get("name"))


def _check_account(document: Mapping[str, Any], options: Mapping[str, Any]) -> None:
    """Refuse an own account without a place for its logs.

    Source: https://github.com/cert-manager/cert-manager/pull/8851
    """
    if not document.get("serviceAccount") or document.get("logsBucket"):
        return
    own_bucket = options.get("defaultLogsBucketBehavior") == "REGIONAL_USER_OWNED_BUCKET"
    if options.get("logging") not in _LOGGING and not own_bucket:
        raise _invalid(
            "if 'build.service_account' is specified, the build must either (a) specify"
            " 'build.logs_bucket', (b) use the REGIONAL_USER_OWNED_BUCKET"
            " build.options.default_logs_bucket_behavior option, or (c) use either"
            " CLOUD_LOGGING_ONLY / NONE logging options"
        )


def _check_substitutions(document: Mapping[str, Any], options: Mapping[str, Any]) -> None:
    """Refuse keys of others' form, and keys that nothing in the build names.

    Source: https://github.com/GoogleCloudPlatform/cortex-data-foundation/issues/21 and
    https://github.com/kubernetes/release/issues/724
    """
    given = document.get("substitutions", {})
    for key in given:
        if not _OWN_KEY.fullmatch(key) and key not in _BUILT_IN:
            raise _invalid(
                f'invalid build: invalid .substitutions field: substitution key "{key}" does not'
                ' respect format "^_[A-Z0-9_]+$" and is not an overridable built-in substitutions'
            )
    if options.get("substitutionOption") == "ALLOW_LOOSE":
        return
    template = str({name: one for name, one in document.items() if name != "substitutions"})
    unmatched = [key for key in given if key.startswith("_") and key not in template]
    if unmatched:
        told = "; ".join(
            f'key "{key}" in the substitution data is not matched in the template'
            for key in unmatched
        )
        raise _invalid(f"invalid build: {told}")


def _invalid(message: str) -> Refused:
    return Refused("INVALID_ARGUMENT", message)
