"""Every command that a document tells to type exists. Each check is tried on a planted breach."""

import importlib.util
import json
import re
from pathlib import Path

import pytest
import yaml

from rollouts.announcements import ByHand, parse_announcement
from rollouts.delivery_file import parse_delivery
from rollouts.errors import BarqError
from tests.docs import gcloud_tree
from tests.docs.commands import Command, commands
from tests.docs.documents import documents

ROOT = Path(__file__).parents[2]
TOLD = gcloud_tree.told()
CUT = json.loads(gcloud_tree.CUT.read_text("utf-8"))
TERRAFORM = {
    "init": {"-upgrade"}, "apply": {"-target"}, "plan": set(), "destroy": set(), "import": set(),
    "output": {"-json", "-raw"}, "state rm": set(), "fmt": {"-check", "-recursive"},
    "validate": set(), "test": set(),
}  # fmt: skip
"""Source: `terraform -help` of 1.11."""
CURL = {"-s", "-S", "-sS", "-H", "-d", "-X", "-o", "-fsSL"}


def wrong_gcloud(command: Command) -> str:
    path: list[str] = []
    words = list(command.words[1:])
    while words and " ".join([*path, words[0]]) in CUT["commands"]:
        path.append(words.pop(0))
    flags = CUT["commands"].get(" ".join(path))
    bare = command.inline and not [word for word in words if word != "..."]
    if flags is None or (flags == "group" and not bare):
        return f"gcloud has no {' '.join(command.words[1:4])}"
    known = {*CUT["everywhere"], *(() if flags == "group" else flags)}
    given = [word.partition("=")[0] for word in words if word.startswith("--")]
    unknown = [one for one in given if not {one, one.replace("--no-", "--")} & known]
    return f"gcloud {' '.join(path)} has no {unknown[0]}" if unknown else ""


def wrong_terraform(command: Command) -> str:
    words = [word for word in command.words[1:] if not word.startswith("-chdir=")]
    for word in command.words[1:]:
        folder = ROOT / word.removeprefix("-chdir=")
        if word.startswith("-chdir=") and not list(folder.glob("*.tf")):
            return f"{word} is no folder of Terraform's"
    verb = " ".join(words[:2]) if words[:1] == ["state"] else "".join(words[:1])
    if verb not in TERRAFORM:
        return f"terraform has no {verb}"
    flags = {word.partition("=")[0] for word in words if word.startswith("-")}
    if flags - TERRAFORM[verb]:
        return f"terraform {verb} has no {flags - TERRAFORM[verb]}"
    rest = [word for word in words[len(verb.split()) :] if not word.startswith("-")]
    if verb == "output" and rest and rest[0] not in declared("output"):
        return f"no environment has the output {rest[0]}"
    modules = {name for word in rest for name in re.findall(r"module\.(\w+)", word)}
    return f"no module {modules - declared('module')}" if modules - declared("module") else ""


def declared(kind: str) -> set[str]:
    """Return the names of a kind of block in the environments, and what they are made of."""
    pattern = re.compile(rf'^{kind} "(\w+)"', re.MULTILINE)
    files = [
        *ROOT.glob("terraform/environments/*/*.tf"),
        *ROOT.glob("terraform/modules/environment/*.tf"),
    ]
    return {name for file in files for name in pattern.findall(file.read_text("utf-8"))}


def wrong_make(command: Command) -> str:
    text = (ROOT / "Makefile").read_text("utf-8")
    verbs = set(re.findall(r"^([a-z-]+):", text, re.MULTILINE))
    for word in command.words[1:]:
        name, assigned, _ = word.partition("=")
        there = f"$({name})" in text or f"$(if $({name})" in text if assigned else name in verbs
        if not there:
            return f"make has no {name}"
    return ""


def wrong_python(command: Command) -> str:
    words = command.words[1:]
    if words[:1] != ("-m",) or len(words) == 1:
        there = not words or words[0].startswith("-") or (ROOT / words[0]).is_file()
        return "" if there else f"{words[0]} is not there"
    try:
        found = importlib.util.find_spec(words[1])
    except ModuleNotFoundError:
        found = None
    return "" if found else f"Python has no module {words[1]}"


def wrong_curl(command: Command) -> str:
    flags = {word for word in command.words[1:] if word.startswith("-")}
    return f"curl with {flags - CURL} was not looked up" if flags - CURL else ""


def wrong(command: Command) -> str:
    checks = {
        "gcloud": wrong_gcloud, "terraform": wrong_terraform, "make": wrong_make,
        "python": wrong_python, "curl": wrong_curl,
    }  # fmt: skip
    return checks[command.words[0]](command)


def wrong_argument(command: Command) -> str:
    """Read what the workflow `rollout` is started with as `plan` does."""
    started = command.words[:4] in {
        ("gcloud", "workflows", verb, "rollout") for verb in ("run", "execute")
    }
    given = [word for word in command.words if word.startswith("--data=")]
    if not started or not given:
        return ""
    text = given[0].removeprefix("--data=")
    text = re.sub(r"sha256:(DIGEST|\.\.\.)", "sha256:" + "0" * 64, text)
    text = text.replace("HOST/P/R/NAME", "europe-west1-docker.pkg.dev/p/r/name")
    text = text.replace('"NAME"', '"fleet-00042-abc"')
    try:
        read = parse_announcement(json.loads(text))
    except (BarqError, ValueError) as error:
        return f"{text}: {error}"
    return "" if isinstance(read, ByHand) else f"{text} is no act of a person's"


def test_every_command_exists_with_its_flags():
    broken = [f"{command}: {why}" for command in TOLD if (why := wrong(command))]

    assert len(TOLD) > 200
    assert not broken, "commands that there are none of:\n" + "\n".join(broken)


def test_every_argument_of_the_workflow_is_what_plan_reads():
    broken = [
        f"{command.document.name}: {why}" for command in TOLD if (why := wrong_argument(command))
    ]

    assert not broken, "arguments that plan refuses:\n" + "\n".join(broken)


def test_the_cut_of_gcloud_is_what_its_own_tree_says():
    folder = gcloud_tree.sdk()
    if folder is None:
        pytest.skip("no gcloud here to compare its tree with the cut")

    there = gcloud_tree.cut(folder, TOLD)

    if there["sdk"] == CUT["sdk"]:
        assert there == CUT, "make it anew: python -m tests.docs.gcloud_tree"
    else:
        assert there["commands"].keys() == CUT["commands"].keys()


def test_snippets_of_delivery_yaml_are_read():
    snippets = [
        text
        for page in documents(ROOT)
        for text in re.findall(
            r"^```yaml delivery\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL
        )
    ]

    assert snippets
    for text in snippets:
        parse_delivery(yaml.safe_load(text))


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("gcloud workflows start rollout", "gcloud has no workflows start rollout"),
        ("gcloud workflows run rollout --region=r", "gcloud workflows run has no --region"),
        ("gcloud workflows executions", ""),
        ("terraform -chdir=terraform/nowhere apply", "-chdir=terraform/nowhere is no folder"),
        ("terraform deploy", "terraform has no deploy"),
        ("terraform output adress", "no environment has the output adress"),
        ("terraform state rm module.bark", "no module {'bark'}"),
        ("make tests", "make has no tests"),
        ("make up OPTIONS=x", "make has no OPTIONS"),
        ("python -m local_clouds up", "Python has no module local_clouds"),
        ("python -m tests.none.at_all", "Python has no module tests.none.at_all"),
        ("curl --insecure URL", "curl with {'--insecure'} was not looked up"),
    ],
)
def test_a_command_that_is_not_there_is_told(tmp_path, line, why):
    page = tmp_path / "page.md"
    page.write_text(f"Type `{line}` now.\n")

    (command,) = commands(page)

    assert wrong(command).startswith(why)
    assert bool(wrong(command)) == bool(why)


@pytest.mark.parametrize(
    "argument",
    ['{"action": "rollback"}', '{"action": "stop", "service": "fleet", "target": "production"}',
     '{"action": "status", "service": "fleet", "targets": "x"}', "{action: status}"],
)  # fmt: skip
def test_an_argument_that_plan_refuses_is_told(tmp_path, argument):
    page = tmp_path / "page.md"
    page.write_text(f"```bash\ngcloud workflows run rollout --data='{argument}'\n```\n")

    (command,) = commands(page)

    assert wrong_argument(command)


def test_commands_are_found_where_readers_find_them(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "`make up`\n\n    $ terraform plan \\\n        -refresh\n    says much\n\n```bash\n"
        'X=$(gcloud projects list) && curl "$X"  # see\nprintf %s "$U" | gcloud secrets list\n```\n'
    )

    assert sorted(" ".join(command.words) for command in commands(page)) == [
        "curl $X", "gcloud projects list", "gcloud secrets list", "make up",
        "terraform plan -refresh",
    ]  # fmt: skip


def roles(text: str) -> set[str]:
    return set(re.findall(r"roles/[A-Za-z.]+", text))


def test_the_guide_lists_the_roles_of_who_applies():
    guide = (ROOT / "docs/DEPLOYMENT_GUIDE.md").read_text("utf-8")
    whole = (ROOT / "terraform/README.md").read_text("utf-8")
    part = (ROOT / "terraform/modules/environment/README.md").read_text("utf-8")
    listed = guide.partition("### Who applies")[2].partition("### APIs")[0]
    delivery, _, environments = listed.partition("In **staging's and production's**")
    asked = whole.partition("## Who applies")[2].partition("| elsewhere")[0]

    assert roles(delivery) == roles(asked)
    assert roles(part.partition("**Who applies**")[2]) <= roles(environments)


def test_the_example_of_costs_adds_up():
    guide = (ROOT / "docs/DEPLOYMENT_GUIDE.md").read_text("utf-8")
    sums = re.findall(r"\| `([0-9.*+() -]+)` \| ([0-9.]+) \|", guide)

    assert len(sums) == 10
    for sum_, told in sums:
        assert round(eval(sum_), 2) == float(told), sum_
