# Influence of rows and groups by lme4. R 4.2.2, lme4 1.1-31. Writes influence.json.
# Usage: Rscript influence.R outdir
suppressMessages({library(lme4); library(jsonlite)})
outdir <- commandArgs(TRUE)[1]
deleted <- function(fit, ...) {
  x <- influence(fit, ...)
  list(deleted = as.character(x$deleted), fixed = unname(as.matrix(dfbeta(x))),
       variances = unname(as.matrix(dfbeta(x, which = "var.cov"))),
       names = colnames(dfbeta(x, which = "var.cov")),
       # lme4's dfbetas fails with one fixed effect (vapply gives a vector)
       dfbetas = if (ncol(dfbeta(x)) > 1) unname(as.matrix(dfbetas(x))), cook = unname(cooks.distance(x)))
}
standard <- function(fit) # stats:::rstandard.glm's formula: lme4 has no method
  residuals(fit, type = "deviance") / (sigma(fit) * sqrt(1 - hatvalues(fit)))
rows <- function(fit) suppressWarnings(list(student = unname(rstudent(fit)),
  standard = unname(standard(fit)), hat = unname(hatvalues(fit)),
  cook = unname(cooks.distance(fit))))
sleep <- lmer(Reaction ~ Days + (Days | Subject), sleepstudy)
drug <- lmer(diameter ~ 1 + (1 | plate) + (1 | sample), Penicillin)
tight <- glmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-10))
herds <- glmer(cbind(incidence, size - incidence) ~ period + (1 | herd), cbpp, binomial,
               nAGQ = 25, control = tight)
counts <- glmer(incidence ~ period + (1 | herd), cbpp, poisson, nAGQ = 25, control = tight)
out <- list(
  sleepstudy = list(rows = rows(sleep), case = deleted(sleep), group = deleted(sleep, "Subject")),
  Penicillin = list(rows = rows(drug), case = deleted(drug), group = deleted(drug, "sample")),
  cbpp = list(group = deleted(herds, "herd")), counts = list(rows = rows(counts))
)
writeLines(toJSON(out, digits = 8, auto_unbox = TRUE, matrix = "rowmajor"),
           file.path(outdir, "influence.json"))
