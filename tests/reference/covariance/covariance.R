# Standard errors of log sds, Fisher z of correlations and log residual sds by glmmTMB's sdreport
# (R 4.2.2, glmmTMB 1.1.5): of linear mixed models the likelihood, and so the Hessian, is exact.
# Usage: Rscript covariance.R outfile
suppressMessages({library(glmmTMB); library(jsonlite)})
args <- commandArgs(TRUE)
data(sleepstudy, Pastes, Penicillin, cbpp, package = "lme4"); data(Contraception, package = "mlmRev")
control <- glmmTMBControl(optCtrl = list(iter.max = 1000, eval.max = 2000))
out <- list()
add <- function(name, ...) {
  fit <- glmmTMB(..., control = control)
  again <- TMB::sdreport(fit$obj, par.fixed = fit$fit$par, getReportCovariance = FALSE)
  par <- fit$fit$par; V <- again$cov.fixed; at <- which(names(par) == "theta")
  values <- slopes <- numeric()
  for (v in VarCorr(fit)$cond) { # log sds first; for two columns, correlation = t / sqrt(1 + t^2)
    d <- nrow(v); here <- at[seq_len(d * (d + 1) / 2)]; at <- setdiff(at, here); stopifnot(d <= 2)
    values <- c(values, par[here[1:d]], if (d == 2) asinh(par[here[3]]))
    slopes <- c(slopes, rep(1, d), if (d == 2) 1 / sqrt(1 + par[here[3]]^2)) }
  th <- which(names(par) == "theta"); se <- slopes * sqrt(diag(V)[th])
  disp <- which(names(par) == "betad") # log variance of a gaussian, log shape of a Gamma
  if (length(disp)) { values <- c(values, log(sigma(fit))); se <- c(se, sqrt(V[disp, disp]) / 2) }
  out[[name]] <<- list(values = unname(values), se = unname(se))
  cat(name, format(values, digits = 6), "|", format(se, digits = 6), "\n")
}
add("sleepstudy_reml", Reaction ~ Days + (Days | Subject), sleepstudy, REML = TRUE)
add("sleepstudy_ml", Reaction ~ Days + (Days | Subject), sleepstudy)
add("sleepstudy_intercept", Reaction ~ Days + (1 | Subject), sleepstudy, REML = TRUE)
add("pastes", strength ~ 1 + (1 | cask:batch) + (1 | batch), Pastes, REML = TRUE)
add("penicillin", diameter ~ 1 + (1 | plate) + (1 | sample), Penicillin, REML = TRUE)
add("contraception_slope", use ~ age + I(age^2) + urban + livch + (urban | district), Contraception, family = binomial)
add("sleepstudy_gamma", Reaction ~ Days + (Days | Subject), sleepstudy, family = Gamma("log"))
write(toJSON(out, digits = 9, auto_unbox = TRUE, pretty = TRUE), args[1])
