"""The doctor says what is there and what to do about what is not, and never falls over."""

import json
import subprocess
import sys
from importlib import metadata

import pytest

from gokit.commands import doctor


def by_name():
    return {finding.name: finding for finding in doctor.examine()}


def run(*options):
    return subprocess.run(
        [sys.executable, "-m", "gokit", "doctor", *options],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_every_line_is_ok_or_dashes_and_missing_things_have_advice():
    findings = doctor.examine()
    for finding in findings:
        assert str(finding).startswith("[ok] " if finding.ok else "[--] ")
        assert finding.ok or finding.advice, (
            f"{finding.name} is missing, and nothing says what to do"
        )
        assert "\n" not in str(finding)
    assert len({f.name for f in findings}) == len(findings)


def test_it_looks_at_all_that_the_course_uses():
    names = by_name()
    for name in ("gokit", "Python", "numpy", "numba", "torch", "cores", "memory", "disk", "GPU"):
        assert name in names
    for name in ("CPU bf16", "gnugo", "pachi", "chromium", "jupyterlab", "nbgrader"):
        assert name in names
    assert names["numpy"].value == metadata.version("numpy")


def test_a_missing_package_is_said_and_makes_it_fail(monkeypatch, capsys):
    def version(name):
        if name == "numba":
            raise metadata.PackageNotFoundError(name)
        return "1"

    monkeypatch.setattr(doctor.metadata, "version", version)
    monkeypatch.setattr(doctor.util, "find_spec", lambda name: None)
    finding = by_name()["numba"]
    assert str(finding) == "[--] numba: not installed (pip install -r requirements.txt)"
    assert doctor.run(_options(json=False)) == 1
    assert "[--] numba" in capsys.readouterr().out


def test_a_missing_extra_is_no_failure(monkeypatch):
    monkeypatch.setattr(doctor.shutil, "which", lambda name, path=None: None)
    findings = by_name()
    for name in ("gnugo", "pachi", "chromium"):
        assert not findings[name].ok
        assert not findings[name].needed
    assert "apt install gnugo" in str(findings["gnugo"])


def test_a_torch_that_does_not_load_is_reported(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    finding = by_name()["GPU"]
    assert not finding.ok
    assert "torch does not load" in finding.value


def test_pachi_is_the_engine_and_not_debians_game(monkeypatch, tmp_path):
    def which(name, path=None):
        return {"pachi": "/usr/games/pachi", "/opt/pachi": "/opt/pachi"}.get(name)

    monkeypatch.setattr(doctor.shutil, "which", which)
    monkeypatch.delenv("PACHI", raising=False)
    assert not by_name()["pachi"].ok
    monkeypatch.setenv("PACHI", "/opt/pachi")
    assert by_name()["pachi"].value == "/opt/pachi"


@pytest.mark.parametrize(
    ("quota", "most"),
    [("100000 100000", 1), ("250000 100000", 2), ("max 100000", 10**6), ("", 1e6)],
)
def test_container_limits_count(monkeypatch, quota, most):
    monkeypatch.setattr(doctor, "_read", lambda path: quota if path.endswith("cpu.max") else "")
    assert 1 <= doctor.usable_cores() <= most


def test_memory_limit_counts(monkeypatch):
    monkeypatch.setattr(doctor, "_read", lambda path: "2000000000\n")
    assert doctor.memory_gb() == pytest.approx(2.0)
    assert not by_name()["memory"].ok


def test_bf16_comes_from_the_processors_flags(monkeypatch):
    monkeypatch.setattr(
        doctor, "_read", lambda path: "flags\t\t: fpu avx512_bf16 sse\nflags: fpu\n"
    )
    assert by_name()["CPU bf16"].value == "avx512_bf16"


def test_json_holds_the_same_findings():
    done = run("--json")
    findings = json.loads(done.stdout)["findings"]
    assert [f["name"] for f in findings] == [f.name for f in doctor.examine()]
    assert {"name", "ok", "value", "advice", "needed"} == set(findings[0])
    assert done.returncode == 0, done.stdout


def test_the_command_prints_a_line_each():
    done = run()
    lines = done.stdout.splitlines()
    assert len(lines) == len(doctor.examine())
    assert all(line[:5] in ("[ok] ", "[--] ") for line in lines)
    assert done.stderr == ""


def _options(**values):
    return type("Options", (), values)()
