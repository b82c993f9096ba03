"""The checks are checked: what each exists for is planted, and seen caught."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from blockbuster import BlockingError

import platos

ROOT = Path(__file__).resolve().parent.parent
CI = ROOT / ".ci"


def as_if_in(file: Path, source: str) -> None:
    """Run a line as though it stood in `file`."""
    exec(compile(source, str(file), "exec"))


async def test_our_code_may_not_block_the_loop() -> None:
    with pytest.raises(BlockingError, match=r"time\.sleep"):
        as_if_in(Path(platos.__file__).with_name("planted.py"), "import time; time.sleep(0)")


async def test_a_test_may_block_its_own_loop() -> None:
    as_if_in(Path(__file__), "import time; time.sleep(0)")


def test_our_code_may_block_where_no_loop_runs() -> None:
    as_if_in(Path(platos.__file__).with_name("planted.py"), "import time; time.sleep(0)")


@pytest.fixture(scope="module")
def shape() -> dict[str, Any]:
    return runpy.run_path(str(CI / "shape.py"))


def test_a_function_is_as_long_as_its_lines(shape: dict[str, Any]) -> None:
    source = "class A:\n    def one(self): return 1\n\nasync def two():\n    return (\n        2\n    )\n"
    assert sorted(shape["function_lengths"](source)) == [1, 4]


def test_the_ninth_decile_is_what_nine_in_ten_stay_within(shape: dict[str, Any]) -> None:
    assert shape["ninth_decile"]([*range(1, 10), 99]) == 9
    assert shape["ninth_decile"]([7]) == 7


@pytest.mark.parametrize(
    ("imports", "cycles"),
    [
        ({"a": {"b"}, "b": {"c"}, "c": set()}, 0),
        ({"a": {"b"}, "b": {"c"}, "c": {"a"}}, 1),
        ({"a": {"b"}, "b": {"a"}, "c": {"d"}, "d": {"c"}}, 2),
    ],
)
def test_import_cycles_are_counted(shape: dict[str, Any], imports: dict[str, set[str]], cycles: int) -> None:
    assert shape["count_cycles"](imports) == cycles


def pth_check(environment: Path) -> tuple[int, str]:
    command = [sys.executable, "-S", str(CI / "pth.py"), str(environment)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def test_an_environment_with_the_usual_pth_files_passes(tmp_path: Path) -> None:
    (tmp_path / "_virtualenv.pth").write_text("import _virtualenv\n")
    (tmp_path / "_editable_impl_platos.pth").write_text("somewhere\n")
    assert pth_check(tmp_path) == (0, "2 .pth files, all of them expected\n")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("litellm_init.pth", "import os\n"),
        ("_editable_impl_platos.pth", "somewhere\nimport os\n"),
        ("_virtualenv.pth", "import _virtualenv; import os\n"),
    ],
)
def test_a_pth_file_that_nobody_expects_is_caught(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    code, said = pth_check(tmp_path)
    assert (code, said.split()[0]) == (1, name)


def clean_check(folder: Path, *names: str) -> tuple[int, str]:
    command = [sys.executable, str(CI / "clean.py")]
    done = subprocess.run(command, cwd=folder, input="\0".join(names), capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


PLANTED = ["/" + "home/ada/notes", "see (/" + "root/x)", "https://py" + "pi.org/simple", "--index" + "-url https://x.y"]


@pytest.mark.parametrize("line", PLANTED)
def test_a_machines_folder_or_a_registry_is_caught(tmp_path: Path, line: str) -> None:
    (tmp_path / "notes.md").write_text(f"fine\n{line}\n")
    code, said = clean_check(tmp_path, "notes.md")
    assert code == 1
    assert said.startswith("notes.md:2 names a ")


@pytest.mark.parametrize("line", ["~/" + "work/x", "https://example.org/home/ada", "platos/" + "work/x.py", "/tmp/x"])
def test_an_ordinary_path_is_not(tmp_path: Path, line: str) -> None:
    (tmp_path / "notes.md").write_text(line)
    assert clean_check(tmp_path, "notes.md")[0] == 0


def test_the_summary_counts_checks_by_folder_and_sums_their_cases() -> None:
    conftest = runpy.run_path(str(ROOT / "tests" / "conftest.py"))
    reports = [
        _report("tests/core/test_a.py::test_a", ("cases", ("crashes", 40))),
        _report("tests/core/test_a.py::test_b", ("cases", ["crashes", 2]), ("other", 1)),
        _report("tests/test_c.py::test_c"),
    ]
    assert conftest["checks_by_kind"](reports) == {"core": 2, "repository": 1}
    assert conftest["cases_by_kind"](reports) == {"crashes": 42}


def _report(name: str, *properties: Any) -> pytest.TestReport:
    return pytest.TestReport(name, ("", 0, ""), {}, "passed", None, "call", user_properties=properties)


LITTLE = {
    "pyproject.toml": "[tool.pytest.ini_options]\naddopts = \"-m 'not exhaustive'\"\ntestpaths = ['tests']\n"
    "markers = ['exhaustive: all']\n",
    "tests/test_little.py": "def test_a_little(record_cases):\n    record_cases('crash', 11)\n",
}
"""A project whose tests go through too few cases."""


@pytest.mark.parametrize(
    ("asked", "said", "code"),
    [((), ("crash 11 of 12", "bit flips 0 of 20"), 1), (("tests/test_little.py",), (), 0), (("-k", "little"), (), 0)],
    ids=["all of it", "a file", "a name"],
)
def test_all_tests_together_fail_below_a_floor(
    tmp_path: Path, asked: tuple[str, ...], said: tuple[str, ...], code: int
) -> None:
    for name, text in {**LITTLE, "tests/conftest.py": (ROOT / "tests" / "conftest.py").read_text("utf-8")}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    done = subprocess.run([sys.executable, "-m", "pytest", *asked], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == code, done.stdout
    assert [each for each in said if f"BELOW ITS FLOOR: {each}" not in done.stdout] == []
    assert ("BELOW" in done.stdout) == bool(said)
