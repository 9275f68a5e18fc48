# fortify and devfun2 of lme4. R 4.2.2, lme4 1.1-31. Writes fortify_devfun2.json.
# Usage: Rscript fortify_devfun2.R outdir
suppressMessages({library(lme4); library(jsonlite)})
outdir <- commandArgs(TRUE)[1]
sleep <- lmer(Reaction ~ Days + (Days | Subject), sleepstudy)
herds <- glmer(cbind(incidence, size - incidence) ~ period + (1 | herd), cbpp, binomial)
new <- c(".fitted", ".resid", ".scresid")
tight <- lmerControl(optCtrl = list(xtol_abs = 1e-10, ftol_abs = 1e-12))
fits <- list(
  sleepstudy = sleep,
  weighted = lmer(Reaction ~ Days + (Days | Subject), sleepstudy, weights = 1 + Days %% 3,
                  control = tight),
  two = lmer(Reaction ~ Days + (1 | Subject) + (0 + Days | Subject), sleepstudy, REML = FALSE,
             control = tight))
at <- list(sleepstudy = list(c(20, 0.3, 6, 30), c(35, -0.5, 3, 22), c(24, 0.1, 0, 25)),
           weighted = list(c(20, 0.3, 6, 30), c(35, -0.5, 3, 22)),
           two = list(c(20, 6, 30), c(0.5, 3, 22)))
deviances <- lapply(names(fits), function(name) {
  d <- lme4:::devfun2(fits[[name]], signames = FALSE)
  thopt <- attr(d, "thopt") + 0  # evaluating the function overwrites lme4's
  pars <- at[[name]]
  values <- sapply(pars, function(p) tryCatch(unname(d(p)), error = function(e) NA))
  list(names = names(attr(d, "optimum")), optimum = unname(attr(d, "optimum")),
       basedev = attr(d, "basedev"), thopt = thopt, stderr = attr(d, "stderr"),
       at = pars, value = values,
       signames = names(attr(lme4:::devfun2(fits[[name]]), "optimum")))
})
names(deviances) <- names(fits)
out <- list(fortify = list(names = names(fortify.merMod(sleep)),
                           sleepstudy = as.list(fortify.merMod(sleep)[new]),
                           cbpp = as.list(fortify.merMod(herds)[new])),
            devfun2 = deviances)
writeLines(toJSON(out, digits = 12, auto_unbox = TRUE, na = "null"),
           file.path(outdir, "fortify_devfun2.json"))
