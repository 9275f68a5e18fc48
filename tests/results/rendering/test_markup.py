"""Markdown, HTML and LaTeX carry the cells that the text carries, in the same order."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from glmmvi.results.rendering import render_summary

from . import references

MODELS = list(references.numbers())


def words_of_text(summary) -> list[str]:
    """Numbers of the tables in R's layout."""
    return re.findall(r"(?<![\w.(<])-?\d+\.\d+(?:e-\d+)?(?![\w.)])", render_summary(summary))


def numbers_in(cells: list[str]) -> list[str]:
    return [c for c in cells if re.fullmatch(r"-?\d+\.\d+(?:e-\d+)?", c)]


@pytest.mark.parametrize("model", MODELS)
def test_html_is_well_formed_and_holds_the_text_s_numbers(model):
    summary = references.summary(references.numbers()[model])
    root = ElementTree.fromstring(summary.to_html().replace("<br>", "<br/>"))
    cells = [cell.text or "" for cell in root.iter("td")]
    assert set(numbers_in(cells)) <= set(words_of_text(summary))
    for table in root.iter("table"):
        widths = {len(row) for row in table.iter("tr")}
        assert len(widths) == 1


@pytest.mark.parametrize("model", MODELS)
def test_markdown_tables_are_rectangular_and_equal_html(model):
    summary = references.summary(references.numbers()[model])
    rows = [line for line in summary.to_markdown().splitlines() if line.startswith("| ")]
    cells = [cell.strip() for row in rows for cell in re.split(r"(?<!\\)\|", row)[1:-1]]
    root = ElementTree.fromstring(summary.to_html().replace("<br>", "<br/>"))
    html = [cell.text or "" for row in root.iter("tr") for cell in row]
    assert [re.sub(r"\\(.)", r"\1", cell) for cell in cells] == html


@pytest.mark.parametrize("model", MODELS)
def test_latex_rows_have_as_many_cells_as_the_table_has_columns(model):
    text = references.summary(references.numbers()[model]).to_latex()
    assert len(re.findall(r"(?<!\\){", text)) == len(re.findall(r"(?<!\\)}", text))
    for spec, body in re.findall(r"\\begin{tabular}{(\w+)}(.*?)\\end{tabular}", text, re.S):
        rows = [line for line in body.splitlines() if line.endswith("\\\\")]
        assert rows
        assert {len(re.findall(r"(?<!\\)&", row)) + 1 for row in rows} == {len(spec)}


def test_notes_and_warnings_are_at_the_end_of_every_format():
    from dataclasses import replace

    r = references.numbers()["sleepstudy_glmer_gamma_log"]
    summary = replace(references.summary(r), notes=("a < b & c",))
    assert summary.to_markdown().endswith("component 1)  \na \\< b & c\n")
    assert "a &lt; b &amp; c" in summary.to_html().splitlines()[-2]
    assert summary.to_latex().endswith("a \\textless{} b \\& c\n")


def test_a_table_shows_itself_in_a_notebook():
    var_corr = references.var_corr(references.numbers()["sleepstudy_lmer"])
    assert var_corr._repr_html_() == var_corr.to_html()
    effects = references.random_effects(references.numbers()["pastes_lmer_nested"])
    assert effects.to_html().count("<table>") == 2
