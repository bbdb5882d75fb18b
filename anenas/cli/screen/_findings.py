"""What the rules find in a model, and the rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.console import Console

from anenas.ane import Finding, Placement, Rule, Severity
from anenas.cli.screen._text import NAMED, STYLES, counted, print_line

_WORDS: dict[Severity, str] = {"error": "error", "warning": "warning", "info": "fact"}


def print_findings(
    console: Console, model: str, chip: str, findings: Sequence[Finding], placed: Sequence[Placement], segments: int
) -> None:
    """What the rules found, a paragraph for each rule, most severe first."""
    counts = Counter(finding.severity for finding in findings)
    inside = sum(one.on_engine for one in placed)
    print_line(console, f"{model} on {chip}")
    many = "" if segments < 2 else f", in {segments} segments"
    print_line(console, f"{inside} of {len(placed)} operations run on the Neural Engine, as far as is known{many}")
    for name in dict.fromkeys(finding.rule for finding in findings):
        alike = [finding for finding in findings if finding.rule == name]
        severity = alike[0].severity
        console.print(f"\n[{STYLES[severity]}]{severity:8}[/] [bold]{name}[/]", highlight=False)
        for finding in alike[:NAMED]:
            print_line(console, f"    {finding.op}: {finding.message}" if finding.op else f"    {finding.message}")
        if more := alike[NAMED:]:
            of = sorted({finding.op for finding in more if finding.op}, key=[f.op for f in more].index)
            named = ", ".join(of[:NAMED])
            left = len(more) - len(of[:NAMED])
            print_line(console, f"    also {named} and {left} more" if left else f"    also {named}")
        fixes = list(dict.fromkeys(finding.fix for finding in alike))
        print_line(console, f"    → {fixes[0]}" + ("" if len(fixes) == 1 else ", and so on"))
    summary = ", ".join(counted(counts[severity], word) for severity, word in _WORDS.items())
    console.print()
    print_line(console, f"{summary}; `anenas check --list-rules` has the evidence")


def print_rules(console: Console, rules: Sequence[Rule]) -> None:
    """Every rule with its guideline and evidence."""
    for rule in rules:
        console.print(f"[bold]{rule.id}[/] [{STYLES[rule.severity]}]{rule.severity}[/]", highlight=False)
        print_line(console, f"    guideline {rule.guideline}")
        print_line(console, f"    {rule.evidence}")
