# lme4's nAGQ = 0 for several grouping factors and for a vector-valued term (R 4.2.2, lme4 1.1-31).
# Writes crossed.json; the data are lme4's own (glmmvi has copies of them).
# Usage: Rscript crossed.R outdir
suppressMessages({library(lme4); library(jsonlite)})
args <- commandArgs(TRUE)
out <- list()
add <- function(name, form, data, family) {
  best <- NULL
  for (start in 1:2) { # bobyqa, twice from its own answer
    control <- glmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-9, maxfun = 1e5), tolPwrss = 1e-12,
      check.conv.grad = "ignore", check.conv.hess = "ignore")
    from <- if (is.null(best)) NULL else getME(best, "theta")
    best <- suppressWarnings(glmer(form, data, family, nAGQ = 0, control = control, start = from))
  }
  effects <- as.data.frame(ranef(best))
  out[[name]] <<- list(theta = unname(getME(best, "theta")), fixef = as.list(fixef(best)),
    se = unname(sqrt(diag(as.matrix(vcov(best))))), logLik = as.numeric(logLik(best)),
    condval = effects$condval, condsd = effects$condsd)
  cat(name, getME(best, "theta"), logLik(best), "\n")
}
data(grouseticks, VerbAgg, sleepstudy, package = "lme4")
add("grouseticks", TICKS ~ YEAR + (1 | BROOD) + (1 | INDEX) + (1 | LOCATION), grouseticks, poisson)
persons <- VerbAgg[as.integer(VerbAgg$id) <= 60, ]
add("verbagg", r2 ~ Anger + Gender + btype + situ + (1 | id) + (1 | item), persons, binomial)
add("slopes", I(Reaction > 300) ~ I(Days / 9) + (I(Days / 9) | Subject), sleepstudy, binomial)
write(toJSON(out, digits = NA, auto_unbox = TRUE, pretty = TRUE), file.path(args[1], "crossed.json"))
