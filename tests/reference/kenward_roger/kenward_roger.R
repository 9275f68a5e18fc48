# Kenward-Roger by pbkrtest and lmerTest. R 4.2.2, lme4 1.1-31, pbkrtest 0.5.2, lmerTest 3.1-3.
# Writes kenward_roger.json.  Usage: Rscript kenward_roger.R outdir
suppressMessages({library(lmerTest); library(pbkrtest); library(jsonlite)})
outdir <- commandArgs(TRUE)[1]
tight <- lmerControl(optCtrl = list(xtol_abs = 1e-12, ftol_abs = 1e-14, xtol_rel = 1e-10))
cake$temperature <- factor(cake$temperature, ordered = FALSE)
uneven <- sleepstudy[-c(3, 4, 17, 18, 19, 40, 61, 62, 63, 64, 65, 99, 120, 150, 151, 152), ]
uneven$w <- 1 + (seq_len(nrow(uneven)) %% 3)
fits <- list(
  sleepstudy = lmer(Reaction ~ Days + (Days | Subject), sleepstudy, control = tight),
  cake = lmer(angle ~ recipe * temperature + (1 | recipe:replicate), cake, control = tight),
  uneven = lmer(Reaction ~ Days + I(Days^2) + (Days | Subject), uneven, control = tight),
  weighted = lmer(Reaction ~ Days + (1 | Subject), uneven, weights = w, control = tight),
  pastes = lmer(strength ~ 1 + (1 | batch / cask), Pastes, control = tight),
  crossed = lmer(diameter ~ 1 + (1 | plate) + (1 | sample), Penicillin, control = tight))
one <- function(fit) {
  L <- diag(length(fixef(fit)))
  joint <- if (nrow(L) > 1) contest(fit, L[-1, , drop = FALSE], ddf = "Kenward-Roger") else
    contest(fit, L, ddf = "Kenward-Roger")
  list(adjusted = unname(as.matrix(vcovAdj(fit))),
       coefficients = unname(coef(summary(fit, ddf = "Kenward-Roger"))),
       joint = as.list(joint),
       table = if (nrow(L) > 1) as.list(anova(fit, ddf = "Kenward-Roger")))
}
out <- lapply(fits, one)
out$text <- list(
  summary = capture.output(print(summary(fits$sleepstudy, ddf = "Kenward-Roger"))),
  anova = capture.output(print(anova(fits$cake, ddf = "Kenward-Roger"))),
  anova1 = capture.output(print(anova(fits$cake, ddf = "Kenward-Roger", type = "I"))))
writeLines(toJSON(out, digits = 12, auto_unbox = TRUE, matrix = "rowmajor"),
           file.path(outdir, "kenward_roger.json"))
