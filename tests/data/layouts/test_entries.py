"""What is told of each data set, and that it is whole."""

from __future__ import annotations

import re

import pytest
from click.testing import CliRunner

from docs.generate import layout_details, layout_table
from spectra.cli.main import main
from spectra.data.layout import Layout
from spectra.modalities import CHANNELS, Task
from spectra.registry import registry

OURS = sorted(plugin.name for plugin in registry("layouts").plugins if plugin.own)
NAMED = [name for name in OURS if not registry("layouts").get(name).generic]
EXTRAS = {"labels", "rgb_hr", "rgb_raw", "lwir_raw"}


def layout_of(name: str) -> Layout:
    layout = registry("layouts").get(name)
    assert isinstance(layout, Layout)
    return layout


@pytest.mark.parametrize("name", OURS)
def test_an_entry_is_complete(name: str) -> None:
    layout, about = layout_of(name), layout_of(name).about
    assert layout.name == name
    assert all((layout.title, layout.tree, about.what, about.size, about.licence, about.where))
    texts = (
        about.what,
        about.size,
        about.licence,
        about.where,
        about.cite,
        about.split,
        *about.watch,
        *about.uncertain,
    )
    for text in texts:
        assert text == " ".join(text.split())


@pytest.mark.parametrize("name", NAMED)
def test_a_data_set_says_where_to_ask_whom_to_cite_and_what_is_uncertain(name: str) -> None:
    about = layout_of(name).about
    assert all(text.endswith(".") for text in (about.what, about.split, *about.watch))
    assert re.search(r"https://\S+$", about.where)
    assert about.cite
    assert about.split
    assert about.watch
    assert about.uncertain, "nothing was read from the data themselves: something is uncertain"


@pytest.mark.parametrize("name", NAMED)
def test_its_sides_are_modalities_and_its_task_is_one_of_them(name: str) -> None:
    layout = layout_of(name)
    sides = {side.modality for side in layout.sides} | ({"eo"} if name == "mavic_t_refined" else set())
    assert sides - EXTRAS <= set(CHANNELS)
    task = Task.parse(layout.task)
    assert {task.source.name, task.target.name} <= sides


@pytest.mark.parametrize("name", OURS)
def test_the_command_tells_all_of_it(name: str) -> None:
    done = CliRunner().invoke(main, ["data", "info", name])
    assert done.exit_code == 0, done.output
    layout, about = layout_of(name), layout_of(name).about
    told = "".join(done.output.split())
    for text in (name, layout.title, about.what, about.size, about.licence, about.where, about.cite, about.split):
        assert "".join(text.split()) in told
    for text in (*about.watch, *about.uncertain, *layout.tree.splitlines()):
        assert "".join(text.split()) in told


def test_the_list_names_every_one() -> None:
    done = CliRunner().invoke(main, ["data", "list"])
    assert done.exit_code == 0, done.output
    assert set(OURS) <= set(done.output.split())


def test_the_page_has_a_row_and_a_part_for_each() -> None:
    table, details = layout_table(), layout_details()
    for name in OURS:
        assert f"| [`{name}`](#{name}) |" in table
        assert f"### {name}\n" in details
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 6 for row in table.splitlines())
