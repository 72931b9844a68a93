"""What holds for the package as a whole: floors, light imports, one command table."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import gokit
from gokit.__main__ import COMMANDS, main

ROOT = Path(gokit.__file__).parent
MODULES = sorted(ROOT.rglob("*.py"))

# A module imports from its own floor and those below; the first match counts.
FLOORS = {
    "gokit.go": 1,
    "gokit.storage": 1,
    "gokit.options": 1,
    "gokit.intervals": 1,
    "gokit.search": 2,
    "gokit.nn": 2,
    "gokit.selfplay": 3,
    "gokit.replay": 3,
    "gokit.played": 3,
    "gokit.lockstep": 3,
    "gokit.openings": 3,
    "gokit.resigning": 3,
    "gokit.telemetry": 3,
    "gokit.rounds": 3,
    "gokit.players": 3,
    "gokit.arena": 3,
    "gokit.ratings": 3,
    "gokit.sprt": 3,
    "gokit.runs": 3,
    "gokit.train": 4,
    "gokit.window": 4,
    "gokit.judge": 4,
    "gokit.supervised": 4,
    "gokit.supervised_run": 4,
    "gokit.gtp": 4,
    "gokit.corpus": 4,
    "gokit.experiments": 4,
    "gokit.widgets": 5,
    "gokit.plots": 5,
    "gokit.lessons": 5,
    "gokit.play": 5,
    "gokit.bench": 5,
    "gokit.studies": 5,
    "gokit.commands": 6,
    "gokit.__main__": 6,
}
# gokit/__init__ names where each public name lives and imports nothing until it is asked for.
WITHOUT_FLOOR = {"gokit"}
# Players can be outside engines, made when a player's text says so, from the floor above.
UPWARD = {("gokit.players", "gokit.gtp")}


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def floor_of(module: str) -> int:
    for prefix, floor in FLOORS.items():
        if module == prefix or module.startswith(prefix + "."):
            return floor
    raise AssertionError(f"{module} stands on no floor: add it to FLOORS")


def imports_of(path: Path, *, at_load: bool = False) -> set[str]:
    """The gokit modules a file imports: all of them, or those imported when it loads."""
    tree = ast.parse(path.read_text())
    nodes = list(ast.walk(tree))
    if at_load:
        nodes = [node for node in tree.body if not is_type_checking(node)]
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            submodules = {f"{node.module}.{alias.name}" for alias in node.names}
            known = {name_of(path) for path in MODULES}
            found |= (submodules & known) or {node.module}
    return {module for module in found if module.split(".")[0] == "gokit"}


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_imports_only_from_its_own_floor_and_below(path: Path) -> None:
    module = name_of(path)
    if module in WITHOUT_FLOOR:
        return
    upward = {
        other
        for other in imports_of(path) - WITHOUT_FLOOR
        if floor_of(other) > floor_of(module) and (module, other) not in UPWARD
    }
    assert not upward, f"{module} imports from a floor above: {sorted(upward)}"


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = {name_of(path): imports_of(path, at_load=True) for path in MODULES}
    done: set[str] = set()

    def visit(module: str, trail: tuple[str, ...]) -> None:
        assert module not in trail, " -> ".join((*trail, module))
        if module not in done:
            for other in sorted(graph.get(module, ())):
                visit(other, (*trail, module))
            done.add(module)

    for module in graph:
        visit(module, ())


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_module_is_so_long_that_it_holds_two_ideas(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 500


def loaded_after(statement: str) -> set[str]:
    code = f"{statement}; import sys; print(*sys.modules)"
    return set(subprocess.check_output([sys.executable, "-c", code], text=True).split())


def test_importing_gokit_loads_none_of_the_heavy_libraries() -> None:
    heavy = {"torch", "numba", "numpy", "matplotlib", "anywidget", "IPython", "sgfmill"}
    assert not heavy & loaded_after("import gokit")


def test_rules_and_positions_do_not_load_torch() -> None:
    assert "torch" not in loaded_after("from gokit import Position; Position().play('D4')")


@pytest.mark.parametrize("name", gokit.__all__)
def test_every_public_name_exists(name: str) -> None:
    assert getattr(gokit, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Bord'"):
        _ = gokit.Bord


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_with_an_example(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([command, "--help"])
    assert stopped.value.code == 0
    shown = capsys.readouterr().out
    assert "example:" in shown
    assert f"gokit {command}" in shown


@pytest.mark.parametrize("arguments", [[], ["no-such-command"], ["train", "--size", "nine"]])
def test_wrong_arguments_are_one_line_and_exit_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_what_the_user_got_wrong_is_one_line_and_exit_2(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["match", "random", "no-such-player", "--games", "2"]) == 2
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert len(said.strip().splitlines()) == 1
