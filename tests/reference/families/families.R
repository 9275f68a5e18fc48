# Ground truth of tests/model/families: R's own families and densities, and glmmTMB's log
# likelihoods. Run with: Rscript families.R (R 4.2.2, MASS, mgcv 1.8-41, glmmTMB 1.1.5).
suppressMessages({library(jsonlite); library(MASS); library(glmmTMB)})
eta <- list(
  logit = c(-3, -.5, .2, 2), probit = c(-2, -.5, .2, 1.5), cauchit = c(-4, -.5, .2, 3),
  cloglog = c(-3, -.5, .2, 1), log = c(-2, -.5, .2, 1.5), sqrt = c(.4, 1, 1.5, 2.5),
  identity = c(.4, 1, 1.5, 2.5), inverse = c(.4, 1, 1.5, 2.5), `1/mu^2` = c(.4, 1, 1.5, 2.5))
probability_log <- c(-2, -1, -.5, -.1)
weights <- c(1, 2, .5, 3)
counts <- c(0, 1, 4, 2)
successes <- c(0, 3, 5, 4); totals <- c(2, 7, 5, 9)
positive <- c(.3, 1.2, 2.5, 4)
sigma <- .7
dinvgauss <- function(y, mu, phi)
  -.5 * log(2 * pi * phi * y^3) - (y - mu)^2 / (2 * phi * mu^2 * y)
cases <- list()
add <- function(family, e, y, w, density, variance = TRUE) {
  mu <- family$linkinv(e)
  cases[[length(cases) + 1]] <<- list(
    family = family$family, link = family$link, eta = e, y = y, weights = w, mu = mu,
    mu_eta = family$mu.eta(e), eta_of_mu = family$linkfun(mu), variance = family$variance(mu),
    dev_resids = family$dev.resids(y, mu, w), log_density = density(mu))
}
for (l in c("logit", "probit", "cauchit", "cloglog", "log")) {
  e <- if (l == "log") probability_log else eta[[l]]
  add(binomial(l), e, successes / totals, totals,
      function(mu) dbinom(successes, totals, mu, log = TRUE))
}
for (l in c("log", "sqrt", "identity")) {
  add(poisson(l), eta[[l]], counts, weights,
      function(mu) weights * dpois(counts, mu, log = TRUE))
  family <- do.call(negative.binomial, list(2.5, l))
  add(family, eta[[l]], counts, weights,
      function(mu) weights * dnbinom(counts, size = 2.5, mu = mu, log = TRUE))
}
for (l in c("inverse", "log", "identity"))
  add(Gamma(l), eta[[l]], positive, weights, function(mu)
    dgamma(positive, weights / sigma^2, scale = mu * sigma^2 / weights, log = TRUE))
for (l in c("1/mu^2", "inverse", "log", "identity"))
  add(inverse.gaussian(l), eta[[l]], positive, weights, function(mu)
    dinvgauss(positive, mu, sigma^2 / weights))
for (l in c("identity", "log", "inverse"))
  add(gaussian(l), eta[[l]], positive, weights, function(mu)
    dnorm(positive, mu, sigma / sqrt(weights), log = TRUE))

# mgcv's Tweedie density, another implementation of the series and its derivatives
tweedie <- list()
for (p in c(1.1, 1.5, 1.9)) for (phi in c(.1, 1, 5)) {
  y <- c(0, .01, .5, 2, 30); mu <- c(.5, 1, 1, 3, 10)
  ld <- mgcv::ldTweedie(y, mu, p = p, phi = phi)
  tweedie[[length(tweedie) + 1]] <- list(y = y, mu = mu, phi = phi, power = p,
    log_density = ld[, 1], by_phi = ld[, 2], by_power = ld[, 4])
}

# glmmTMB: parameterisations, seen through the log likelihood at its own estimates
set.seed(4)
n <- 80; x <- rnorm(n); m <- rpois(n, 6) + 1; w <- rep(c(1, 2), n / 2)
frames <- list(
  nbinom2 = rnbinom(n, size = 1.5, mu = exp(.5 + .4 * x)),
  Gamma = rgamma(n, 3, scale = exp(.5 + .4 * x) / 3),
  beta = rbeta(n, 4 * plogis(x), 4 * plogis(-x)),
  betabinomial = rbinom(n, m, rbeta(n, 4 * plogis(x), 4 * plogis(-x))),
  t = 1 + x + rt(n, 4), tweedie = 0 * x,
  zip = rpois(n, exp(.8 + .4 * x)) * rbinom(n, 1, .7),
  zinb2 = rnbinom(n, size = 3, mu = exp(1 + .4 * x)) * rbinom(n, 1, .7))
jumps <- rpois(n, exp(.3 + .3 * x)); frames$tweedie <- ifelse(jumps > 0, rgamma(n, pmax(jumps, 1) * 1.5, 2), 0)
fits <- list(); clip <- function(y) pmin(pmax(y, 1e-3), 1 - 1e-3); frames$beta <- clip(frames$beta)
record <- function(name, fit, y, w = NULL, totals = NULL, natural)
  fits[[name]] <<- list(y = y, weights = w, totals = totals, natural = natural,
    eta = as.numeric(predict(fit, type = "link")), log_likelihood = as.numeric(logLik(fit)))
d <- data.frame(x, m, w, frames)
f <- glmmTMB(nbinom2 ~ x, d, family = nbinom2, weights = w)
record("nbinom2", f, d$nbinom2, w, NULL, sigma(f))
# glmmTMB's weights multiply log densities; ours divide the dispersion here, as lme4's
f <- glmmTMB(Gamma ~ x, d, family = Gamma("log"))
record("Gamma", f, d$Gamma, NULL, NULL, sigma(f))
f <- glmmTMB(beta ~ x, d, family = beta_family(), weights = w)
record("beta", f, d$beta, w, NULL, sigma(f))
f <- glmmTMB(cbind(betabinomial, m - betabinomial) ~ x, d, family = betabinomial())
record("betabinomial", f, d$betabinomial / d$m, NULL, m, sigma(f))
f <- glmmTMB(t ~ x, d, family = t_family(), weights = w)
record("t", f, d$t, w, NULL, c(sigma(f), family_params(f)))
f <- glmmTMB(tweedie ~ x, d, family = tweedie(), weights = w)
record("tweedie", f, d$tweedie, w, NULL, c(sigma(f), family_params(f)))
inflation <- function(f) plogis(fixef(f)$zi[[1]])
f <- glmmTMB(zip ~ x, d, family = poisson, ziformula = ~1, weights = w)
record("zero_inflated_poisson", f, d$zip, w, NULL, inflation(f))
f <- glmmTMB(zinb2 ~ x, d, family = nbinom2, ziformula = ~1, weights = w)
record("zero_inflated_nbinom2", f, d$zinb2, w, NULL, c(sigma(f), inflation(f)))
write_json(list(sigma = sigma, r = R.version.string,
                glmmTMB = as.character(packageVersion("glmmTMB")),
                families = cases, tweedie = tweedie, glmmTMB_fits = fits),
           "families.json", digits = 16, auto_unbox = TRUE, pretty = FALSE)
