# R 4.2.2, lme4 1.1-31, boot: a bootstrap's numbers, its print and its intervals.
suppressMessages(library(lme4)); library(jsonlite)
fit <- lmer(Reaction ~ Days + (Days | Subject), sleepstudy)
parametric <- bootMer(fit, fixef, nsim = 40, seed = 1)
residual <- bootMer(fit, function(x) c(a = sigma(x)), nsim = 10, seed = 1, use.u = TRUE,
                    type = "semiparametric")
one <- function(b) {
  ci <- function(type) suppressWarnings(unname(confint(b, level = 0.8, type = type)))
  list(t0 = as.list(b$t0), t = b$t, print = paste(capture.output(print(b)), collapse = "\n"),
       call = c("bootMer", mapply(function(n, v) paste0(n, " = ", paste(deparse(v), collapse = "")),
                                  names(as.list(b$call))[-1], as.list(b$call)[-1])),
       perc = ci("perc"), norm = ci("norm"), basic = ci("basic"))
}
# moments of lme4's own simulations, at its estimates
ranges <- function(s) list(mean = rowMeans(s), sd = apply(s, 1, sd))
s <- as.matrix(simulate(fit, 4000, seed = 1))
u <- as.matrix(simulate(fit, 4000, seed = 1, use.u = TRUE))
cat(toJSON(list(parametric = one(parametric), residual = one(residual),
                simulate = ranges(s[1:20, ]), simulate_use_u = ranges(u[1:20, ])),
           digits = 12, auto_unbox = TRUE), file = "bootstrap.json")
