"""The command line, as a user types it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import glmmvi as gv
from glmmvi.cli import main

RADON = "log_radon ~ 1 + floor + (1 | county)"


def test_radon_prints_lme4s_summary(capsys):
    assert main(["fit", RADON, "--data", "radon"]) == 0
    printed = capsys.readouterr().out
    fit = gv.lmer(RADON, gv.load_dataset("radon"), data_name="radon")
    assert printed == f"{fit.summary()}\n"
    assert "REML criterion at convergence: 2171.3" in printed


def test_print_ranef_and_record(capsys):
    arguments = ["--data", "Dyestuff", "--print", "--ranef", "--optimization"]
    assert main(["fit", "Yield ~ 1 + (1 | Batch)", *arguments]) == 0
    printed = capsys.readouterr().out
    assert "REML criterion at convergence: 319.6543" in printed
    assert "$Batch" in printed
    assert "Verdict" in printed


def test_json(capsys):
    arguments = ["--data", "Dyestuff2", "--ml", "--json"]
    assert main(["fit", "Yield ~ 1 + (1 | Batch)", *arguments]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["singular"] is True
    assert result["converged"] is True
    assert result["fixef"]["(Intercept)"]["estimate"] == pytest.approx(5.6656)
    assert result["deviance"] == pytest.approx(162.8730, abs=1e-4)


@pytest.mark.parametrize("suffix", ["csv", "parquet", "tsv"])
def test_files(tmp_path, capsys, suffix):
    data = gv.load_dataset("sleepstudy")
    path = tmp_path / f"sleep.{suffix}"
    if suffix == "parquet":
        data.to_parquet(path)
    else:
        data.to_csv(path, index=False, sep="\t" if suffix == "tsv" else ",")
    arguments = ["--data", str(path), "--subset", "Days > 1", "--weights", "Days"]
    assert main(["fit", "Reaction ~ Days + (Days | Subject)", *arguments]) == 0
    printed = capsys.readouterr().out
    assert "Number of obs: 144, groups:  Subject, 18" in printed
    assert "   Data: sleep\n" in printed
    assert "Weights: Days" in printed
    assert " Subset: Days > 1" in printed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["fit", "y ~ x", "--data", "radn"], 'did you mean "radon"'),
        (["fit", "log_radon ~ flor + (1 | county)", "--data", "radon"], "'flor' not found"),
        (["fit", "log_radon ~ floor county", "--data", "radon"], "an operator is missing"),
        (["fit", RADON, "--data", "radon", "--family", "binomial"], "y values must be 0 <= y <= 1"),
    ],
)
def test_errors_are_one_message_without_a_traceback(arguments, message, capsys):
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert message in printed.err
    assert "Traceback" not in printed.err
    assert printed.out == ""


def test_datasets_and_module_entry():
    done = subprocess.run(
        [sys.executable, "-m", "glmmvi.cli", "datasets"], capture_output=True, text=True, check=True
    )
    assert "sleepstudy" in done.stdout


CBPP = "cbind(incidence, size - incidence) ~ period + (1 | herd)"


def test_a_family_goes_to_glmer(capsys):
    assert main(["fit", CBPP, "--data", "cbpp", "--family", "binomial"]) == 0
    printed = capsys.readouterr().out
    fit = gv.glmer(CBPP, gv.load_dataset("cbpp"), "binomial", data_name="cbpp")
    assert printed == f"{fit.summary()}\n"
    assert " Family: binomial  ( logit )" in printed


def test_a_link_and_json(capsys):
    arguments = ["--data", "cbpp", "--family", "binomial", "--link", "probit", "--json"]
    assert main(["fit", CBPP, *arguments]) == 0
    result = json.loads(capsys.readouterr().out)
    fit = gv.glmer(CBPP, gv.load_dataset("cbpp"), gv.binomial("probit"))
    assert (result["family"], result["link"]) == ("binomial", "probit")
    assert result["logLik"]["value"] == pytest.approx(fit.elbo)
    assert set(result["fixef"]["period2"]) == {"estimate", "se", "z", "p"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--family", "binomal"], 'did you mean "binomial"?'),
        (["--family", "binomial", "--ml"], "--ml is for gaussian models"),
        (["--nagq", "9"], "--nagq is for --family binomial"),
        (["--family", "binomial", "--link", "probits"], "probits"),
    ],
)
def test_options_that_do_not_go_together(capsys, arguments, message):
    assert main(["fit", CBPP, "--data", "cbpp", *arguments]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("broken.parquet", b"not a parquet file"),
        ("empty.csv", b""),
        ("latin.csv", "y,g\n1,\u00e9\n".encode("latin-1")),
    ],
)
def test_files_that_cannot_be_read(tmp_path, capsys, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    assert main(["fit", "y ~ 1 + (1 | g)", "--data", str(path)]) == 2
    assert name in capsys.readouterr().err
