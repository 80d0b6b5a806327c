"""Stand-ins for the programs of others that a build calls: they note each call, and fail when told to.

`docker` answers what the build reads from it. Each is a shell script: a build makes twenty calls.
"""

from pathlib import Path

NAMES = ("docker", "trivy", "gcloud", "oras", "make", "apt-get")
DIGEST = "sha256:" + "9f" * 32
_PROGRAM = """\
#!/bin/sh
here=${0%/*}
{ printf '%s' "${0##*/}"; for word; do printf '\\t%s' "$word"; done; echo; } >>"$here/calls"
while read -r failing; do
  case "${0##*/} $*" in *$failing*) echo "told to fail: $failing" >&2; exit 1 ;; esac
done <"$here/failing"
case "${0##*/} $1 $2" in
  'docker image inspect')
    for image; do :; done
    printf 'elsewhere/other@%s\\n%s-cache@%s\\n' "$(cat "$here/digest")" "${image%:*}" "$(cat "$here/digest")"
    printf '%s@%s\\n' "${image%:*}" "$(cat "$here/digest")"
    ;;
  trivy*)
    while [ $# -gt 0 ]; do [ "$1" != --output ] || echo '{}' >"$2"; shift; done
    ;;
esac
exit 0
"""


def lay_out(folder: Path, *failing: str) -> Path:
    """Write the programs; a call that contains one of `failing` exits with 1."""
    folder.mkdir()
    for name in NAMES:
        (folder / name).write_text(_PROGRAM, "utf-8")
        (folder / name).chmod(0o755)
    (folder / "failing").write_text("".join(f"{one}\n" for one in failing), "utf-8")
    (folder / "digest").write_text(DIGEST, "utf-8")
    return folder
