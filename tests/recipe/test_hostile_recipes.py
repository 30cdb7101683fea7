"""Hostile recipes, all the way through `load_experiment`: a clear error within two seconds and 200 MB, or an answer."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SECONDS, MEGABYTES = 2.0, 200.0
GOOD = "task: rgb2ir\ntranslator: graydef\n"
MEASURE = """
import json, resource, sys, time
from pathlib import Path
from spectra.errors import RecipeError
from spectra.recipe.load import load_experiment

load_experiment(Path(sys.argv[1]))  # the idle process: the plugins that a check asks are loaded
idle = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
began = time.process_time()
try:
    told = f"{len(load_experiment(Path(sys.argv[2])).recipes)} recipes"
except RecipeError as why:
    told = str(why)
taken = time.process_time() - began
print(json.dumps([taken, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - idle) / 1024, told]))
"""


def many_rows(keys: int, of: str) -> str:
    return f"{GOOD}matrix: {{seed: {list(range(1000))}}}\n{of}" + "".join(f"  k{n}: 1\n" for n in range(keys))


RECIPES = {
    "rows_of_many_weights": (many_rows(4000, "weights:\n g:\n"), "values in all are allowed"),
    "as_many_rows_as_may_be": (f"{GOOD}matrix: {{seed: {list(range(1000))}}}\n", "1000 recipes"),
    "rows_of_many_faults": (many_rows(90, "train:\n"), "there is no such key"),
    "many_faults": (GOOD + "".join(f"k{n}: 1\n" for n in range(4000)), "there is no such key"),
    "many_wrong_losses": (f"{GOOD}losses:\n" + "".join(f"  k{n}: x\n" for n in range(3000)), "losses.k0"),
    "many_unknown_losses": (f"{GOOD}losses:\n" + "".join(f"  k{n}: 1\n" for n in range(3000)), "No loss is named"),
    "a_path_of_many_parts": (f"{GOOD}matrix:\n  ? 'settings{'.a' * 20_000}'\n  : [1, 2]\n", "is no path"),
    "a_path_of_400_parts": (f"{GOOD}matrix:\n  'settings{'.a' * 400}': [1, 2]\n", "is no path"),
    "many_axes": (f"{GOOD}matrix:\n" + "".join(f"  settings.k{n}: [1, 2]\n" for n in range(1000)), "rows"),
}


@pytest.mark.parametrize("name", RECIPES)
def test_a_hostile_recipe_ends_soon_and_in_little_memory(tmp_path: Path, name: str) -> None:
    text, words = RECIPES[name]
    (tmp_path / "good.yaml").write_text(GOOD)
    (tmp_path / "hostile.yaml").write_text(text)
    check(tmp_path, words)


def test_a_long_chain_of_full_recipes_is_refused(tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(GOOD)
    full = "".join(f"k{n}: 1\n" for n in range(4000))
    for place in range(15):
        (tmp_path / f"{place}.yaml").write_text(f"extends: {place + 1}.yaml\n{full}")
    (tmp_path / "hostile.yaml").write_text("extends: 0.yaml\n")
    check(tmp_path, "entries together")


def check(folder: Path, words: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, "good.yaml", "hostile.yaml"], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    seconds, megabytes, told = json.loads(done.stdout)
    assert words in told
    assert seconds < SECONDS and megabytes < MEGABYTES, (seconds, megabytes)
