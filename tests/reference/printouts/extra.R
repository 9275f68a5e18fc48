# More of R's printouts (R 4.2.2, lme4 1.1-31): layouts that the 34 models of printouts.R do not reach,
# and the numbers of cbpp_glmer as they were when its texts were written (profile() changes a fit's
# random effects in place, and printouts.R writes the numbers after it).
# Usage: Rscript extra.R [outdir]   (printouts.R beside it)
args <- commandArgs(TRUE); OUT <- if (length(args)) args[1] else "extra"
dir.create(OUT, recursive = TRUE, showWarnings = FALSE)
suppressMessages({library(lme4); library(jsonlite)})
options(width = 80, digits = 7, warn = 1)
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
for (e in parse(file.path(here, "printouts.R")))
  if (is.call(e) && identical(e[[1]], as.name("<-")) && as.character(e[[2]])[1] %in% c("cap", "nums")) eval(e)
text_of <- function(x) if (is.null(x)) NULL else paste(deparse(x), collapse = "")
numbers <- function(model, m) {       # nums(), and what it leaves out
  nums(model, m)
  f <- file.path(OUT, paste0(model, "__numbers.json")); o <- fromJSON(f, simplifyVector = FALSE)
  o$offset <- text_of(m@call$offset); o$subset <- text_of(m@call$subset)
  o$fit_messages <- I(as.character(lme4:::.merMod.msgs(m))); o$optimizer_message <- m@optinfo$message
  o$ngrps <- as.list(vapply(m@flist, nlevels, 0L))
  q <- residuals(m, "pearson", scaled = TRUE); s <- summary(m)$coefficients
  o$p <- length(fixef(m))
  write(toJSON(o, digits = NA, auto_unbox = TRUE, null = "null"), f)
}
run <- function(model, m, correlation = NULL) {
  fit <- m; numbers(model, fit)
  cap(model, "print", print(fit)); cap(model, "summary", print(summary(fit)))
  for (d in c(2, 3, 6, 7, 9)) {
    cap(model, paste0("print_digits", d), print(fit, digits = d, ranef.comp = c("Var", "Std")))
    cap(model, paste0("summary_digits", d), print(summary(fit), digits = d, ranef.comp = "Std.Dev."))
    cap(model, paste0("VarCorr_digits", d), print(VarCorr(fit), digits = d, comp = "Variance"))
  }
  for (w in c(40, 60, 120)) {
    options(width = w)
    cap(model, paste0("print_width", w), print(fit)); cap(model, paste0("summary_width", w), print(summary(fit)))
    options(width = 80)
  }
  cap(model, "summary_plain", print(summary(fit), signif.stars = FALSE, show.resids = FALSE))
  if (length(fixef(fit)) > 1) cap(model, "summary_symbolic", print(summary(fit), symbolic.cor = TRUE, correlation = TRUE))
  cap(model, "coef", print(coef(fit))); cap(model, "ranef", print(ranef(fit)))
}
gm1 <- glmer(cbind(incidence, size - incidence) ~ period + (1 | herd), data = cbpp, family = binomial)
nums("cbpp_glmer", gm1)
run("cbpp", gm1)
run("cbpp_no_stars", glmer(cbind(incidence, size - incidence) ~ scale(size) + (1 | herd), data = cbpp, family = binomial))
sleepstudy$w <- rep(1:2, 90)
run("arguments", lmer(Reaction ~ Days + (1 | Subject), sleepstudy, weights = w, subset = Days > 1 & Reaction < 400, offset = 2 * Days))
sleepstudy$Twice <- 2 * sleepstudy$Days; sleepstudy$Thrice <- 3 * sleepstudy$Days
run("rank_deficient", suppressMessages(lmer(Reaction ~ Days + Twice + Thrice + (1 | Subject), sleepstudy)))
run("not_converged", suppressWarnings(lmer(Reaction ~ Days + (Days | Subject), sleepstudy, control = lmerControl(optCtrl = list(maxeval = 4)))))
run("nelder_mead_stopped", suppressWarnings(glmer(cbind(incidence, size - incidence) ~ period + (1 | herd), cbpp, binomial, control = glmerControl(optimizer = "Nelder_Mead", optCtrl = list(maxfun = 12)))))
sleepstudy$tiny <- sleepstudy$Reaction * 1e-7; sleepstudy$huge <- sleepstudy$Reaction * 1e7; sleepstudy$fine <- sleepstudy$Days * 1e-6
run("tiny", suppressWarnings(lmer(tiny ~ Days + (Days | Subject), sleepstudy)))
run("huge", suppressWarnings(lmer(huge ~ Days + (Days | Subject), sleepstudy)))
run("mixed_scales", suppressWarnings(lmer(Reaction ~ fine + Days:factor(Days %% 3) + (1 | Subject), sleepstudy)))
set.seed(11); d <- data.frame(first_group = factor(rep(1:10, 12)), another_grouping_factor = factor(rep(letters[1:6], each = 20)),
  third_factor_of_groups = factor(sample(15, 120, TRUE)), x = round(rnorm(120), 2), z = round(rnorm(120), 2), f = factor(rep(c("low", "high", "very high"), 40)))
d$y <- round(with(d, x + rnorm(10)[first_group] + rnorm(6)[another_grouping_factor] + rnorm(120)), 3)
run("many_groups", suppressMessages(lmer(y ~ f * x + (1 + x + z | first_group) + (0 + f | another_grouping_factor) + (1 | third_factor_of_groups), d)))
run("nan_correlation", suppressMessages(lmer(y ~ x + (z | third_factor_of_groups), transform(d, y = x + round(rnorm(120), 2)))))
run("poisson", glmer(round(exp(y / 3)) ~ x + f + (1 | first_group / third_factor_of_groups), d, family = poisson(link = "sqrt")))
run("ml", lmer(Reaction ~ 0 + Days + I(Days^2) + (1 | Subject), sleepstudy, REML = FALSE))
run("nagq", glmer(cbind(incidence, size - incidence) ~ 1 + (1 | herd), data = cbpp, family = binomial, nAGQ = 25))
nofixed <- lmer(Reaction ~ 0 + (1 | Subject), sleepstudy)
cap("no_fixed", "print", print(nofixed)); cap("no_fixed", "summary", print(summary(nofixed)))
