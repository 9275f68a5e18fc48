# Statistics after a fit by lme4, performance, emmeans and lmerTest.
# R 4.2.2, lme4 1.1-31, performance 0.10.2, emmeans 1.8.4-1, lmerTest 3.1-3. Writes statistics.json.
# Usage: Rscript statistics.R outdir
suppressMessages({library(lme4); library(emmeans); library(performance); library(jsonlite)})
outdir <- commandArgs(TRUE)[1]
emm_options(lmer.df = "satterthwaite")
frame <- function(x) {
  x <- as.data.frame(x)
  lapply(as.list(x), function(v) if (is.factor(v)) as.character(v) else v)
}
out <- list()
sleep <- lmer(Reaction ~ Days + (Days | Subject), sleepstudy)
cake_fit <- lmer(angle ~ recipe * temperature + (1 | recipe:replicate), cake)
cake$celsius <- (cake$temp - 32) / 1.8
slopes <- lmer(angle ~ recipe * celsius + (1 | recipe:replicate), cake)
# lme4 fits at a tight tolerance, so that what is compared is not the optimiser
tight <- glmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-10))
cbpp_fit <- glmer(cbind(incidence, size - incidence) ~ period + (1 | herd), cbpp, binomial,
                  nAGQ = 25, control = tight)

r2 <- function(fit) {
  one <- r2_nakagawa(fit); part <- icc(fit)
  list(conditional = unname(one$R2_conditional), marginal = unname(one$R2_marginal),
       adjusted = part$ICC_adjusted, unadjusted = part$ICC_unadjusted)
}
out$r2 <- list(sleepstudy = r2(sleep), cake = r2(cake_fit), cbpp = r2(cbpp_fit))
out$overdispersion <- list(cbpp = {
  c2 <- sum(residuals(cbpp_fit, "pearson")^2); df <- df.residual(cbpp_fit)
  list(chisq = c2, ratio = c2 / df, rdf = df, p = pchisq(c2, df, lower.tail = FALSE))
})

out$emmeans <- list(
  cake = frame(emmeans(cake_fit, "recipe")),
  cake_tukey = frame(summary(pairs(emmeans(cake_fit, "recipe")), infer = TRUE)),
  cake_holm = frame(summary(pairs(emmeans(cake_fit, "temperature"), adjust = "holm"), infer = TRUE)),
  cake_by = frame(summary(pairs(emmeans(cake_fit, "recipe", by = "temperature")), infer = TRUE)),
  slopes = frame(emtrends(slopes, "recipe", var = "celsius")),
  slopes_pairs = frame(summary(pairs(emtrends(slopes, "recipe", var = "celsius")), infer = TRUE)),
  cbpp = frame(emmeans(cbpp_fit, "period")),
  cbpp_response = frame(emmeans(cbpp_fit, "period", type = "response")),
  cbpp_pairs = frame(summary(pairs(emmeans(cbpp_fit, "period")), infer = TRUE)),
  cbpp_odds = frame(summary(pairs(emmeans(cbpp_fit, "period"), type = "response"), infer = TRUE))
)
out$hat <- list(sleepstudy = unname(hatvalues(sleep)), cake = unname(hatvalues(cake_fit)))
out$cook <- list(sleepstudy = unname(cooks.distance(sleep)))
deleted <- influence(sleep, "Subject")
out$influence <- list(levels = rownames(deleted[["fixed.effects[-Subject]"]]),
                      fixed = unname(deleted[["fixed.effects[-Subject]"]]),
                      variances = unname(deleted[["var.cov.comps[-Subject]"]]),
                      dfbetas = unname(as.matrix(dfbetas(deleted))),
                      cook = unname(cooks.distance(deleted)))
pca <- function(fit) lapply(rePCA(fit), function(x)
  list(sdev = x$sdev, rotation = unname(x$rotation), importance = unname(summary(x)$importance)))
bars <- lmer(Reaction ~ Days + (Days || Subject), sleepstudy)
out$pca <- list(sleepstudy = pca(sleep), bars = pca(bars))
writeLines(toJSON(out, digits = 12, auto_unbox = TRUE, pretty = FALSE, matrix = "rowmajor"),
           file.path(outdir, "statistics.json"))
