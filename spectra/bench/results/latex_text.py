"""Any text as LaTeX that compiles everywhere and prints that very text."""

from __future__ import annotations

import re
import unicodedata

from spectra.bench.results.display import one_line

SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\texttt{\char34}",
    "`": r"\textasciigrave{}",
    "'": r"\textquotesingle{}",
}
"""What TeX takes for its own."""
JOINED = re.compile(r"-(?=-)|,(?=,)|[?!](?=\\textasciigrave)")
"""What TeX would make one sign of with the next."""
MATHS = {
    "↑": r"\uparrow",
    "↓": r"\downarrow",
    "→": r"\rightarrow",
    "←": r"\leftarrow",
    "±": r"\pm",
    "×": r"\times",
    "·": r"\cdot",
    "≤": r"\leq",
    "≥": r"\geq",
    "≠": r"\neq",
    "≈": r"\approx",
    "−": "-",
    "√": r"\surd",
    "∞": r"\infty",
    "°": r"^{\circ}",
    "¹": "^{1}",
    "²": "^{2}",
    "³": "^{3}",
    "⁻": "^{-}",
    "α": r"\alpha",
    "β": r"\beta",
    "γ": r"\gamma",
    "δ": r"\delta",
    "ε": r"\varepsilon",
    "θ": r"\theta",
    "λ": r"\lambda",
    "μ": r"\mu",
    "µ": r"\mu",
    "π": r"\pi",
    "ρ": r"\rho",
    "σ": r"\sigma",
    "τ": r"\tau",
    "φ": r"\varphi",
    "ω": r"\omega",
    "Δ": r"\Delta",
    "Σ": r"\Sigma",
    "Ω": r"\Omega",
}
SIGNS = {
    "–": r"\textendash{}",
    "—": r"\textemdash{}",
    "…": r"\ldots{}",
    "‘": "{`}",
    "’": "{'}",
    "“": "{``}",
    "”": "{''}",
    "ß": r"\ss{}",
    "ø": r"\o{}",
    "Ø": r"\O{}",
    "æ": r"\ae{}",
    "Æ": r"\AE{}",
    "ł": r"\l{}",
    "Ł": r"\L{}",
    "§": r"\S{}",
    "©": r"\copyright{}",
}
ACCENTS = {
    "\u0300": "`",
    "\u0301": "'",
    "\u0302": "^",
    "\u0303": "~",
    "\u0304": "=",
    "\u0306": "u",
    "\u0307": ".",
    "\u0308": '"',
    "\u030a": "r",
    "\u030b": "H",
    "\u030c": "v",
    "\u0327": "c",
}


def escaped(text: str) -> str:
    """In ASCII alone. A letter that plain LaTeX has not, as of another script, is printed by its number, U+4E2D."""
    shown = "".join(map(_escaped, one_line(unicodedata.normalize("NFC", text))))
    return JOINED.sub(r"\g<0>{}", shown)


def _escaped(letter: str) -> str:
    if letter in SPECIAL:
        return SPECIAL[letter]
    if letter in MATHS:
        return f"${MATHS[letter]}$"
    if letter in SIGNS:
        return SIGNS[letter]
    return letter if letter.isascii() else _accented(letter)


def _accented(letter: str) -> str:
    base, *marks = list(unicodedata.normalize("NFD", letter))
    if base.isascii() and base.isalpha() and len(marks) == 1 and marks[0] in ACCENTS:
        stem = {"i": r"\i", "j": r"\j"}.get(base, base)
        return rf"\{ACCENTS[marks[0]]}{{{stem}}}"
    return rf"\texttt{{U+{ord(letter):04X}}}"
