# Printouts of lme4 (R 4.2.2, lme4 1.1-31) where its optimiser was told to go to the optimum: the
# default stops so early that the last printed digit of some goldens is not the optimum's.
# Usage: Rscript tight.R outfile datadir   (datadir: the folder with wide.csv)
suppressMessages({library(lme4); library(jsonlite)})
options(width = 80, digits = 7)
args <- commandArgs(TRUE)
data(Orthodont, package = "nlme"); data(Machines, package = "nlme")
Orthodont <- as.data.frame(Orthodont); Machines <- as.data.frame(Machines)
rad <- read.csv(gzfile(file.path(args[2], "..", "..", "..", "glmmvi", "data", "radon.csv.gz")))
W <- read.csv(file.path(args[2], "wide.csv")); W$g <- factor(W$g); W$h <- factor(W$h)
tight <- list(xtol_abs = 1e-14, xtol_rel = 1e-14, ftol_abs = 1e-15, ftol_rel = 1e-15, maxeval = 100000)
out <- list()
add <- function(model, form, data, name, REML = TRUE, singular = "message") {
  control <- lmerControl(optCtrl = tight, calc.derivs = FALSE, check.conv.singular = singular)
  best <- suppressMessages(lmer(form, data, REML = REML, control = control))
  for (optimizer in c("bobyqa", "Nelder_Mead", "nlminbwrap")) { # from there, by other optimisers
    other <- suppressWarnings(suppressMessages(lmer(form, data, REML = REML, start = getME(best, "theta"),
      control = lmerControl(optimizer = optimizer, calc.derivs = FALSE, check.conv.singular = singular))))
    if (-2 * logLik(other) < -2 * logLik(best)) best <- other
  }
  fit <- suppressMessages(lmer(form, data, REML = REML, start = getME(best, "theta"), control = control))
  if (-2 * logLik(fit) > -2 * logLik(best)) fit <- best
  fit@call <- call("lmer", formula = form, data = as.name(name), REML = REML)
  show <- function(x) { # messages stand where a terminal shows them: after the text
    said <- character()
    text <- capture.output(withCallingHandlers(print(x), message = function(m) {
      said <<- c(said, sub("\n$", "", conditionMessage(m))); invokeRestart("muffleMessage") }))
    paste(c(text, said), collapse = "\n")
  }
  vc <- as.data.frame(VarCorr(fit))
  out[[model]] <<- list(criterion = if (REML) REMLcrit(fit) else deviance(fit), theta = unname(getME(fit, "theta")),
    sdcor = vc$sdcor, print = show(fit), summary = show(summary(fit)), VarCorr = show(VarCorr(fit)))
}
add("sleepstudy_lmer", Reaction ~ Days + (Days | Subject), sleepstudy, "sleepstudy")
add("sleepstudy_lmer_ML", Reaction ~ Days + (Days | Subject), sleepstudy, "sleepstudy", FALSE)
add("sleepstudy_lmer_bars2", Reaction ~ Days + ((1 | Subject) + (0 + Days | Subject)), sleepstudy, "sleepstudy")
add("sleepstudy_lmer_int", Reaction ~ Days + (1 | Subject), sleepstudy, "sleepstudy")
add("radon_lmer", log_radon ~ floor + (1 | county), rad, "radon")
add("radon_lmer_uranium", log_radon ~ floor + log_uranium + (1 | county), rad, "radon")
add("radon_lmer_slope", log_radon ~ floor + log_uranium + (1 + floor | county), rad, "radon")
add("penicillin_lmer", diameter ~ 1 + (1 | plate) + (1 | sample), Penicillin, "Penicillin")
add("pastes_lmer_nested", strength ~ 1 + (1 | batch / cask), Pastes, "Pastes")
add("cake_lmer_ordered", angle ~ recipe * temperature + (1 | recipe:replicate), cake, "cake")
add("dyestuff_lmer", Yield ~ 1 + (1 | Batch), Dyestuff, "Dyestuff")
add("dyestuff2_lmer_singular", Yield ~ 1 + (1 | Batch), Dyestuff2, "Dyestuff2")
add("orthodont_lmer_interaction", distance ~ age * Sex + (1 | Subject), Orthodont, "Orthodont")
add("machines_lmer_factor_slope", score ~ Machine + (Machine | Worker), Machines, "Machines")
add("machines_lmer_0factor_slope", score ~ Machine + (0 + Machine | Worker), Machines, "Machines")
add("wide_lmer", y ~ a_fairly_long_name_1 + a_fairly_long_name_2 + a_fairly_long_name_3 * a_fairly_long_name_4 +
  (1 + a_fairly_long_name_1 | g) + (1 | h), W, "wide")
add("wide13_lmer", reformulate(c(paste0("a_fairly_long_name_", 1:13), "(1|g)"), "y"), W, "wide")
write(toJSON(out, digits = NA, auto_unbox = TRUE, pretty = TRUE), args[1])
