"""LaTeX read as strictly as TeX reads it, as far as our tables go.

It knows only what plain LaTeX has in its oldest encoding, OT1, where there is no straight quote, say.
"""

from __future__ import annotations

import re

TOKEN = re.compile(r"%[^\n]*\n[ \t]*|\\(?:[a-zA-Z]+\*?|.)|\n[ \t]*\n\s*|\s+|[{}&$#^_~%]|[^\\{}&$#^_~%\s]", re.DOTALL)
ONE_ARGUMENT = {
    "\\caption",
    "\\label",
    "\\textbf",
    "\\textit",
    "\\texttt",
    "\\textsuperscript",
    *(f"\\{accent}" for accent in "`'^~=u.\"rHvc"),
}
PLAIN = {
    "\\centering",
    "\\footnotesize",
    "\\scriptsize",
    "\\toprule",
    "\\midrule",
    "\\bottomrule",
    "\\par",
    "\\smallskip",
    "\\medskip",
    "\\noindent",
}
SIGNS = {
    "\\textbackslash": "\\",
    "\\textasciitilde": "~",
    "\\textasciicircum": "^",
    "\\textless": "<",
    "\\textgreater": ">",
    "\\textbar": "|",
    "\\textasciigrave": "`",
    "\\textquotesingle": "'",
    "\\textendash": "–",
    "\\textemdash": "—",
    "\\ldots": "…",
    "\\ss": "ß",
    "\\o": "ø",
    "\\O": "Ø",
    "\\ae": "æ",
    "\\AE": "Æ",
    "\\l": "ł",
    "\\L": "Ł",
    "\\S": "§",
    "\\copyright": "©",
    "\\i": "i",
    "\\j": "j",
    **{f"\\{letter}": letter for letter in "{}&%$#_"},
}
MATHS = {
    "\\uparrow": "↑",
    "\\downarrow": "↓",
    "\\pm": "±",
    "\\cdot": "·",
    "\\times": "×",
    "\\mu": "μ",
    "\\sigma": "σ",
    "\\circ": "°",
    "\\leq": "≤",
}
LIGATURES = ("--", "``", "''", ",,", "<<", ">>", "?`", "!`")


class Fault(Exception):
    """What TeX would stop at."""


def compiled(text: str) -> list[list[list[str]]]:
    """The cells of every tabular as they would be printed."""
    if not text.isascii():
        raise Fault(f"{next(letter for letter in text if not letter.isascii())!r} is not set up")
    return _Reader(text).tables()


class _Reader:
    def __init__(self, text: str) -> None:
        self.tokens = [token for token in TOKEN.findall(text) if not token.startswith("%")]
        if "".join(TOKEN.findall(text)) != text:
            raise Fault("some of it is no TeX")
        self.place = 0

    def tables(self) -> list[list[list[str]]]:
        found: list[list[list[str]]] = []
        inside: list[str] = []
        while self.place < len(self.tokens):
            token = self.next()
            if token == "\\begin":
                inside.append(self.word())
                if inside[-1] == "tabular":
                    self.word()
                    found.append([[""]])
            elif token == "\\end":
                if self.word() != inside.pop():
                    raise Fault("environments are not closed in order")
            elif inside and inside[-1] == "tabular":
                self.cell(token, found[-1])
            else:
                self.text(token)
        if inside:
            raise Fault(f"{inside} is not closed")
        return [[row for row in table if any(cell.strip() for cell in row)] for table in found]

    def cell(self, token: str, table: list[list[str]]) -> None:
        if token == "&":
            table[-1].append("")
        elif token == "\\\\":
            table[-1] = [" ".join(cell.split()) for cell in table[-1]]
            table.append([""])
            if self.after_space() in ("[", "*"):
                raise Fault("a row begins with what \\\\ takes for its own")
        elif token == "\\multicolumn":
            count = int(self.word())
            self.word()
            table[-1][-1] += self.group()
            table[-1] += [""] * (count - 1)
        elif token == "\\midrule" and self.after_space() == "[":
            raise Fault("a rule takes the cell for its width")
        else:
            table[-1][-1] += self.text(token)

    def text(self, token: str) -> str:
        """What a token prints, with its arguments."""
        if token == "{":
            self.place -= 1
            return self.group()
        if token == "$":
            return self.maths()
        if token in ONE_ARGUMENT:
            return self.group()
        if token == "\\char":
            return self.number()
        if token in SIGNS:
            if token[1].isalpha() and self.peek() not in ("{", "}"):
                raise Fault(f"{token} swallows what stands behind it")
            return SIGNS[token]
        if token in PLAIN:
            return ""
        if token.startswith("\\") or token in "}&#^_~%":
            raise Fault(f"{token!r} is not known here")
        if token + self.peek() in LIGATURES:
            raise Fault(f"{token + self.peek()!r} would be printed as one sign")
        return " " if token.isspace() else token

    def number(self) -> str:
        """A letter by its number; `}` must end it, or a digit behind it would be taken along."""
        digits = ""
        while self.peek().isdigit():
            digits += self.next()
        if self.peek() != "}":
            raise Fault("a number is not ended")
        return chr(int(digits))

    def maths(self) -> str:
        found = ""
        while (token := self.next()) != "$":
            if token in MATHS:
                found += MATHS[token]
            elif token not in ("^", "{", "}") and not token.isalnum() and token != "-":
                raise Fault(f"{token!r} within a formula is not known here")
            elif token.isalnum() or token == "-":
                found += token
        return found

    def group(self) -> str:
        if self.next() != "{":
            raise Fault("an argument is missing")
        found = ""
        while (token := self.next()) != "}":
            found += self.text(token)
        return found

    def word(self) -> str:
        return self.group()

    def after_space(self) -> str:
        place = self.place
        while place < len(self.tokens) and self.tokens[place].isspace():
            place += 1
        return self.tokens[place] if place < len(self.tokens) else ""

    def peek(self) -> str:
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def next(self) -> str:
        if self.place == len(self.tokens):
            raise Fault("a group is not closed")
        self.place += 1
        return self.tokens[self.place - 1]
