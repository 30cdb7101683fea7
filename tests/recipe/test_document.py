from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spectra.errors import RecipeError
from spectra.recipe.document import Document, Position, load_document, parse_document, parse_value
from spectra.recipe.faults import Fault, Faults, raise_faults

RECIPE = """\
# A comment.
task: rgb2ir
translator: {name: graydef, settings: {factor: 1.3}}
data:
  root: "C:\\\\images"   # quoted
  splits: [train, 'val', test]
train:
  lr: 1e-4
  betas:
    - 0.5
    - .999
  notes: |
    Several lines,
    kept as they are.
  resume: ~
"""


def faults_of(text: str) -> list[str]:
    with pytest.raises(RecipeError) as caught:
        parse_document(text, "r.yaml")
    assert isinstance(caught.value, Faults)
    return [str(fault) for fault in caught.value.faults]


def test_reads_a_recipe_as_plain_data() -> None:
    assert parse_document(RECIPE).data == {
        "task": "rgb2ir",
        "translator": {"name": "graydef", "settings": {"factor": 1.3}},
        "data": {"root": "C:\\images", "splits": ["train", "val", "test"]},
        "train": {
            "lr": 1e-4,
            "betas": [0.5, 0.999],
            "notes": "Several lines,\nkept as they are.\n",
            "resume": None,
        },
    }


def test_keys_items_and_values_know_their_places() -> None:
    document = parse_document(RECIPE, "r.yaml")
    assert document.position(("translator", "settings", "factor")) == Position("r.yaml", 3, 40)
    assert document.value_position(("translator", "settings", "factor")) == Position("r.yaml", 3, 48)
    assert document.position(("data", "splits", 1)) == Position("r.yaml", 6, 19)
    assert document.position(("train", "betas", 1)) == Position("r.yaml", 11, 7)
    assert document.value_position(("train",)) == Position("r.yaml", 8, 3)
    assert () not in document.positions


def test_an_unknown_path_stands_where_its_nearest_ancestor_does() -> None:
    document = parse_document(RECIPE, "r.yaml")
    assert document.position(("data", "splits", 7, "x")) == document.positions["data", "splits"]
    assert document.value_position(("train", "lr", "x")) == Position("r.yaml", 8, 7)
    assert document.position(("absent",)) == document.position(()) == Position("r.yaml", 2, 1)
    assert Document({}, {}).position(("a",)) == Position("", 0, 0)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-4", 1e-4), ("1E5", 1e5), (".5", 0.5), ("1.", 1.0), ("-2.5e+3", -2500.0), ("+1", 1), ("-0", 0), ("0", 0),
        ("0x1F", 31), ("0o17", 15), ("18446744073709551615", 2**64 - 1), ("-9223372036854775808", -(2**63)),
        ("true", True), ("True", True), ("FALSE", False), ("null", None), ("~", None), ("", None), ("NULL", None),
        ("no", "no"), ("yes", "yes"), ("on", "on"), ("off", "off"), ("NO", "NO"), ("y", "y"), ("N", "N"),
        ("1_000", "1_000"), ("1:30", "1:30"), ("2020-01-01", "2020-01-01"), ("0b11", "0b11"), ("0X1F", "0X1F"),
        ("1.2.3", "1.2.3"), ("1e", "1e"), (".", "."), ("e5", "e5"), ("tRUE", "tRUE"), ("=", "="),
        ("'1'", "1"), ('"true"', "true"), ("'~'", "~"), ("''", ""), ("'.nan'", ".nan"), ("'010'", "010"),
        ("<<", "<<"), ("nano", "nano"), ("infra", "infra"), ("٣", "٣"), ("rgb2ir", "rgb2ir"),
    ],
)  # fmt: skip
def test_plain_words_mean_what_they_say(text: str, value: Any) -> None:
    for read in (parse_value(text), parse_document(f"k: {text}\n").data["k"]):
        assert (type(read), read) == (type(value), value)


@pytest.mark.parametrize("word", [".nan", ".NaN", "NaN", "nan", "inf", "-inf", ".inf", "-.Inf", "+.INF", "Infinity"])
def test_numbers_that_are_not_finite_are_refused(word: str) -> None:
    assert faults_of(f"a:\n  b: {word}") == [
        f"r.yaml:2:6: {word} is not a finite number. If text is meant, put it in quotes."
    ]


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("010", "starts with a zero"), ("-08", "starts with a zero"), ("1e999", "too large"), ("9" * 10_000, "64 bits"),
        ("18446744073709551616", "64 bits"), ("-9223372036854775809", "64 bits"), ("0x" + "f" * 17, "64 bits"),
        ('"\\UFFFFFFFF"', "out of range"), ('"\\U00110000"', "out of range"), ('"\\ud83d"', "surrogate"),
    ],
)  # fmt: skip
def test_doubtful_numbers_and_escapes_are_refused(word: str, reason: str) -> None:
    [fault] = faults_of(f"a: {word}")
    assert fault.startswith("r.yaml:1:") and reason in fault and len(fault) < 160


def test_faults_of_one_file_are_reported_together_in_order() -> None:
    text = 'a: 1\na: 2\nb: {c: NaN, 1: 2, x: !!str y}\nd: *q\ne: &r 1\n<<: {z: .inf}\n? [a]\n: 1\n?\n: 3\nf: "open'
    assert [fault.split(".")[1][5:] for fault in faults_of(text)] == [
        "2:1: 'a' is given twice: first on line 1",
        "3:8: NaN is not a finite number",
        "3:13: the key 1 is not text",
        "3:22: '!!str': tags are not allowed",
        "4:4: '*q': anchors and aliases are not allowed",
        "5:4: '&r': anchors and aliases are not allowed",
        "6:1: merge keys (<<) are not allowed",
        "6:9: ",
        "7:3: a list or mapping cannot be a key",
        "9:2: a key is missing before the ':'",
        "11:4: the quote that opens here is never closed",
    ]


@pytest.mark.parametrize("key", ["1", "1.5", "true", "null", "~", "NaN", "010", "!!str a", "&x a", "*x "])
def test_keys_are_text(key: str) -> None:
    assert len(faults_of(f"{key}: 1")) == 1
    assert all(fault.startswith("r.yaml:1:1: ") for fault in faults_of(f"{key}: 1"))


def test_quoted_keys_and_words_such_as_no_are_text() -> None:
    assert parse_document("'1': a\nno: b\n'<<': c\n\"\": d").data == {"1": "a", "no": "b", "<<": "c", "": "d"}


@pytest.mark.parametrize(
    ("text", "place", "sentence"),
    [
        ("a:\n\tb: 1", "2:1", "a tab stands where YAML wants spaces"),
        ("a: b: c", "1:5", "a ':' cannot stand here"),
        ("a: 1\nb\nc: 2", "2:1", "this key has no ':' after it"),
        ("a:\n  - b\n c: d", "3:2", "this does not fit what stands before it"),
        ("  a: 1\n b: 2", "2:2", "this stands outside of what comes before it"),
        ('a: 1\nb: "open\n', "2:4", "the quote that opens here is never closed"),
        ("a: [1\nb: 2", "1:4", "the list that opens here with '['"),
        ("a: {x: 1\nb: 2", "1:4", "the mapping that opens here with '{'"),
        ("a: - b", "1:4", "a list cannot begin here with '-'"),
        ("a: *.png", "1:4", "a text cannot start with '*'"),
        ("a: @x", "1:4", "a text cannot start with this character"),
        ('a: "\\q"', "1:6", "an unknown escape"),
        ("a: 1\n---\nb: 2", "2:1", "a second document starts here"),
        ("- a\n- b", "1:1", "a recipe is a mapping of `key: value` lines, and this is a list"),
        ("just text", "1:1", "a recipe is a mapping of `key: value` lines, and this is a single value"),
        ("a: |5x\n b", "1:6", "this is not YAML: "),
        ("%YAML " + "9" * 5000 + ".1\n---\na: 1", "1:7", "a number or an escape that is out of range"),
        ("a: b\x07", "1:5", "the character U+0007 may not stand in a recipe"),
        ("a: 1\r\nb: \u2028", "2:4", "the character U+2028 may not stand in a recipe"),
    ],
)
def test_a_syntax_error_is_one_plain_sentence_with_its_place(text: str, place: str, sentence: str) -> None:
    [fault] = faults_of(text)
    assert fault.startswith(f"r.yaml:{place}: {sentence}") and "\n" not in fault


@pytest.mark.parametrize("text", ["", "\n \n", "# only a comment\n", "---\n", "\ufeff"])
def test_an_empty_file_is_called_empty(text: str) -> None:
    assert faults_of(text) == ["r.yaml: is empty. A recipe needs at least a task and a translator."]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_counted_as_an_editor_counts_them(end: str) -> None:
    document = parse_document(f"a: é😀{end}{end}b: [1,{end}  2]{end}")
    assert document.data == {"a": "é😀", "b": [1, 2]}
    assert document.position(("b", 1)) == Position("<text>", 4, 3)


def test_a_byte_order_mark_is_accepted_and_not_counted(tmp_path: Path) -> None:
    file = tmp_path / "r.yaml"
    file.write_bytes(b"\xef\xbb\xbfa: 1\n")
    document = load_document(file)
    assert document.data == {"a": 1}
    assert document.position(("a",)) == Position(str(file), 1, 1)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("[1, 2]", [1, 2]),
        ("{a: 1e-4, b: no}", {"a": 1e-4, "b": "no"}),
        (" x ", "x"),
        ("C:\\x", "C:\\x"),
        ("a#b", "a#b"),
    ],
)
def test_a_value_may_be_a_list_or_mapping_in_brackets(text: str, value: Any) -> None:
    assert parse_value(text) == value


@pytest.mark.parametrize(
    "text",
    ["a: b", "- a", "a # b", "#5", "---", "--- a", "[1, 2", "NaN", "*a", "&a b", "!x b", "a\n---\nb", "[a]b", "\0",
     "{a: 1, a: 2}", "010", '"', "[" * 10_000, "x" * 200_000],
)  # fmt: skip
def test_a_value_that_would_lose_something_is_refused(text: str) -> None:
    with pytest.raises(RecipeError, match=r"^'.+: .+") as caught:
        parse_value(text)
    assert len(str(caught.value)) < 250


def test_faults_are_listed_by_file_and_place() -> None:
    faults = [
        Fault("c", file="b", line=1, column=1),
        Fault("b", file="a", line=10, column=2),
        Fault("a", file="a", line=9),
    ]
    with pytest.raises(RecipeError) as caught:
        raise_faults([*faults, Fault("nowhere")])
    assert str(caught.value) == "4 faults in a, b:\nnowhere\na:9: a\na:10:2: b\nb:1:1: c"
    with pytest.raises(RecipeError, match=r"^b:1:1: c$"):
        raise_faults(faults[:1])


def test_thousands_of_faults_are_counted_rather_than_listed() -> None:
    with pytest.raises(RecipeError) as caught:
        parse_document("a: [" + "*b ," * 3000 + "]", "r.yaml")
    lines = str(caught.value).splitlines()
    assert (lines[0], lines[-1], len(lines)) == ("3000 faults in r.yaml:", "... and 2900 more.", 102)


def test_importing_the_loader_brings_neither_torch_nor_pydantic() -> None:
    code = "import sys, spectra.recipe.document_composer; print({'torch', 'pydantic', 'numpy'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
scalars = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
)
data = st.recursive(
    scalars | texts, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4)
)


@given(st.dictionaries(texts, data, min_size=1, max_size=5), st.sampled_from([None, 0, 2]))
def test_json_comes_back_and_every_position_points_at_its_text(original: dict[str, Any], indent: int | None) -> None:
    source = json.dumps(original, indent=indent)
    document = parse_document(source)
    assert json.dumps(document.data) == json.dumps(original)  # tells 1 from 1.0 and True, and 0.0 from -0.0
    check_places(document, source.split("\n"), original, ())


def check_places(document: Document, lines: list[str], value: Any, path: tuple[str | int, ...]) -> None:
    def rest(place: Position) -> str:
        return lines[place.line - 1][place.column - 1 :]

    start = json.dumps(value)
    assert rest(document.values[path]).startswith(start[0] if isinstance(value, dict | list) else start)
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        entry = (*path, key)
        if isinstance(key, str):
            assert rest(document.positions[entry]).startswith(json.dumps(key))
        else:
            assert document.positions[entry] == document.values[entry]
        check_places(document, lines, value[key], entry)


def mutated(chance: random.Random) -> bytes:
    content = bytearray(RECIPE.encode())
    for _ in range(chance.randint(1, 6)):
        start = chance.randrange(len(content) + 1)
        end = min(len(content), start + chance.randint(0, 20))
        piece = bytes(
            chance.choice(b"\t\n :-?[]{},#&*!|>'\"%@`\\\0\xff\xc3~<.0e=Ux") for _ in range(chance.randint(0, 5))
        )
        content[start:end] = chance.choice([piece, content[start:end] * 3, b"", bytes([chance.randrange(256)])])
    return bytes(content)


def load_mutations(file: Path, seeds: range) -> int:
    loaded = 0
    for seed in seeds:
        file.write_bytes(mutated(random.Random(seed)))
        try:
            loaded += isinstance(load_document(file), Document)
        except RecipeError as error:
            assert str(file) in str(error), seed
    return loaded


def test_mutated_recipes_load_or_end_in_a_recipe_error(tmp_path: Path) -> None:
    assert 0 < load_mutations(tmp_path / "r.yaml", range(100)) < 100


@pytest.mark.slow
def test_many_mutated_recipes_load_or_end_in_a_recipe_error(tmp_path: Path) -> None:
    assert 0 < load_mutations(tmp_path / "r.yaml", range(100, 20_000)) < 19_900
