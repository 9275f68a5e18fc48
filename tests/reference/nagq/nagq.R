# lme4's adaptive Gauss-Hermite answers (R 4.2.2, lme4 1.1-31, mlmRev, MASS), and the log likelihood
# with every constant by R's own integrate(), level by level, at lme4's estimates.
# Writes nagq.json, and the data that the package does not have: bacteria (MASS), epil (MASS),
# Contraception (mlmRev), and the simulated toenail_like and small_clusters.
# Usage: Rscript nagq.R outdir
suppressMessages({library(lme4); library(jsonlite)})
args <- commandArgs(TRUE)
data(bacteria, epil, package = "MASS"); data(Contraception, package = "mlmRev")
out <- list()

# log likelihood by integrate(): one scalar random intercept
exact <- function(fit, log_density) {
  frame <- model.frame(fit); g <- getME(fit, "flist")[[1]]; sd <- unname(getME(fit, "theta"))
  eta <- as.vector(getME(fit, "X") %*% fixef(fit)); modes <- ranef(fit)[[1]][[1]]
  y <- model.response(frame)
  sum(vapply(seq_along(levels(g)), function(l) {
    rows <- which(g == levels(g)[l])
    inner <- function(b) sum(log_density(y, rows, eta[rows] + b)) + dnorm(b, 0, sd, log = TRUE)
    top <- inner(modes[l])
    f <- function(b) vapply(b, function(x) exp(inner(x) - top), 0)
    value <- integrate(f, modes[l], Inf, rel.tol = 1e-11, subdivisions = 500L)$value +
      integrate(f, -Inf, modes[l], rel.tol = 1e-11, subdivisions = 500L)$value
    top + log(value)
  }, 0))
}
trials <- function(y, rows, eta) dbinom(y[rows, 1], rowSums(y)[rows], plogis(eta), log = TRUE)
bernoulli <- function(y, rows, eta) {
  success <- if (is.factor(y)) as.integer(y != levels(y)[1]) else y
  dbinom(success[rows], 1, plogis(eta), log = TRUE)
}
counts <- function(y, rows, eta) dpois(y[rows], exp(eta), log = TRUE)
probit <- function(y, rows, eta) dbinom(y[rows, 1], rowSums(y)[rows], pnorm(eta), log = TRUE)

add <- function(name, form, data, family, nodes, log_density) {
  for (k in nodes) {
    best <- NULL
    for (start in 1:2) { # bobyqa, twice from its own answer
      control <- glmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-9, maxfun = 1e5), tolPwrss = 1e-12,
        check.conv.grad = "ignore", check.conv.hess = "ignore")
      from <- if (is.null(best)) NULL else if (k == 0) getME(best, "theta") else
        list(theta = getME(best, "theta"), fixef = fixef(best))
      best <- suppressWarnings(glmer(form, data, family, nAGQ = k, control = control, start = from))
    }
    effects <- as.data.frame(ranef(best))
    out[[name]][[paste0("nAGQ", k)]] <<- list(theta = unname(getME(best, "theta")),
      fixef = as.list(fixef(best)), se = unname(sqrt(diag(as.matrix(vcov(best))))),
      logLik = as.numeric(logLik(best)), exact_logLik = exact(best, log_density),
      condval = effects$condval, condsd = effects$condsd)
    cat(name, k, getME(best, "theta"), out[[name]][[paste0("nAGQ", k)]]$exact_logLik, "\n")
  }
}
add("cbpp", cbind(incidence, size - incidence) ~ period + (1 | herd), cbpp, binomial, c(0, 9, 25), trials)
add("cbpp_probit", cbind(incidence, size - incidence) ~ period + (1 | herd), cbpp, binomial("probit"), 25, probit)
add("bacteria", y ~ trt + I(week > 2) + (1 | ID), bacteria, binomial, c(0, 25), bernoulli)
Contraception$age10 <- Contraception$age / 10
for (name in c("bacteria", "epil", "Contraception")) { # text of the numbers, unrounded
  write.csv(get(name), file.path(args[1], paste0(name, ".csv")), row.names = FALSE)
}
add("Contraception", use ~ age10 + I(age10^2) + urban + livch + (1 | district), Contraception, binomial, c(0, 25), bernoulli)
add("epil", y ~ lbase * trt + lage + V4 + (1 | subject), epil, poisson, c(0, 25), counts)

# binary data in small clusters, large sd: where the Gaussian surrogate is low
set.seed(4007)
n_id <- 250; visits <- 7
toenail <- data.frame(id = rep(seq_len(n_id), each = visits), time = rep(c(0, 1, 2, 3, 6, 9, 12), n_id))
toenail$treatment <- as.integer(toenail$id %% 2)
effect <- rnorm(n_id, 0, 4)
eta <- -1.6 - 0.16 * toenail$treatment - 0.39 * toenail$time - 0.14 * toenail$treatment * toenail$time + effect[toenail$id]
toenail$y <- rbinom(nrow(toenail), 1, plogis(eta))
write.csv(toenail, file.path(args[1], "toenail_like.csv"), row.names = FALSE)
toenail$id <- factor(toenail$id)
add("toenail_like", y ~ treatment * time + (1 | id), toenail, binomial, c(25, 50), bernoulli)

set.seed(204)
small <- data.frame(g = rep(seq_len(150), each = 4), x = round(rnorm(600), 3))
small$y <- rbinom(600, 1, plogis(0.5 + small$x + rnorm(150, 0, 2)[small$g]))
write.csv(small, file.path(args[1], "small_clusters.csv"), row.names = FALSE)
small$g <- factor(small$g)
add("small_clusters", y ~ x + (1 | g), small, binomial, c(0, 25, 50), bernoulli)
write(toJSON(out, digits = NA, auto_unbox = TRUE, pretty = TRUE), file.path(args[1], "nagq.json"))
