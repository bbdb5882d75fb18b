"""How a text becomes what a model of texts takes, for those who use it: in Python, in Swift and in words."""

from __future__ import annotations

# What `anenas.data.Encoding.split` does, by what it calls tokens.
_PYTHON = {
    "words": """\
    text = "".join(c if unicodedata.category(c)[0] in "LMN" else " " for c in text)
    found = text.split()""",
    "characters": """\
    white = "".join(" " if unicodedata.category(c)[0] == "Z" or c in "\\t\\n\\v\\f\\r\\x85" else c for c in text)
    found = list(" ".join(part for part in white.split(" ") if part))""",
}
_SWIFT = {
    "words": """\
            .components(separatedBy: CharacterSet.alphanumerics.inverted).filter { !$0.isEmpty }""",
    "characters": """\
            .components(separatedBy: .whitespacesAndNewlines).filter { !$0.isEmpty }
            .joined(separator: " ").unicodeScalars.map { String($0) }""",
}
_WORDS = {
    "words": "words: the longest runs of letters, marks and numbers (Unicode's categories L*, M* and N*)",
    "characters": "characters: code points, with one blank for each run of white space and none at the ends",
}


def python_encoder(tokens: str, steps: int) -> str:
    """A function `encode` for a module that has imported json, unicodedata and torch, and knows its folder as HERE."""
    return f'''
def encode(text):
    """What the network takes of a text: the ids of its first {steps:,} {tokens}, (1, 1, 1, {steps})."""
    text = unicodedata.normalize("NFC", text.lower())
{_PYTHON[tokens]}
    vocabulary = json.loads((HERE / "vocabulary.json").read_text(encoding="utf-8"))
    ids = {{token: i for i, token in enumerate(vocabulary, 2)}}
    known = [ids.get(token, 1) for token in found[:{steps}]]
    return torch.tensor([0] * ({steps} - len(known)) + known, dtype=torch.float32).view(1, 1, 1, {steps})

'''


def swift_split(tokens: str) -> str:
    """What Swift calls on a text in lower case and Unicode's form NFC."""
    return _SWIFT[tokens]


def in_words(tokens: str, steps: int) -> str:
    """For the model card."""
    return (
        f"A text is put in lower case and in Unicode's form NFC, and cut in {_WORDS[tokens]}. The first {steps:,} go "
        "in, each as its id: its place in `vocabulary.json`, counted from 2, or 1 if it is not there. Shorter texts "
        "have 0 before them. `encode` in `network.py` does so, and `Classifier.swift`; the vocabulary is in the "
        'package\'s metadata, too, as JSON under "vocabulary".'
    )
