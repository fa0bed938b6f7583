"""Every key of a TOML document is found on its line, however the document is written."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
import tomli_w

from tuiphone.config.describe import example_toml
from tuiphone.config.keylines import KeyPath, key_lines

DOCUMENT = """\
# a comment [not] = a key
a = 1
"b.c".'d e'.f = \"\"\"x
# no = 1
\\\"\"\"\"\"\" # the end
[t.u] # [x]
k = [1, # c
  "]", {m = {n = 2}, o="}"},
]
[[acc]]
id="1"
[acc.tls]
v=true
  [[ acc ]]  # indented
id='2'
d = 1979-05-27 07:32:00Z
[[acc.sub]]
z='''a
''''
[[acc.sub]]
z=1
empty = {}
none = []"""


def test_keys_of_every_form_are_found_on_their_lines() -> None:
    tomllib.loads(DOCUMENT)
    assert key_lines(DOCUMENT) == {
        ("a",): 2,
        ("b.c",): 3,
        ("b.c", "d e"): 3,
        ("b.c", "d e", "f"): 3,
        ("t",): 6,
        ("t", "u"): 6,
        ("t", "u", "k"): 7,
        ("t", "u", "k", 0): 7,
        ("t", "u", "k", 1): 8,
        ("t", "u", "k", 2): 8,
        ("t", "u", "k", 2, "m"): 8,
        ("t", "u", "k", 2, "m", "n"): 8,
        ("t", "u", "k", 2, "o"): 8,
        ("acc",): 10,
        ("acc", 0): 10,
        ("acc", 0, "id"): 11,
        ("acc", 0, "tls"): 12,
        ("acc", 0, "tls", "v"): 13,
        ("acc", 1): 14,
        ("acc", 1, "id"): 15,
        ("acc", 1, "d"): 16,
        ("acc", 1, "sub"): 17,
        ("acc", 1, "sub", 0): 17,
        ("acc", 1, "sub", 0, "z"): 18,
        ("acc", 1, "sub", 1): 20,
        ("acc", 1, "sub", 1, "z"): 21,
        ("acc", 1, "sub", 1, "empty"): 22,
        ("acc", 1, "sub", 1, "none"): 23,
    }


@pytest.mark.parametrize(
    "value",
    [
        "-1.5e3",
        "inf",
        "0xdead_beef",
        "07:32:00",
        '"a # b \\" = ]"',
        "'# = ] }'",
        '""',
        "''",
        '""""quoted" = """',
        '"""ends in two ""\\n"""""',
        "'''\n\n'''",
        "[[1, 2], [], ['a', \"]\"]]",
        "[\n# c ]\n1 ,\n]",
        '{ "x y" = 1, z.w = [{ q = "}" }] }',
        "true# c",
    ],
)
def test_a_value_does_not_hide_the_key_after_it(value: str) -> None:
    document = f"first = {value}\nlast = 1\n"
    tomllib.loads(document)
    assert key_lines(document)["last",] == document.count("\n")


def test_windows_line_ends_count_as_one() -> None:
    assert key_lines("a = 1\r\n\r\n[b]\r\nc = 2\r\n") == {("a",): 1, ("b",): 3, ("b", "c"): 4}


def _paths(tree: object, path: KeyPath = ()) -> set[KeyPath]:
    inner: Any = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    found = {path} if path else set()
    for key, value in inner:
        found |= _paths(value, (*path, key))
    return found


def test_every_key_of_a_written_document_is_found() -> None:
    tree = {
        "plain": {"text": 'with "quotes" and\nlines # = [', "list": ["a", "b" * 100], "a.b": {"ü": 1}},
        "account": [{"id": "1", "nested": {"x": [{"y": 1}, {"y": [1, [2, 3]]}]}}, {"id": "2"}],
    }
    assert set(key_lines(tomli_w.dumps(tree))) == _paths(tree)
    assert set(key_lines(example_toml())) == _paths(tomllib.loads(example_toml()))
