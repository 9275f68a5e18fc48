# Backward elimination and single term deletions by lmerTest. R 4.2.2, lme4 1.1-31, lmerTest 3.1-3.
# Usage: Rscript step.R outdir. Writes step.json.
suppressMessages({library(lme4); library(lmerTest); library(jsonlite)})
outdir <- commandArgs(TRUE)[1]
data(ham, package = "lmerTest")
data(Orthodont, Machines, package = "nlme")
Orthodont <- as.data.frame(Orthodont)
tight <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-9))
gaps <- cake[!(cake$recipe == "A" & cake$temp == 175), ]
uneven <- sleepstudy[-c(3, 17, 18, 44, 45, 46, 90, 133:137), ]
uneven$half <- factor(ifelse(uneven$Days < 5, "early", "late"))
models <- list(
  ham = lmer(Informed.liking ~ Product * Information * Gender + (1 | Product:Consumer) +
               (1 | Consumer), ham),
  orthodont = lmer(distance ~ age * Sex + (age | Subject), Orthodont, control = tight),
  pastes = lmer(strength ~ 1 + (1 | batch / cask), Pastes),
  cake = lmer(angle ~ recipe * temperature + (1 | replicate) + (1 | recipe:replicate), cake,
              REML = FALSE, control = tight),
  gaps = lmer(angle ~ recipe * temperature + (1 | recipe:replicate), gaps, control = tight),
  sleepstudy = lmer(Reaction ~ Days + (Days | Subject), sleepstudy))
columns <- function(table) lapply(as.list(as.data.frame(table)), as.numeric)
rows <- function(table) list(rows = I(row.names(table)), columns = lapply(columns(table), I))
answer <- function(s) list(random = rows(s$random), fixed = rows(s$fixed),
                           formula = paste(deparse(formula(get_model(s)), 500), collapse = ""),
                           text = capture.output(print(s)))
out <- list()
for (name in names(models)) {
  fit <- models[[name]]
  out[[name]] <- list(step = answer(step(fit)), drop1 = rows(drop1(fit)),
                      drop1_text = capture.output(print(drop1(fit))))
}
out$ham$keep <- answer(step(models$ham, keep = "Information:Gender", alpha.fixed = 0.01,
                            alpha.random = 0.05))
out$orthodont$kr <- answer(step(models$orthodont, ddf = "Kenward-Roger"))
out$orthodont$whole <- answer(step(models$orthodont, reduce.fixed = FALSE, reduce.random = FALSE))
forms <- function(fit) vapply(attr(ranova(fit), "formulae"),
                              function(f) paste(deparse(f, 500), collapse = ""), "")
out$formulae <- suppressWarnings(suppressMessages(lapply(list(
  lmer(Reaction ~ Days + (Days + half | Subject), uneven),
  lmer(Reaction ~ Days * half + (Days * half | Subject), uneven)),
  function(fit) as.list(forms(fit)))))
writeLines(toJSON(out, digits = 10, auto_unbox = TRUE, na = "string"),
           file.path(outdir, "step.json"))
