# Least-squares means by lmerTest. R 4.2.2, lme4 1.1-31, lmerTest 3.1-3, pbkrtest 0.5.2.
# Writes ls_means.json.  Usage: Rscript ls_means.R outdir
suppressMessages({library(lmerTest); library(jsonlite)})
outdir <- commandArgs(TRUE)[1]
tight <- lmerControl(optCtrl = list(xtol_abs = 1e-12, ftol_abs = 1e-14, xtol_rel = 1e-10))
Machines <- data.frame(nlme::Machines)
Machines$Machine <- factor(as.character(Machines$Machine))
Machines$x <- (seq_len(nrow(Machines)) * 7) %% 11
gap <- subset(cake, !(recipe == "B" & temperature == "185"))
gap$temperature <- factor(gap$temperature, ordered = FALSE)
uneven <- Machines[-c(2, 3, 11, 20, 21, 40), ]
fits <- list(
  cake = lmer(angle ~ recipe * temperature + (1 | recipe:replicate), cake, control = tight),
  Machines = lmer(score ~ Machine + (1 | Worker), Machines, control = tight),
  covariate = lmer(score ~ Machine * x + (1 | Worker), uneven, control = tight),
  sums = lmer(score ~ 0 + Machine + (Machine | Worker), uneven, control = tight),
  gap = lmer(angle ~ recipe * temperature + (1 | recipe:replicate), gap, control = tight),
  sleepstudy = lmer(Reaction ~ Days + (1 | Subject), sleepstudy, control = tight))
one <- function(table) list(
  rows = I(rownames(table)), term = I(as.data.frame(table)$term),
  levels = I(as.data.frame(table)$levels),
  numbers = unname(as.matrix(as.data.frame(table, add_levels = FALSE))))
out <- lapply(fits[1:5], function(fit) list(
  means = one(ls_means(fit)), differences = one(difflsmeans(fit)),
  kr = one(ls_means(fit, ddf = "Kenward-Roger", level = 0.9))))
out$text <- list(
  cake = capture.output(ls_means(fits$cake)),
  cake_recipe = capture.output(difflsmeans(fits$cake, which = "recipe")),
  Machines = capture.output(ls_means(fits$Machines)),
  Machines_kr = capture.output(ls_means(fits$Machines, ddf = "Kenward-Roger", level = 0.9)),
  Machines_differences = capture.output(difflsmeans(fits$Machines, level = 0.999)),
  gap = capture.output(ls_means(fits$gap)),
  sleepstudy = capture.output(ls_means(fits$sleepstudy)))
writeLines(toJSON(out, digits = 10, auto_unbox = TRUE, matrix = "rowmajor", na = "null"),
           file.path(outdir, "ls_means.json"))
