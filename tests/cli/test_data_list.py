"""`spectra data list` and `spectra data info`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from click.testing import CliRunner, Result

from spectra.cli.data import SUBCOMMANDS
from spectra.cli.main import main
from spectra.registry import registry
from tests.data.test_recognise import ENTRY, PLUGIN
from tests.pair_folders import write_data
from tests.plugin_packages import PluginPackages


def spectra(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["data", *arguments])


def test_every_layout_is_listed_with_its_task_and_size(plugin_packages: PluginPackages) -> None:
    text = spectra("list").output
    assert text.startswith("Data sets\n  NAME") and "\nData of any origin\n  NAME" in text
    lines = {line.split()[0]: line for line in text.splitlines() if line.startswith("  ")}
    assert set(registry("layouts")) <= set(lines)
    assert "itself" in lines["folders"] and "spectra-translate" in lines["folders"]
    assert max(map(len, lines.values())) < 180


def test_a_third_partys_layout_is_listed_and_told(plugin_packages: PluginPackages) -> None:
    plugin_packages.add("acme", PLUGIN, ENTRY.replace("key=", "recognised=False, task='rgb2lwir', key="))
    line = next(line for line in spectra("list").output.splitlines() if "firefly" in line)
    assert line.split() == ["firefly", "rgb2lwir", "by", "name", "Fireflies", "two", "pairs", "acme"]
    row = next(row for row in json.loads(spectra("list", "--json").stdout)["layouts"] if row["name"] == "firefly")
    assert (row["distribution"], row["recognised"], row["generic"]) == ("acme", False, False)
    told = spectra("info", "firefly").output
    assert told.startswith("firefly: Fireflies\n\nWhat:        Fireflies by night.\n")
    assert "Sides:       rgb, lwir\n" in told and "data.layout: firefly" in told
    assert told.endswith("The tree that is expected:\n  ROOT/{glow,dark}/NAME.png\n")
    assert CliRunner().invoke(main, ["list", "layouts"]).output.count("firefly") == 1


def test_a_broken_layout_is_noted_and_the_others_listed(plugin_packages: PluginPackages) -> None:
    plugin_packages.add("acme", PLUGIN, "raise RuntimeError('no')")
    result = spectra("list")
    assert result.exit_code == 0 and "folders" in result.stdout
    assert "Note: The layout 'acme:firefly' was left out: RuntimeError: no" in result.stderr
    assert json.loads(spectra("list", "--json").stdout)["left_out"]
    assert "spectra doctor" in spectra("info", "firefly").output


def test_all_that_is_known_of_each_can_be_printed(plugin_packages: PluginPackages) -> None:
    for name in registry("layouts"):
        result = spectra("info", name)
        assert result.exit_code == 0 and "The tree that is expected:" in result.output, name
        found = json.loads(spectra("info", name, "--json").output)
        assert found["name"] == name and {"what", "licence", "where", "uncertain", "watch", "tree"} <= set(found)


def test_an_unknown_name_gets_the_nearest(plugin_packages: PluginPackages) -> None:
    result = spectra("info", "foldres")
    assert result.exit_code == 1 and "Did you mean 'folders'?" in result.output


def test_of_a_folder_it_is_told_which_layout_it_is_in(tmp_path: Path) -> None:
    root = write_data(tmp_path / "my pairs")
    result = spectra("info", str(root))
    assert result.exit_code == 0
    said, _, rest = result.output.partition("\n\n")
    assert said.startswith(f"{str(root)!r} is in the layout 'folders': ") and f"spectra data check '{root}'" in said
    assert rest == spectra("info", "folders").output
    told = spectra("info", str(root), "--json")
    assert json.loads(told.stdout)["name"] == "folders" and "is in the layout" in told.stderr


def test_a_folder_that_is_no_data_set_is_no_unknown_name(tmp_path: Path) -> None:
    for name, why in ((str(tmp_path), "holds no image"), (f"{tmp_path}/absent", "There is no folder")):
        result = spectra("info", name)
        assert result.exit_code == 1 and why in result.output and "No layout is named" not in result.output


def test_every_subcommand_of_the_table_is_there_and_in_the_help() -> None:
    told = spectra("--help").output
    for name, home in SUBCOMMANDS.items():
        assert home.help in told
        assert f"Usage: spectra data {name} " in spectra(name, "--help").output.replace("main", "spectra", 1)


def test_a_misspelt_subcommand_gets_the_nearest() -> None:
    result = spectra("chekc", "photos")
    assert result.exit_code == 2 and "No such command 'chekc'. Did you mean 'check'?" in result.output


def test_layouts_are_listed_without_torch_or_image_libraries(plugin_packages: PluginPackages) -> None:
    import subprocess

    code = (
        "import sys\nfrom spectra.cli.main import main\n"
        "try: main(['data', 'list'], prog_name='spectra')\nexcept SystemExit: pass\n"
        "print([name for name in ('torch', 'numpy', 'cv2') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
