"""Real packages, built and installed beside Spectra into a folder of their own, without network."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def build_wheel(source: Path, out: Path) -> Path:
    """What `python -m build --wheel` makes of a package, with the build tools that are installed."""
    finished([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(source)])
    (wheel,) = out.glob("*.whl")
    return wheel


def install(wheel: Path, site: Path) -> dict[str, str]:
    """The environment in which that package is installed; what it depends on is borrowed from this one."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    finished([*pip, "--no-deps", "--no-index", "--target", str(site), str(wheel)])
    paths = [str(site), os.environ.get("PYTHONPATH", "")]
    return {
        **{name: value for name, value in os.environ.items() if name != "SPECTRA_PLUGINS"},
        "PYTHONPATH": os.pathsep.join(path for path in paths if path),
        "SPECTRA_HOME": str(site.parent / "home"),
    }


def finished(command: list[str], cwd: Path | None = None, environment: dict[str, str] | None = None) -> str:
    """What a command prints; it must end well."""
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-6000:]}\n{done.stderr[-3000:]}"
    return done.stdout
