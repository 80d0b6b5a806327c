"""The arrows of DESIGN.md, "Folders", and the words that must not stand in some of them.

A rule takes a tree of folders, parses its sources (it imports nothing), and returns what breaks
it. `test_import_rules.py` holds the repository to these rules, and the rules to planted breaches.
"""

import ast
import functools
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


HANDLERS = _names(
    "plan deploy verify approve shift_traffic check_metrics rollback status explain notify sweep"
)
PURE_MODULES = _names(
    "__future__ abc base64 binascii bisect collections collections.abc copy dataclasses datetime decimal enum"
    " fractions functools hashlib heapq itertools json math operator re statistics string textwrap"
    " types typing urllib.parse zlib zoneinfo"
)
ENVIRONMENT = _names("environ environb getenv getenvb")
WORLDLY_BUILTINS = _names("open input print eval exec __import__ breakpoint")
# Wall clocks and sleep. `time.monotonic` is free: it measures a duration and tells no time.
CLOCKS = _names(
    "datetime.datetime.now datetime.datetime.utcnow datetime.datetime.today datetime.date.today"
    " time.time time.time_ns time.sleep time.gmtime time.localtime"
)
# Where the real clock may be read. Everything else is given its time.
CLOCK_EDGES = (
    "functions/gcp/*.py",
    "local_cloud/kit/scheduler.py",
    "local_cloud/fronts/*",
    "local_cloud/run/proxy.py",
    "local_cloud/sql/process.py",
    "local_cloud/up/*",
    "health_service/__main__.py",
    "benchmarks/*",
    "demo/*",
)
ELSEWHERE = re.compile(
    r"(?<![a-z])(local|localhost|laptop|loopback)(?![a-z])|127\.0\.0\.1|\[?::1\b", re.IGNORECASE
)


@dataclass(frozen=True)
class Source:
    """A parsed file; `path` is relative to the tree, with slashes."""

    path: str
    tree: ast.Module

    @property
    def package(self) -> list[str]:
        return self.path.split("/")[:-1]

    def at(self, node: ast.AST, what: str) -> str:
        return f"{self.path}:{getattr(node, 'lineno', 1)}: {what}"


@functools.cache
def _tree(text: str) -> ast.Module:
    """Each rule reads the same files, and no rule changes a tree."""
    return ast.parse(text)


def sources(root: Path, folder: str) -> list[Source]:
    return [
        Source(path.relative_to(root).as_posix(), _tree(path.read_text("utf-8")))
        for path in sorted((root / folder).rglob("*.py"))
    ]


def imports(source: Source) -> Iterator[tuple[ast.AST, str]]:
    """Yield every imported module by its full name, also the dynamic ones that are spelt out.

    `from a import b` yields `a` and `a.b`: `b` may be a module.
    """
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _base(source, node)
            yield node, base
            yield from ((node, f"{base}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Call) and _called(node) in ("import_module", "__import__"):
            named = [_text(value) for value in node.args[:1]]
            yield from ((node, name) for name in named if name)


def _base(source: Source, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    package = source.package[: len(source.package) - node.level + 1]
    return ".".join([*package, *([node.module] if node.module else [])])


def _called(call: ast.Call) -> str:
    function = call.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def ours(name: str) -> str:
    """Return a module's name without `functions.`: both spellings mean the same file."""
    return name.removeprefix("functions.")


def is_in(name: str, roots: frozenset[str] | set[str]) -> bool:
    return name.partition(".")[0] in roots


def forbidden_imports(
    root: Path, folder: str, forbidden: Callable[[str], bool], rule: str
) -> list[str]:
    found = {
        source.at(node, f"imports {name}; {rule}"): None
        for source in sources(root, folder)
        for node, name in imports(source)
        if forbidden(name)
    }
    # `from a import b` is told once, by its shorter name.
    return [one for one in found if not any(one != other and _same(one, other) for other in found)]


def _same(longer: str, shorter: str) -> bool:
    place, _, name = longer.partition("; ")[0].partition(": imports ")
    other_place, _, other = shorter.partition("; ")[0].partition(": imports ")
    return place == other_place and name.startswith(other + ".")


# The rules: each returns a list of "path:line: what is wrong; what the rule is".


def core_imports(root: Path) -> list[str]:
    """`functions/rollouts` imports itself and pure modules of the standard library."""

    def forbidden(name: str) -> bool:
        if is_in(ours(name), {"rollouts"}):
            return False
        parts = name.split(".")
        # The part behind a pure module is a name in it, such as `dataclasses.field`.
        return name not in PURE_MODULES and ".".join(parts[:-1]) not in PURE_MODULES

    rule = "the core imports only itself and the pure modules listed in this test"
    return forbidden_imports(root, "functions/rollouts", forbidden, rule)


def core_builtins(root: Path) -> list[str]:
    """`functions/rollouts` calls no builtin that touches the world."""
    return [
        source.at(node, f"uses {node.id}(); the core does no I/O and evaluates no text")
        for source in sources(root, "functions/rollouts")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
        if node.id in WORLDLY_BUILTINS
    ]


def effects_import_no_handler(root: Path) -> list[str]:
    """Below `functions/`, only the handlers themselves import handlers."""
    handlers = HANDLERS | {path.stem for path in (root / "functions").glob("*.py")}
    folders = [path.name for path in sorted((root / "functions").glob("*/")) if path.is_dir()]
    rule = "only a handler may import a handler; move what both need into rollouts/ or gcp/"
    return [
        found
        for folder in folders
        for found in forbidden_imports(
            root, f"functions/{folder}", lambda name: is_in(ours(name), handlers), rule
        )
    ]


def functions_stand_on_their_own(root: Path) -> list[str]:
    """`functions/` is what is uploaded: nothing beside it exists where it runs."""
    others = {"local_cloud", "health_service", "benchmarks", "demo", "tools", "tests"}
    rule = "only functions/ is uploaded, so nothing beside it can be imported"
    return forbidden_imports(root, "functions", lambda name: is_in(name, others), rule)


def local_cloud_imports(root: Path) -> list[str]:
    """An emulator that shares code with its client agrees with the client's mistakes."""
    others = {"functions", "rollouts", "gcp", "health_service", *HANDLERS}
    rule = "the local cloud shares no code with what it runs"
    return forbidden_imports(root, "local_cloud", lambda name: is_in(name, others), rule)


def health_service_imports(root: Path) -> list[str]:
    """`health_service/` is an image's whole content."""
    others = {"functions", "rollouts", "gcp", "local_cloud", "benchmarks", "demo", "tests"}
    rule = "health_service stands alone"
    return forbidden_imports(
        root, "health_service", lambda name: is_in(name, others | HANDLERS), rule
    )


def mountable_health_imports(root: Path) -> list[str]:
    """Others mount `health_service/health` in services of their own, so it drags nothing along."""
    free = sys.stdlib_module_names | {"psutil", "jwt"}
    rule = "the health package is mounted elsewhere: only psutil, PyJWT and itself"

    def foreign(name: str) -> bool:
        return not is_in(name, free) and not f"{name}.".startswith("health_service.health.")

    return forbidden_imports(root, "health_service/health", foreign, rule)


def clocks(root: Path) -> list[str]:
    """The clock is read at the edges only, under whatever name it was imported."""
    return [
        source.at(node, f"uses {name}; take the time as an argument, or list the file as an edge")
        for folder in ("functions", "local_cloud", "health_service", "benchmarks", "demo")
        for source in sources(root, folder)
        if not any(fnmatch(source.path, edge) for edge in CLOCK_EDGES)
        for node, name in _clock_uses(source)
    ]


def _clock_uses(source: Source) -> Iterator[tuple[ast.AST, str]]:
    names = _imported_names(source.tree)
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ImportFrom) and node.module in ("time", "datetime"):
            yield from ((node, f"{node.module}.*") for alias in node.names if alias.name == "*")
        elif isinstance(node, ast.expr):
            name = _dotted(node, names)
            if name in CLOCKS:
                yield node, name


def _imported_names(tree: ast.Module) -> dict[str, str]:
    """Return what each name in a module stands for, as far as imports and plain aliases say."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                # `import a.b` binds `a`; `import a.b as c` binds `a.b`.
                first = alias.name.split(".")[0]
                names[alias.asname or first] = alias.name if alias.asname else first
        elif isinstance(node, ast.ImportFrom) and not node.level:
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            target, value = node.targets[0], _dotted(node.value, names)
            if (
                isinstance(target, ast.Name)
                and value
                and value.split(".")[0] in ("time", "datetime")
            ):
                names[target.id] = value
    return names


def _dotted(node: ast.expr, names: dict[str, str]) -> str:
    if isinstance(node, ast.Name):
        return names.get(node.id, "")
    if isinstance(node, ast.Attribute):
        base = _dotted(node.value, names)
        return f"{base}.{node.attr}" if base else ""
    if isinstance(node, ast.Call) and _called(node) == "getattr" and len(node.args) > 1:
        base = _dotted(node.args[0], names)
        return f"{base}.{_text(node.args[1])}" if base else ""
    return ""


def _text(node: ast.AST) -> str:
    """Return the value of a string written out, also one that is added up from pieces."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _text(node.left) + _text(node.right)
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) for part in node.values)
    return ""


def functions_know_no_other_place(root: Path) -> list[str]:
    """No name and no string of the functions' code speaks of where else it might run.

    A branch needs a name or a string to branch on. Docstrings and comments are prose and free;
    a message that would say "local time" has to find another word.
    """
    return [
        source.at(node, f"says {word!r}; the functions must not know where they run")
        for source in sources(root, "functions")
        for node, word in _words(source.tree)
        if ELSEWHERE.search(word.replace("_", " "))
        or ELSEWHERE.search(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", word))
    ]


def functions_read_the_environment_in_one_place(root: Path) -> list[str]:
    """What code could branch on comes in at `gcp/world.py`, as values with names of their own."""
    rule = (
        "only gcp/world.py reads the environment, and gcp/environment.py says what may stand in it"
    )
    return [
        source.at(node, f"uses os.{name}; {rule}")
        for source in sources(root, "functions")
        if source.path != "functions/gcp/world.py"
        for node, name in _environment_uses(source.tree)
    ]


def _environment_uses(tree: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in ENVIRONMENT:
            yield node, node.attr
        elif isinstance(node, ast.ImportFrom) and node.module == "os":
            names = [alias.name for alias in node.names]
            yield from ((node, name) for name in names if name in (*ENVIRONMENT, "*"))
        elif isinstance(node, ast.Call) and _called(node) == "getattr" and len(node.args) > 1:
            yield from ((node, name) for name in [_text(node.args[1])] if name in ENVIRONMENT)


def _words(tree: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    """Yield every identifier and every string of the code, without bare strings (docstrings)."""
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) in prose:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, bytes):
            yield node, node.value.decode("latin-1")
        for field in ("id", "attr", "arg", "name", "asname", "module"):
            value = getattr(node, field, None)
            if isinstance(value, str):
                yield node, value
        if text := _text(node):
            yield node, text


def words_in_files(root: Path, folders: tuple[str, ...], words: str, rule: str) -> list[str]:
    pattern = re.compile(words, re.IGNORECASE)
    return [
        f"{path.relative_to(root).as_posix()}:{number}: says {found.group()!r}; {rule}"
        for folder in folders
        for path in sorted((root / folder).rglob("*"))
        if path.is_file() and path.suffix != ".pyc"
        for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), 1)
        if (found := pattern.search(f"{path.name if number == 1 else ''} {line}"))
    ]


def functions_name_no_emulator(root: Path) -> list[str]:
    """Also in prose: what explains itself by the emulator has been bent for it."""
    rule = "the functions run unchanged everywhere and know of no emulator"
    return words_in_files(root, ("functions",), r"local[_ -]?cloud|emulat", rule)


def nothing_names_the_example(root: Path) -> list[str]:
    """The worked example is delivered by Barq; it is no part of it."""
    rule = "the example's name belongs into delivery.yaml, health_service/, tests and docs"
    return words_in_files(root, ("functions", "workflows", "local_cloud"), "fleet", rule)


Rule = Callable[[Path], list[str]]
RULES: tuple[Rule, ...] = (
    core_imports,
    core_builtins,
    effects_import_no_handler,
    functions_stand_on_their_own,
    local_cloud_imports,
    health_service_imports,
    mountable_health_imports,
    clocks,
    functions_know_no_other_place,
    functions_read_the_environment_in_one_place,
    functions_name_no_emulator,
    nothing_names_the_example,
)
