"""Tests of terms and models against R 4.2.2: lme4 1.1-31, lmerTest 3.1-3, car 3.1-1."""

from __future__ import annotations

import warnings
from functools import cache

import numpy as np
import pytest
from numpy.testing import assert_allclose

import glmmvi as gv
from glmmvi.inference.satterthwaite import covariance_sensitivity
from glmmvi.inference.wald_tests import term_test, wald_test
from tests.results.golden_models import golden_fit
from tests.results.inference_reference import column, inference_reference, reference_data
from tests.results.rendering.references import texts

HAM = "Informed.liking ~ Product * Information + Gender + (1 | Consumer)"
OWN = {  # model: (data set, formula, contrasts)
    "radon_interaction": ("radon", "log_radon ~ floor * log_uranium + (1 | county)", None),
    "ham": (
        "ham",
        "Informed.liking ~ Product * Information * Gender + (1 | Product:Consumer) + "
        "(1 | Consumer)",
        None,
    ),
    "uneven": ("uneven", "Reaction ~ half * Days + (1 | Subject)", None),
    "uneven_sum": (
        "uneven",
        "Reaction ~ half * Days + (1 | Subject)",
        {"half": "contr.sum"},
    ),
    "uneven_no_intercept": ("uneven", "Reaction ~ 0 + half + Days + (1 | Subject)", None),
    "ham_additive": ("ham", HAM, None),
}
GOLDEN = {
    "sleepstudy": "sleepstudy_lmer",
    "bars2": "sleepstudy_lmer_bars2",
    "dyestuff": "dyestuff_lmer",
    "penicillin": "penicillin_lmer",
    "pastes": "pastes_lmer_nested",
    "radon_slope": "radon_lmer_slope",
    "cake": "cake_lmer_ordered",
    "machines": "machines_lmer_factor_slope",
    "orthodont": "orthodont_lmer_interaction",
}
TESTED = [m for m in (*GOLDEN, *OWN) if "anova_I" in inference_reference().get(m, {})]


@cache
def fit_of(model):
    if model in GOLDEN:
        return golden_fit(GOLDEN[model])
    data, formula, contrasts = OWN[model]
    table = gv.load_dataset("radon") if data == "radon" else reference_data(data)
    return gv.lmer(formula, table, contrasts=contrasts, data_name=data)


def assert_table(ours, theirs, *, p_value, rtol=1e-3):
    """Three digits everywhere; p values too, as far down as their logarithm's third digit."""
    frame = ours.as_data_frame()
    assert list(frame.index) == theirs["rows"]
    for name in theirs["columns"]:
        values = column(theirs, name)
        if name == p_value:
            tiny = 1e-100  # R's JSON has 0 for the smallest
            logs = [np.log(np.maximum(x, tiny)) for x in (frame[name], values)]
            assert_allclose(*logs, rtol=rtol, atol=rtol)
        else:
            assert_allclose(frame[name], values, rtol=rtol, atol=1e-9)


@pytest.mark.parametrize("model", [*GOLDEN, *(model for model in OWN if model != "ham_additive")])
def test_summary_with_satterthwaites_degrees_of_freedom(model):
    summary = fit_of(model).summary(ddf="Satterthwaite")
    theirs = inference_reference()[model]["summary"]
    assert summary.class_name == "lmerModLmerTest"
    assert_table(summary.coefficients, theirs, p_value="Pr(>|t|)")


@pytest.mark.parametrize("model", TESTED)
@pytest.mark.parametrize("kind", ["I", "II", "III"])
def test_f_tests_of_the_terms(model, kind):
    theirs = inference_reference()[model][f"anova_{kind}"]
    assert_table(gv.anova(fit_of(model), type=kind), theirs, p_value="Pr(>F)")


@pytest.mark.parametrize("model", TESTED)
def test_lme4s_own_tables(model):
    reference = inference_reference()[model]
    assert_table(gv.anova(fit_of(model)), reference["lme4_anova"], p_value=None)
    assert_table(gv.drop1(fit_of(model), test="Chisq"), reference["drop1"], p_value="Pr(Chi)")


@pytest.mark.parametrize("model", TESTED)
@pytest.mark.parametrize("kind", ["II", "III"])
def test_wald_tests_of_the_terms(model, kind):
    theirs = inference_reference()[model][f"car_{kind}"]
    assert_table(gv.Anova(fit_of(model), kind), theirs, p_value="Pr(>Chisq)")


@pytest.mark.parametrize("model", ["sleepstudy", "pastes", "ham", "penicillin"])
def test_tests_of_the_random_effects(model):
    assert_table(
        gv.ranova(fit_of(model)), inference_reference()[model]["ranova"], p_value="Pr(>Chisq)"
    )


def test_model_of_the_tests_of_the_random_effects_is_spelt_out():
    formula = "strength ~ 1 + (1 | batch/cask)"
    table = gv.ranova(gv.lmer(formula, gv.load_dataset("Pastes")))
    # print(ranova(lmer(strength ~ 1 + (1 | batch/cask), Pastes))) of lmerTest 3.1-3
    assert table.heading[2] == "strength ~ (1 | cask:batch) + (1 | batch)"


def test_random_effects_by_maximum_likelihood_and_whole_terms():
    fit = golden_fit("sleepstudy_lmer_ML")
    table = gv.ranova(fit, reduce_terms=False).as_data_frame()
    alone = gv.lmer("Reaction ~ Days + (1 | Subject)", gv.load_dataset("sleepstudy"), REML=False)
    # ordinary regression: R's logLik(lm(Reaction ~ Days, sleepstudy)) is -950.1465
    assert table.loc["(Days | Subject)", "logLik"] == pytest.approx(-950.1465, abs=1e-4)
    assert table.loc["(Days | Subject)", "npar"] == 3
    reduced = gv.ranova(fit).as_data_frame()
    assert reduced["logLik"].iloc[1] == pytest.approx(float(alone.logLik()), abs=1e-7)


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("anova_III", lambda fit: gv.anova(fit, ddf="Satterthwaite")),
        ("anova_I", lambda fit: fit.anova(type=1)),
        ("car_III", lambda fit: gv.Anova(fit, type=3)),
        ("summary", lambda fit: fit.summary(ddf="Satterthwaite", correlation=False)),
        ("drop1", lambda fit: fit.drop1(test="Chisq")),
        ("drop1_plain", gv.drop1),
    ],
)
def test_printed_text_is_rs(name, table):
    theirs = [line.rstrip() for line in inference_reference()["texts"][name]]
    ours = [line.rstrip() for line in str(table(fit_of("ham_additive"))).split("\n")]
    assert ours == theirs


# -- several models ------------------------------------------------------------------------


def sleepstudy_models():
    data = gv.load_dataset("sleepstudy")
    fits = [
        gv.lmer(f"Reaction ~ {rhs}", data, data_name="sleepstudy")
        for rhs in (
            "Days + (Days | Subject)",
            "1 + (1 | Subject)",
            "Days + (1 | Subject)",
            "Days + (Days || Subject)",
        )
    ]
    return dict(zip(("fm1", "fm0", "fm3", "fm2"), fits, strict=True))


def golden_text(model, call):
    text, _, _ = texts()[model][call].partition("[message]")
    return text.rstrip("\n")


def test_comparison_of_models_prints_as_lme4s():
    models = sleepstudy_models()
    fm0, fm1, fm2, fm3 = (models[f"fm{i}"] for i in range(4))
    with pytest.warns(gv.GlmmviMessage) as caught:
        two = gv.anova(fm1, fm3)
    assert [str(w.message) for w in caught] == ["refitting model(s) with ML (instead of REML)"]
    assert caught[0].filename == __file__
    assert str(two) == golden_text("sleepstudy_lmer", "anova2")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        without = fm1.anova(fm3, refit=False)
    assert str(without) == golden_text("sleepstudy_lmer", "anova2_norefit")
    with pytest.warns(gv.GlmmviMessage):
        four = gv.anova(fm1, fm2, fm3, fm0)
    assert str(four) == golden_text("sleepstudy_lmer", "anova4")


def test_models_that_cannot_be_compared():
    fm1 = golden_fit("sleepstudy_lmer")
    data = gv.load_dataset("sleepstudy")
    short = gv.lmer("Reaction ~ Days + (1 | Subject)", data.iloc[:100])
    with pytest.raises(gv.DataError, match="same size of dataset"):
        gv.anova(fm1, short)
    logged = gv.lmer("log(Reaction) ~ Days + (1 | Subject)", data, REML=False)
    with pytest.raises(gv.DataError, match="same data object"):
        gv.anova(golden_fit("sleepstudy_lmer_ML"), logged, model_names=["a", "b"])
    with pytest.raises(gv.ArgumentError, match="argument 2"):
        gv.anova(fm1, "III")
    with pytest.raises(gv.ArgumentError, match="different lengths"):
        gv.anova(fm1, fm1, model_names=["a"])


def test_a_model_against_itself_gets_generic_names():
    fit = golden_fit("sleepstudy_lmer_ML")
    with pytest.warns(gv.GlmmviWarning, match="failed to find model names"):
        table = gv.anova(fit, fit)
    assert table.row_names == ("MODEL1", "MODEL2")
    assert np.isnan(table.as_data_frame()["Pr(>Chisq)"]).all()


def test_mixed_criteria_without_refit_warn():
    a, b = golden_fit("sleepstudy_lmer"), golden_fit("sleepstudy_lmer_ML")
    with pytest.warns(gv.GlmmviWarning, match="some models fit with REML = TRUE, some not"):
        gv.anova(a, b, refit=False)


# -- generalized models ----------------------------------------------------------------------


@cache
def cbpp_fit(nAGQ=1):
    formula = "cbind(incidence, size - incidence) ~ period + (1 | herd)"
    return gv.glmer(formula, gv.load_dataset("cbpp"), family="binomial", nAGQ=nAGQ)


def test_wald_tests_at_lme4s_estimates():
    r = inference_reference()["cbpp"]
    beta, cov = np.array(r["fixef"]), np.array(r["vcov"])
    own, nothing = np.array([False, True, True, True]), np.zeros(4, dtype=bool)
    assert_allclose(
        term_test(beta, cov, own, nothing).statistic, column(r["car_II"], "Chisq"), rtol=1e-8
    )
    assert_allclose(
        wald_test(beta, cov, np.eye(4)[:1]).statistic, column(r["car_III"], "Chisq")[0], rtol=1e-8
    )


def test_tables_of_a_glmer_fit():
    fit, r = cbpp_fit(), inference_reference()["cbpp"]
    assert_allclose(gv.anova(fit).columns[1], column(r["anova"], "Sum Sq"), rtol=2e-3)
    # with glmmTMB's estimates and vcov; lme4's standard errors are 1 % smaller (car: 25.49)
    assert gv.Anova(fit).columns[0][0] == pytest.approx(r["glmmTMB_period"][0], rel=2e-3)
    dropped = gv.drop1(fit, test="Chisq").as_data_frame()
    without = gv.glmer(
        "cbind(incidence, size - incidence) ~ 1 + (1 | herd)",
        gv.load_dataset("cbpp"),
        family="binomial",
    )
    assert dropped.loc["period", "LRT"] == pytest.approx(2 * (fit.elbo - without.elbo), abs=1e-6)
    assert dropped.loc["period", "LRT"] == pytest.approx(25.61, abs=0.02)  # lme4, by Laplace
    compared = gv.anova(without, fit, model_names=["gm0", "gm1"]).as_data_frame()
    assert compared.loc["gm1", "Chisq"] == pytest.approx(dropped.loc["period", "LRT"], abs=1e-6)


def test_drop1_of_a_quadrature_fit_refits_by_quadrature():
    table = gv.drop1(cbpp_fit(nAGQ=9), test="Chisq").as_data_frame()
    assert table.loc["period", "LRT"] == pytest.approx(25.551, abs=2e-3)  # lme4, nAGQ = 9


# -- linear hypotheses -------------------------------------------------------------------------

LINES = ["Product2 = Product3", "2*Gender2 + 0.5 = Information2"]
MATRIX = np.array([[0, 1, -1, 0, 0, 0, 0, 0, 0], [0, 0, 0, 0, -1, 2, 0, 0, 0]])


def test_linear_hypothesis_is_cars():
    fit, r = fit_of("ham_additive"), inference_reference()["hypothesis"]
    table = gv.linear_hypothesis(fit, LINES)
    assert_table(table, r["values"], p_value="Pr(>Chisq)")
    one = str(gv.linear_hypothesis(fit, "Product2")).split("\n")
    assert [line.rstrip() for line in one] == [line.rstrip() for line in r["one"]]
    by_matrix = gv.linear_hypothesis(fit, MATRIX, rhs=[0.0, -0.5])
    assert_allclose(by_matrix.columns[1][1], table.columns[1][1], rtol=1e-12)
    f = gv.linear_hypothesis(fit, LINES, test="F").as_data_frame()
    joint = gv.contest(fit, MATRIX, rhs=[0.0, -0.5]).as_data_frame()
    assert f["F"].iloc[1] == pytest.approx(joint["F value"].iloc[0])
    assert f["Res.Df"].iloc[1] == pytest.approx(joint["DenDF"].iloc[0])


def test_contest_is_lmertests():
    fit, r = fit_of("ham_additive"), inference_reference()["contest"]
    L = [[0, 1, -1, 0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 1, -1, 0, 0, 0]]
    assert_table(gv.contest(fit, L), r["joint"], p_value="Pr(>F)")
    assert_table(gv.contest(fit, L, rhs=[0.1, -0.2]), r["shifted"], p_value="Pr(>F)")
    assert_table(gv.contest(fit, L, joint=False), r["each"], p_value="Pr(>|t|)")


@pytest.mark.parametrize(
    ("hypothesis", "culprit"),
    [
        ("Product9 = 0", "no coefficient 'Product9'"),
        ("Product2 * Product3 = 0", "linear"),
        ("2 = 3", "no coefficient left"),
        (["Product2 = 0", "2*Product2 = 0"], "combinations of each other"),
        ("(Product2 = 0", "not closed"),
        ([[1.0, 0.0]], "one column a fixed effect"),
    ],
)
def test_hypotheses_that_make_no_sense(hypothesis, culprit):
    with pytest.raises(gv.ArgumentError, match=culprit):
        gv.linear_hypothesis(fit_of("ham_additive"), hypothesis)


@pytest.mark.parametrize(
    ("call", "culprit"),
    [
        (lambda fit: gv.anova(fit, ddf="Kenward Roger"), "Kenward-Roger"),
        (lambda fit: gv.anova(fit, type="IV"), "IV"),
        (lambda fit: gv.Anova(fit, type=1), "anova"),
        (lambda fit: gv.drop1(fit, "Dais"), "Days"),
        (lambda fit: gv.drop1(fit, test="Chi"), "Chisq"),
        (lambda fit: fit.summary(ddf="satterthwaite"), "Satterthwaite"),
        (lambda _: gv.anova(cbpp_fit(), type=3), "Anova"),
        (lambda _: gv.ranova(cbpp_fit()), "lmer"),
    ],
)
def test_errors_name_what_works(call, culprit):
    with pytest.raises(gv.ArgumentError, match=culprit):
        call(golden_fit("sleepstudy_lmer"))


def test_sensitivity_is_that_of_the_criterion():
    """A balanced one-way layout: the residual variance has n - L degrees of freedom."""
    posterior = golden_fit("dyestuff_lmer").posterior
    found = covariance_sensitivity(posterior.problem, posterior.solution)
    # the mean's variance is MS(batch) / n: 6 - 1 degrees of freedom
    assert found.df(np.ones(1)) == pytest.approx(5.0, abs=1e-3)
    # the last parameter is log(sigma): Var = 1 / (2 (n - L))
    assert found.parameter_cov[-1, -1] == pytest.approx(1.0 / (2.0 * 24.0), rel=1e-3)
