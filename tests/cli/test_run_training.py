"""`spectra run` of something that learns, as it is typed: stopped, killed, on a full disk, and in two processes."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from safetensors.torch import load_file

from spectra.cli.main import main
from tests.bench.learner import LEARNER
from tests.bench.runs import bits
from tests.pair_folders import tree, write_data, write_pairs, write_recipe
from tests.plugin_packages import PluginPackages

PACED = """
import os, random, time
from spectra import Term

class PacedStage(Learn):
    def step(self, batch):
        time.sleep(float(os.environ.get("PACE", "0")))
        source, target = batch.pairs
        with open(LOG, "a") as log:
            log.write(f"{os.getpid()} {self.name}\\n")
        fake = self.net(source)
        drawn = random.random() + float(np.random.rand())
        spoilt = float("nan") if os.environ.get("SPOILT") == self.name else 1.0
        yield Update(
            "generator",
            flat=Term(lambda: fake.diff(dim=-1).abs().mean() * drawn, 0.0 if os.environ.get("PLAIN") else 0.1),
            sharp=lambda: spoilt * fake.square().mean(),
            **self.pairwise(fake, target),
        )

class Paced(Learner):
    api_version = 1
    def __init__(self, task, settings):
        super().__init__(task, settings)
        self.net.insert(1, nn.Dropout(0.0 if os.environ.get("PLAIN") else 0.2))
    def stages(self):
        return [PacedStage(self.net), PacedStage(self.net, "second")]
"""
RECIPE = """
task: rgb2ir
translator: paced
data: {validation: val}
train:
  steps: 6
  batch_size: 4
  lr: 1e-2
  ema: 0.9
  schedule: cosine
  checkpoint: {every: 2}
  validation: {every: 3, metric: mae}
  log: {every: 2}
losses: {twice: 1}
evaluate: {metrics: [mae], floors: [constant], samples: 1}
"""


@pytest.fixture
def work(tmp_path: Path, plugin_packages: PluginPackages, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a recipe, pairs and a plugin, and the shell is in it."""
    write_pairs(write_data(tmp_path / "pairs"), "val", ("h", "i"))
    write_recipe(tmp_path, RECIPE, "paced.yaml")
    entries = {"translators": {"paced": "learnt:Paced"}, "losses": {"twice": "learnt:Twice"}}
    plugin_packages.add("learnt", entries, f"LOG = {str(tmp_path / 'steps.log')!r}\n{LEARNER}\n{PACED}")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(plugin_packages.folder), str(Path(__file__).parents[2])]))
    return tmp_path


WORDS = ["run", "paced.yaml", "--data", "pairs", "--out"]


def spectra(*words: Any) -> Result:
    return CliRunner().invoke(main, [*WORDS, *map(str, words)])


def carried_out(*words: Any) -> None:
    done = spectra(*words)
    assert done.exit_code == 0, (done.output, done.exception)


def started(*words: str, before: list[str] | None = None, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *(before or []), "-m", "spectra", *WORDS, *words],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def steps(work: Path) -> list[str]:
    return (work / "steps.log").read_text().splitlines() if (work / "steps.log").exists() else []


def after(work: Path, count: int, running: subprocess.Popen[str]) -> None:
    """Wait until so many steps have begun."""
    until = time.monotonic() + 100
    while len(steps(work)) < count:
        assert running.poll() is None and time.monotonic() < until, running.communicate()
        time.sleep(0.01)


def anew(work: Path) -> None:
    (work / "steps.log").unlink()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_run_that_is_stopped_while_it_learns_goes_on_with_the_same_command_to_the_same_bits(
    work: Path, number: signal.Signals
) -> None:
    carried_out("whole")
    anew(work)
    running = started("out", PACE="0.1")
    after(work, 8, running)
    running.send_signal(number)
    _, told = running.communicate(timeout=60)
    assert "Traceback" not in told and not (work / "out").exists()
    if number == signal.SIGTERM:
        assert running.returncode == 143
        assert re.search(r"Stopped after step [2-5] of 6 of the stage 'second', and saved\. The same command", told)
    else:
        assert running.returncode == -9
    other = spectra("out", "--set", "train.lr=1e-3")
    assert other.exit_code == 1 and "of another recipe" in other.stderr and "--fresh" in other.stderr
    carried_out("out")
    assert len(steps(work)) == (12 if number == signal.SIGTERM else 8 + 6)  # the last checkpoint was of step 6
    assert bits(work / "out") == bits(work / "whole")
    assert sorted(path.name for path in work.iterdir() if path.name.startswith(("out", ".out"))) == ["out"]


LIMITED = """
import resource, runpy, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv.pop(1)),) * 2)
sys.argv[0] = "spectra"
runpy.run_module("spectra", run_name="__main__")
"""


def test_files_that_may_not_grow_end_a_run_with_a_message_and_the_same_command_goes_on(work: Path) -> None:
    carried_out("whole")
    largest = max(path.stat().st_size for path in (work / "whole/training/checkpoints").rglob("*") if path.is_file())
    limited = subprocess.run(
        [sys.executable, "-c", LIMITED, str(largest - 100), *WORDS, "out"], capture_output=True, text=True, timeout=100
    )
    assert limited.returncode == 1 and "Traceback" not in limited.stderr
    assert "Cannot write the checkpoint" in limited.stderr and "File too large" in limited.stderr
    carried_out("out")
    assert bits(work / "out") == bits(work / "whole")


def test_a_term_that_is_no_number_is_named_and_the_last_good_checkpoint_stays(
    work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    carried_out("whole")
    monkeypatch.setenv("SPOILT", "second")
    done = spectra("out")
    assert done.exit_code == 1 and "Traceback" not in done.output
    assert "The term 'sharp' of the player 'generator' in the stage 'second' became nan" in done.stderr
    kept = tree(work / "out.training" / "checkpoints")
    assert "step_00000006" in kept
    monkeypatch.delenv("SPOILT")
    carried_out("out")
    assert bits(work / "out") == bits(work / "whole")


def test_two_processes_make_one_run_and_learn_what_one_learns(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAIN", "1")
    carried_out("one")
    anew(work)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    launcher = ["-m", "torch.distributed.run", "--nproc-per-node", "2", "--master-port", str(port)]
    running = started("two", before=launcher, OMP_NUM_THREADS="1")
    _, told = running.communicate(timeout=150)
    assert running.returncode == 0, told
    assert len({line.split()[0] for line in steps(work)}) == 2 and len(steps(work)) == 2 * 12
    one, two = (load_file(work / name / "model" / "weights.safetensors") for name in ("one", "two"))
    assert max(float((one[name] - two[name]).abs().max()) for name in one) < 1e-5
    assert tree(work / "one").keys() == tree(work / "two").keys()
    first, second = (json.loads((work / name / "metrics.json").read_text()) for name in ("one", "two"))
    assert second["methods"]["paced"]["scores"]["mae"]["mean"] == pytest.approx(
        first["methods"]["paced"]["scores"]["mae"]["mean"], abs=1e-2
    )
