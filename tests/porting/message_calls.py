"""Every call of lme4's messages.json as it is written here, and why it says something else.

A row without a reason says what R says: the same sentences, in order and of the same kind. Ours
may go on after R's sentence (the culprit, what to do).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Call:
    """One call: Python, and, where it is not R's answer, what ours begins with and why."""

    code: str
    ours: tuple[str, ...] = ()
    reason: str | None = None


SINGULAR = "message: boundary (singular) fit: see help('isSingular')"

CALLS = {
    "singular": Call('lmer("Yield ~ 1 + (1 | Batch)", Dyestuff2)'),
    "rank1": Call('lmer("y ~ x + x2 + (1 | g)", d)'),
    "rank2": Call('lmer("y ~ x + x2 + z + x3 + (1 | g)", d)'),
    "one_level": Call('lmer("y ~ x + (1 | one)", d)'),
    "nlev_eq_n": Call('lmer("y ~ x + (1 | h)", d)'),
    "nRE_ge_n": Call('lmer("y ~ x + (x | h)", d)'),
    "nRE_slope": Call('lmer("y ~ x + (0 + x | h)", d)'),
    "nRE_eq_n_lmer": Call('lmer("y ~ x + (x | k)", d)'),
    "two_bad_factors": Call('lmer("y ~ x + (1 | h) + (1 | h2)", d)'),
    "glmer_olre_ok": Call('glmer("cnt ~ x + (1 | h)", d, family="poisson")'),
    "glmer_nRE": Call('glmer("cnt ~ x + (x + z | h)", d, family="poisson")'),
    "scale": Call(
        'lmer("y ~ big + (1 | g)", d)',
        (SINGULAR,),
        "the predictors are scaled inside the fit: nothing for the user to rescale",
    ),
    "no_re": Call('lmer("y ~ x", d)'),
    "glmer_no_re": Call('glmer("b ~ x", d, family="binomial")'),
    "glmer_gaussian": Call('glmer("y ~ x + (1 | g)", d)'),
    "lmer_family": Call('lmer("b ~ x + (1 | g)", d, family="binomial")'),
    "glmer_quasi": Call('glmer("cnt ~ x + (1 | g)", d, family="quasipoisson")'),
    "glmer_nb_fam": Call('glmer("cnt ~ x + (1 | g)", d, family=negative_binomial(2))'),
    "nonint_successes": Call('glmer("p ~ x + (1 | g)", d, family="binomial")'),
    "nonint_weights": Call(
        'glmer("p ~ x + (1 | g)", d, family="binomial", weights=np.repeat(7, n))'
    ),
    "y_outside": Call('glmer("I(p * 2) ~ x + (1 | g)", d, family="binomial")'),
    "nonint_poisson": Call(
        'glmer("p ~ x + (1 | g)", d, family="poisson")',
        (
            "warning: non-integer x = 0.760313 (and 59 more rows)",
            SINGULAR,
        ),
        (
            "one warning for all rows instead of sixty; R's log likelihood is then "
            "-Inf, and it never moves from theta = 1"
        ),
    ),
    "neg_poisson": Call('glmer("I(cnt - 3) ~ x + (1 | g)", d, family="poisson")'),
    "neg_gamma": Call('glmer("y ~ x + (1 | g)", d, family=Gamma)'),
    "char_response": Call('glmer("s ~ x + (1 | g)", d, family="binomial")'),
    "factor_response3": Call('glmer("g2 ~ x + (1 | g)", d, family="binomial")'),
    "const_response": Call('glmer("ones ~ x + (1 | g)", d.assign(ones=1), family="binomial")'),
    "lmer_factor_response": Call('lmer("g2 ~ x + (1 | g)", d)'),
    "missing_var": Call('lmer("y ~ nope + (1 | g)", d)'),
    "missing_group": Call('lmer("y ~ x + (1 | nope)", d)'),
    "na_fail": Call('lmer("yna ~ x + (1 | g)", d, na_action="na.fail")'),
    "na_omit_silent": Call('nobs(lmer("yna ~ x + (1 | g)", d))'),
    "group_na_omit": Call('nobs(lmer("y ~ x + (1 | gna)", d))'),
    "inf_x": Call('lmer("y ~ inf + (1 | g)", d)'),
    "numeric_group": Call('nobs(lmer("y ~ x + (1 | num)", d))'),
    "numeric_interaction_group": Call('lmer("y ~ x + (1 | num:p)", d)'),
    "numeric_interaction_group2": Call('nobs(lmer("y ~ x + (1 | num:s)", d))'),
    "char_group": Call('nobs(lmer("y ~ x + (1 | s)", d))'),
    "bar_no_paren": Call(
        'lmer("y ~ x + 1 | g", d)',
        (
            "message: `x + 1 | g` has no brackets around its random-effects term",
            SINGULAR,
        ),
        ("R reads it silently as another model than it looks like; a message says which, then R's"),
    ),
    "lhs_bar": Call(
        'lmer("y ~ x + (1 | g) * z", d)',
        ("ERROR: `*` cannot be applied to the random-effects term `(1 | g)`",),
        "R silently fits y ~ x + (1 | g) + z; the formula means nothing, and is refused",
    ),
    "two_bars": Call(
        'lmer("y ~ x + (1 | g | h)", d)',
        ("ERROR: `1 | g | h` has two bars",),
        "R's sentence is about its model frame; ours names the second bar",
    ),
    "double_in_grouping": Call(
        'lmer("y ~ x + (1 | g + g2)", d)',
        ("ERROR: `g + g2` is not a grouping factor",),
        ("R warns of an operator it tried on factors; ours names the place and what to write"),
    ),
    "no_lhs": Call(
        'lmer("~ x + (1 | g)", d)',
        ("ERROR: the formula has no response",),
        "R's sentence is the code of an assertion",
    ),
    "string_formula": Call('lmer("y ~ x + (1|g)", d)'),
    "nAGQ_multi": Call(
        'glmer("b ~ x + (1 | g) + (1 | g2)", d, family="binomial", nAGQ=5)',
        ("ERROR: nAGQ = 5: nAGQ > 1 is only available for models with a single",),
        ("nAGQ goes further here (up to 3 columns of one factor), so the limit is another one"),
    ),
    "nAGQ_slope": Call(
        'glmer("b ~ x + (x | g)", d, family="binomial", nAGQ=5)',
        (SINGULAR,),
        "nAGQ works for vector-valued random effects here",
    ),
    "nAGQ_toolarge": Call(
        'glmer("b ~ x + (1 | g)", d, family="binomial", nAGQ=101)',
        ("ERROR: nAGQ=101 is not between 0 and 100",),
        "R's sentence is the code of an assertion",
    ),
    "nAGQ_lmer": Call('lmer("y ~ x + (1 | g)", d, nAGQ=2)'),
    "extra_arg": Call('lmer("y ~ x + (1 | g)", d, foo=2)'),
    "REML_glmer": Call('glmer("b ~ x + (1 | g)", d, family="binomial", REML=True)'),
    "sparseX": Call('lmer("y ~ x + (1 | g)", d, sparseX=True)'),
    "new_levels": Call('predict(fm, pd.DataFrame({"Days": [1], "Subject": ["zzz"]}))'),
    "predict_missing_col": Call('predict(fm, pd.DataFrame({"Subject": ["308"]}))'),
    "predict_na": Call('predict(fm, pd.DataFrame({"Days": [np.nan], "Subject": ["308"]}))'),
    "predict_na_group": Call(
        'predict(fm, pd.DataFrame({"Days": [1], "Subject": [None]}))',
        ("ERROR: new levels detected in newdata: NA (of Subject)",),
        (
            "R trips over its reader of grouping factors; a missing level is a new "
            "level, and allow_new_levels serves it"
        ),
    ),
    "predict_new_fixed_level": Call(
        'predict(lmer("Reaction ~ factor(Days) + (1 | Subject)", sleepstudy), '
        'pd.DataFrame({"Days": [11], "Subject": ["308"]}))'
    ),
    "predict_sefit": Call(
        "predict(fm, se_fit=True)",
        (),
        "lme4 1.1-31 has no standard errors of predictions; here se_fit works",
    ),
    "anova_norefit_mixed": Call("anova(fm, fm0, refit=False)"),
    "anova_diffn": Call('anova(fm, lmer("Reaction ~ Days + (1 | Subject)", sleepstudy[:100]))'),
    "anova_diffdata": Call(
        'anova(fm, lmer("Reaction ~ 1 + (1 | Subject)", sleepstudy.copy()))',
        ("message: refitting model(s) with ML (instead of REML)",),
        "R compares the names of the data; here their values are compared, and these are equal",
    ),
    "anova_dup": Call("anova(fm, fm)"),
    "deviance_REML": Call("deviance(fm)"),
    "REMLcrit_ML": Call("REMLcrit(fm0)"),
    "confint_profile": Call("confint(fm0)"),
    "confint_boot": Call('confint(fm0, method="boot", nsim=4, seed=1)'),
    "refit_bad": Call(
        "refit(fm, [1, 2, 3])",
        ("ERROR: refit: newresp has shape (3,)",),
        "R's sentence is the code of an assertion",
    ),
    "getME_bad": Call(
        'getME(fm, "foo")',
        ("ERROR: getME: there is no 'foo'; there are X, Z, Zt",),
        "R names no culprit; ours does, then lists what there is",
    ),
    "fm_dollar": Call(
        "fm.nope",
        ("ERROR: 'LinearMixedFit' object has no attribute 'nope'",),
        "an operator of R: an unknown attribute is Python's to report",
    ),
    "coef_re_not_fixed": Call(
        'coef(lmer("Reaction ~ 1 + (Days | Subject)", sleepstudy))["Subject"].iloc[0]'
    ),
    "nb_nonconv": Call('glmer_nb("cnt ~ x + (1 | g)", d)'),
    "conv_warning": Call(
        (
            'glmer("TICKS ~ YEAR + HEIGHT + (1 | BROOD) + (1 | INDEX) + (1 | '
            'LOCATION)", grouseticks, family="poisson")'
        ),
        (),
        ("a false alarm of lme4's gradient check on a badly scaled covariate: this fit converges"),
    ),
    "maxfun": Call(
        (
            'lmer("Reaction ~ Days + (Days | Subject)", sleepstudy, '
            "control=lmerControl(max_evaluations=3))"
        ),
        ("warning: Model failed to converge: the limit of 3 evaluations was reached",),
        ("R's sentences are nloptwrap's; the optimiser is another one, and says the limit it met"),
    ),
    "maxfun_bobyqa": Call(
        (
            'lmer("Reaction ~ Days + (Days | Subject)", sleepstudy, '
            'control=lmerControl(optimizer="bobyqa", optCtrl={"maxfun": 5}))'
        ),
        (("ERROR: lmerControl: optimizer='bobyqa' chooses or tunes one of lme4's optimisers"),),
        "there is one optimiser: an option that chooses another is refused, not ignored",
    ),
    "check_nlev5": Call(
        'lmer("y ~ x + (1 | g2)", d, '
        'control=lmerControl(check_nlev_gtreq_5="warning", '
        'check_conv_singular="ignore"))'
    ),
    "zero_sd_lmList": Call('lmList("y ~ x | g", d[:7])'),
    "contrasts_arg": Call('fixef(lmer("y ~ s + (1 | g)", d, contrasts={"s": "contr.sum"}))'),
    "contrasts_bad": Call('lmer("y ~ x + (1 | g)", d, contrasts={"x": "contr.sum"})'),
    "weights_neg": Call('lmer("y ~ x + (1 | g)", d, weights=np.repeat(-1, n))'),
    "weights_zero": Call(
        'nobs(lmer("y ~ x + (1 | g)", d, weights=np.tile([0, 1], 30)))',
        (
            "message: 30 of 60 rows have weight 0",
            SINGULAR,
        ),
        (
            "rows of weight 0 are left out and counted out (lme4's criterion is "
            "infinite): a message says so"
        ),
    ),
    "one_level_fixed": Call('lmer("y ~ one + (1 | g)", d)'),
    "separation": Call(
        'glmer("b ~ I(b * 10) + (1 | g)", d, family="binomial")',
        ("warning: Separation: the likelihood rises for ever as the coefficient of 'I(b * 10)'",),
        "R reports a singular Hessian; ours names the separated coefficient and a cure",
    ),
    "pwrss": Call(
        'glmer("cnt ~ big + (1 | g)", d, family="poisson")',
        (SINGULAR,),
        "the predictors are scaled inside the fit: nothing for the user to rescale",
    ),
    "gamma_inverse": Call(
        'glmer("Reaction ~ Days + (1 | Subject)", sleepstudy, family=Gamma)',
        (),
        "a false alarm of lme4's gradient check: this fit converges",
    ),
    "cbind_float": Call('glmer("cbind(p, 1 - p) ~ x + (1 | g)", d, family="binomial")'),
    "emptydata": Call('lmer("y ~ x + (1 | g)", d[:0])'),
    "drop_unused": Call('ngrps(lmer("y ~ x + (1 | g)", d[d.g != 1]))'),
    "update_formula": Call('update(fm, ". ~ . + I(Days^2)")'),
    "summary_cor_gt12": Call(
        (
            'print(summary(lmer("y ~ poly(x, 12) + (1 | g)", d, '
            'control=lmerControl(check_conv_singular="ignore"))))'
        ),
        (),
        "R's note stands in the text of the summary (test_note_on_hidden_correlations)",
    ),
    "glmer_scale_family_string": Call('glmer("cnt ~ x + (1 | h)", d, family="poisson")'),
    "start_bad": Call('lmer("y ~ x + (1 | g)", d, start=[1, 2])'),
    "rescale_suggest_isSingular_glmer": Call('glmer("b ~ x + (x + z | g2)", d, family="binomial")'),
}
