"""The local cloud's command line: `up` brings it up, `status` and `explain` ask it.

Exit status: 0 after the end that was asked for, 1 when something did not work, 2 for wrong use.
"""

import argparse
import sys
from collections.abc import Callable
from typing import Any

from local_cloud.up.settings import SETTINGS, Setting, UpSettings, default_delivery


def main(arguments: list[str] | None = None) -> int:
    """Run one command."""
    given = _parser().parse_args(arguments)
    # Each command imports what it needs: asking for the status must not load a whole cloud.
    if given.command == "status":
        from local_cloud.up import status  # noqa: PLC0415

        return status.run(given.folder, as_json=given.json)
    if given.command == "explain":
        from local_cloud.up import explain  # noqa: PLC0415

        return explain.run(given.folder, given.rollout, as_json=given.json)
    from local_cloud.up import command  # noqa: PLC0415

    values = {setting.attribute: getattr(given, setting.attribute) for setting in SETTINGS}
    return command.run(UpSettings(**values))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m local_cloud", description="A Google Cloud for a laptop, with Barq in it."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="up|status|explain")
    up = commands.add_parser("up", help="bring it up and keep it until Ctrl-C")
    for setting in SETTINGS:
        _add(up, setting)
    up.set_defaults(delivery=default_delivery())
    status = commands.add_parser("status", help="what goes on in the one that is up")
    status.add_argument("--json", action="store_true", help="the status function's own answer")
    explain = commands.add_parser("explain", help="why a rollout was decided as it was")
    explain.add_argument("rollout", nargs="?", default="", metavar="ROLLOUT", help="its id")
    explain.add_argument("--json", action="store_true", help="the explain function's own answer")
    for one in (status, explain):
        _add(one, next(setting for setting in SETTINGS if setting.name == "--folder"))
    return parser


def _add(parser: argparse.ArgumentParser, setting: Setting) -> None:
    help_text = f"{setting.doc} (default: {setting.default})".replace("`", "")
    if setting.parse is None:
        parser.add_argument(setting.name, action="store_true", help=help_text)
        return
    kind = _reader(setting, setting.parse)
    value = setting.parse(setting.default)
    parser.add_argument(setting.name, type=kind, default=value, metavar="...", help=help_text)


def _reader(setting: Setting, parse: Callable[[str], Any]) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        try:
            return parse(text)
        except ValueError:
            rule = f"must be {setting.rule}, such as {setting.default}."
            raise argparse.ArgumentTypeError(f"{text!r}: {rule}") from None

    return read


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)  # Ctrl-C before anything was started.
