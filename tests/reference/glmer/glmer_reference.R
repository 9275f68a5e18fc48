# Reference values for glmer fits: R 4.2.2, lme4 1.1-31, glmmTMB 1.1.5, MASS 7.3-58.2, mlmRev 1.0-8.
# Usage: Rscript glmer_reference.R outdir datadir [models]
#   datadir: a folder with the bundled data as csv (cbpp, grouseticks, VerbAgg, sleepstudy):
#   the package's glmmvi/data/*.csv.gz. Writes outdir/*.csv and outdir/glmer_reference.json.
#   models: names, comma separated; without them all of them (about an hour of CPU time).
# For every model: lme4 (its default, the Laplace approximation, optimiser driven to the optimum),
# lme4 with nAGQ = 25 (logLik with the constants that lme4 drops put back), glmmTMB (Laplace over
# all parameters), and `exact`: maximum likelihood by adaptive Gauss-Hermite quadrature with 61
# nodes, written out below, for every family with one scalar random intercept.
suppressMessages({library(lme4); library(glmmTMB); library(jsonlite); library(numDeriv)})
args <- commandArgs(TRUE); OUT <- args[1]; DATA <- args[2]
bundled <- function(name) read.csv(gzfile(file.path(DATA, paste0(name, ".csv.gz"))))
csv <- function(d, name) write.csv(d, file.path(OUT, paste0(name, ".csv")), row.names = FALSE, quote = FALSE)

## ------------------------------------------------------------------------------------- data
data(cbpp, grouseticks, VerbAgg, sleepstudy, package = "lme4")
grouseticks$cHEIGHT <- grouseticks$HEIGHT - mean(grouseticks$HEIGHT)
cbpp$obs <- factor(seq_len(nrow(cbpp)))
data(Contraception, guImmun, package = "mlmRev"); data(bacteria, epil, package = "MASS")
csv(Contraception[c("use", "age", "urban", "livch", "district")], "Contraception")
csv(guImmun, "guImmun"); csv(bacteria[c("y", "trt", "week", "ID")], "bacteria"); csv(epil, "epil")

set.seed(20240611) # one table of responses, 40 groups of 10, the same linear predictor for all
sim <- data.frame(g = rep(1:40, each = 10), x = round(rnorm(400), 3))
b <- rnorm(40); eta <- 0.3 + 0.5 * sim$x + 0.6 * b[sim$g]; n <- 400
sim$size <- sample(1:12, n, TRUE)
sim$gamma <- round(rgamma(n, shape = 3, rate = 3 / exp(eta)), 5)
sim$inv_gauss <- round(pmax(statmod::rinvgauss(n, mean = exp(eta), dispersion = 0.4), 1e-4), 5)
sim$gauss_log <- round(rnorm(n, exp(eta), 0.7), 4)
sim$gauss_inv <- round(rnorm(n, 1 / (1.5 + 0.2 * sim$x + 0.2 * b[sim$g]), 0.1), 4)
sim$nb <- rnbinom(n, mu = exp(eta), size = 1.5)
sim$beta <- round(pmin(pmax(rbeta(n, 5 * plogis(eta), 5 * plogis(-eta)), 1e-4), 1 - 1e-4), 5)
sim$betabin <- rbinom(n, sim$size, rbeta(n, 4 * plogis(eta - 1), 4 * plogis(1 - eta)))
sim$student <- round(eta + 0.8 * rt(n, 4), 4)
sim$pois <- rpois(n, exp(eta))
sim$zip <- ifelse(runif(n) < 0.25, 0L, rpois(n, exp(eta + 0.7)))
sim$zinb <- ifelse(runif(n) < 0.25, 0L, rnbinom(n, mu = exp(eta + 0.7), size = 3))
sim$tweedie <- round(vapply(exp(eta), function(m) { # p = 1.5, phi = 0.8: a Poisson number of gammas
  k <- rpois(1, m^0.5 / (0.8 * 0.5)); if (k == 0) 0 else sum(rgamma(k, shape = 1, scale = 0.8 * 0.5 * m^0.5)) }, 0), 5)
sim$pois_large <- rpois(n, (6 + 0.5 * sim$x + 0.5 * b[sim$g])^2)
sim$gamma_large <- round(rgamma(n, shape = 20, rate = 20 / (6 + 0.5 * sim$x + 0.5 * b[sim$g])), 4)
csv(sim, "simulated")
set.seed(4) # four Bernoulli observations a cluster
few <- data.frame(g = rep(1:250, each = 4), x = round(rnorm(1000), 3)); b <- rnorm(250)
few$sd2 <- rbinom(1000, 1, plogis(-0.5 + few$x + 2 * b[few$g]))
few$sd4 <- rbinom(1000, 1, plogis(-0.5 + few$x + 4 * b[few$g]))
csv(few, "few")
set.seed(7); gammasim <- data.frame(g = factor(rep(1:20, each = 20)), x = round(runif(400), 4)) # printouts.R
gammasim$y <- round(with(gammasim, rgamma(400, shape = 3, rate = 3 / exp(1 + .5 * x + rnorm(20, 0, .4)[g]))), 5); csv(gammasim, "gammasim")
set.seed(101); dd <- expand.grid(f1 = factor(1:3), f2 = LETTERS[1:2], g = 1:9, rep = 1:15, KEEP.OUT.ATTRS = FALSE)
dd$y <- rnbinom(nrow(dd), mu = exp(1 + 0.1 * as.integer(dd$f1) + 0.3 * (dd$f2 == "B") + rep_len(rnorm(9, 0, .5), 9)[dd$g]), size = 0.5)
nbsim <- dd; csv(nbsim, "nbsim")
frames <- list(cbpp = cbpp, grouseticks = grouseticks, VerbAgg = VerbAgg, sleepstudy = sleepstudy, Contraception = Contraception,
  guImmun = guImmun, bacteria = bacteria, epil = epil, simulated = sim, few = few, gammasim = gammasim, nbsim = nbsim)

## ------------------------------------------------------------------- exact maximum likelihood
lse <- function(m) { top <- apply(m, 1, max); top + log(rowSums(exp(m - top))) }
log_density <- list( # (y, size, eta, phi on an unconstrained scale, inverse link)
  binomial = function(y, m, eta, phi, inv) dbinom(round(y * m), m, inv(eta), log = TRUE),
  poisson = function(y, m, eta, phi, inv) dpois(y, inv(eta), log = TRUE),
  Gamma = function(y, m, eta, phi, inv) { s <- exp(-2 * phi); dgamma(y, s, rate = s / inv(eta), log = TRUE) },
  inverse.gaussian = function(y, m, eta, phi, inv) { mu <- inv(eta); d <- exp(2 * phi)
    -0.5 * (log(2 * pi * d * y^3) + (y - mu)^2 / (mu^2 * y * d)) },
  gaussian = function(y, m, eta, phi, inv) dnorm(y, inv(eta), exp(phi), log = TRUE),
  nbinom2 = function(y, m, eta, phi, inv) dnbinom(y, mu = inv(eta), size = exp(phi), log = TRUE),
  beta = function(y, m, eta, phi, inv) { mu <- inv(eta); dbeta(y, mu * exp(phi), (1 - mu) * exp(phi), log = TRUE) },
  betabinomial = function(y, m, eta, phi, inv) { k <- round(y * m); mu <- inv(eta); a <- mu * exp(phi); b <- (1 - mu) * exp(phi)
    lchoose(m, k) + lbeta(k + a, m - k + b) - lbeta(a, b) },
  student_t = function(y, m, eta, phi, inv) dt((y - inv(eta)) / exp(phi[1]), exp(phi[2]), log = TRUE) - phi[1],
  zero_inflated_poisson = function(y, m, eta, phi, inv) { p <- plogis(phi)
    ifelse(y == 0, log(p + (1 - p) * exp(-inv(eta))), log1p(-p) + dpois(y, inv(eta), log = TRUE)) },
  zero_inflated_nbinom2 = function(y, m, eta, phi, inv) { p <- plogis(phi[2]); f <- dnbinom(y, mu = inv(eta), size = exp(phi[1]), log = TRUE)
    ifelse(y == 0, log(p + (1 - p) * exp(f)), log1p(-p) + f) },
  tweedie = function(y, m, eta, phi, inv) { mu <- inv(eta); p <- 1 + plogis(phi[2]); f <- exp(phi[1]) # Dunn & Smyth's series
    a <- (2 - p) / (1 - p); k <- 1:80; ly <- log(pmax(y, 1e-300))
    lw <- outer(ly, k, function(l, k) -k * a * l) + rep(k * (a * log(p - 1) - (1 - a) * log(f) - log(2 - p)) - lgamma(k + 1) - lgamma(-k * a), each = length(y))
    base <- (y * mu^(1 - p) / (1 - p) - mu^(2 - p) / (2 - p)) / f
    as.vector(base + ifelse(y > 0, -ly + lse(lw), 0)) })
natural <- list(binomial = NULL, poisson = NULL, Gamma = exp, inverse.gaussian = exp, gaussian = exp, nbinom2 = exp, beta = exp, betabinomial = exp,
  student_t = exp, zero_inflated_poisson = plogis, zero_inflated_nbinom2 = function(x) c(exp(x[1]), plogis(x[2])), tweedie = function(x) c(exp(x[1]), 1 + plogis(x[2])))
starts <- list(binomial = NULL, poisson = NULL, Gamma = log(.5), inverse.gaussian = log(.5), gaussian = 0, nbinom2 = 0, beta = 1, betabinomial = 1,
  student_t = c(0, 1.5), zero_inflated_poisson = -1, zero_inflated_nbinom2 = c(0.5, -1), tweedie = c(0, 0))
hermite <- statmod::gauss.quad.prob(61, "normal")
inverse_of <- function(link) if (link == "sqrt") function(e) e^2 else make.link(link)$linkinv
marginal <- function(par, y, m, X, g, off, f, inv, k) { # log likelihood at (beta, log sd, phi)
  p <- ncol(X); beta <- par[1:p]; sd <- exp(par[p + 1]); phi <- if (k) par[p + 1 + 1:k]
  fixed <- off + drop(X %*% beta)
  logf <- function(z) suppressWarnings({ v <- f(y, m, fixed + sd * z[g], phi, inv); v[is.na(v)] <- -1e8; pmax(v, -1e8) })
  h <- function(z) rowsum(logf(z), g)[, 1] - z^2 / 2
  L <- max(g); z <- numeric(L); e <- 1e-3; sc <- rep(1, L)
  for (it in 1:40) { # damped Newton on every level's mode
    up <- h(z + e); down <- h(z - e); at <- h(z)
    d1 <- (up - down) / (2 * e); d2 <- pmin((up - 2 * at + down) / e^2, -0.05)
    step <- pmax(pmin(-d1 / d2, 1), -1); new <- h(z + step); worse <- new < at; step[worse] <- step[worse] / 4
    z <- z + step; if (max(abs(step)) < 1e-7) break }
  sc <- 1 / sqrt(-pmin((h(z + e) - 2 * h(z) + h(z - e)) / e^2, -0.05))
  terms <- sapply(seq_along(hermite$nodes), function(q) { t <- hermite$nodes[q]
    h(z + sc * t) + t^2 / 2 + log(hermite$weights[q]) })
  sum(lse(terms) + log(sc)) }
exact <- function(y, m, X, g, off, family, link, start) {
  f <- log_density[[family]]; inv <- inverse_of(link); k <- length(starts[[family]]); p <- ncol(X)
  obj <- function(par) { v <- -marginal(par, y, m, X, g, off, f, inv, k); if (is.finite(v)) v else 1e10 }
  o <- optim(start, obj, method = "BFGS", control = list(reltol = 1e-13, maxit = 500))
  par <- o$par
  for (it in 1:3) { G <- grad(obj, par); H <- hessian(obj, par); step <- solve(H, G); if (obj(par - step) <= obj(par) + 1e-9) par <- par - step }
  V <- solve(hessian(obj, par))
  list(beta = unname(par[1:p]), se = sqrt(diag(V))[1:p], sd = exp(par[p + 1]), sd_log_se = sqrt(V[p + 1, p + 1]),
       dispersion = if (k) unname(natural[[family]](par[p + 1 + 1:k])) else numeric(), logLik = -obj(par), max_gradient = max(abs(grad(obj, par)))) }
# A random intercept and one an observation within it, by the trapezoidal rule on both
# (61 points from -6 to 6: the integrands are much wider than a spacing, so the error is negligible).
exact_olre <- function(y, m, X, g, f, inv, start) {
  z <- seq(-6, 6, length.out = 61); k <- length(z); logw <- dnorm(z, log = TRUE) + log(z[2] - z[1]); p <- ncol(X); n <- length(y)
  obj <- function(par) { sd <- exp(par[p + 1:2]) # rows: observations within points of g's effect; columns: their own
    eta <- outer(rep(drop(X %*% par[1:p]), k) + sd[2] * rep(z, each = n), sd[1] * z, "+")
    inner <- matrix(lse(f(y, m, eta, NULL, inv) + rep(logw, each = n * k)), n)
    -sum(lse(rowsum(inner, g) + rep(logw, each = max(g)))) }
  o <- optim(start, obj, method = "BFGS", control = list(reltol = 1e-12)); par <- o$par
  for (it in 1:2) par <- par - solve(hessian(obj, par), grad(obj, par))
  V <- solve(hessian(obj, par))
  list(beta = unname(par[1:p]), se = sqrt(diag(V))[1:p], sd = exp(par[p + 1:2]), sd_log_se = sqrt(diag(V)[p + 1:2]),
       dispersion = numeric(), logLik = -obj(par), max_gradient = max(abs(grad(obj, par)))) }

## ------------------------------------------------------------------------------------- models
M <- list(); add <- function(name, data, formula, family, link, ...) M[[name]] <<- list(data = data, formula = formula, family = family, link = link, ...)
cb <- "cbind(incidence, size - incidence) ~ period + (1 | herd)"
for (l in c("logit", "probit", "cloglog", "cauchit", "log")) add(paste0("cbpp_", l), "cbpp", cb, "binomial", l, lme4 = l != "log")
add("cbpp_olre", "cbpp", "cbind(incidence, size - incidence) ~ period + (1 | herd) + (1 | obs)", "binomial", "logit", exact = FALSE)
add("contraception", "Contraception", "use ~ age + I(age^2) + urban + livch + (1 | district)", "binomial", "logit")
add("contraception_slope", "Contraception", "use ~ age + I(age^2) + urban + livch + (urban | district)", "binomial", "logit", exact = FALSE)
add("bacteria", "bacteria", "y ~ trt + I(week > 2) + (1 | ID)", "binomial", "logit")
add("epil", "epil", "y ~ lbase * trt + lage + V4 + (1 | subject)", "poisson", "log")
add("guImmun", "guImmun", "immun ~ kid2p + mom25p + ord + ethn + momEd + husEd + momWork + rural + pcInd81 + (1 | mom) + (1 | comm)", "binomial", "logit", exact = FALSE)
add("grouseticks", "grouseticks", "TICKS ~ YEAR + cHEIGHT + (1 | BROOD) + (1 | INDEX) + (1 | LOCATION)", "poisson", "log", exact = FALSE)
add("grouseticks_brood", "grouseticks", "TICKS ~ YEAR + cHEIGHT + (1 | BROOD)", "poisson", "log")
add("grouseticks_slope", "grouseticks", "TICKS ~ YEAR + cHEIGHT + (cHEIGHT || LOCATION) + (1 | INDEX)", "poisson", "log", exact = FALSE)
add("grouseticks_nb", "grouseticks", "TICKS ~ YEAR + cHEIGHT + (1 | BROOD)", "nbinom2", "log")
add("nbsim", "nbsim", "y ~ f1 * f2 + (1 | g)", "nbinom2", "log")
add("verbagg", "VerbAgg", "r2 ~ Anger + Gender + btype + situ + (1 | id) + (1 | item)", "binomial", "logit", exact = FALSE)
add("sleepstudy_gamma", "sleepstudy", "Reaction ~ Days + (1 | Subject)", "Gamma", "log")
add("gammasim_gamma", "gammasim", "y ~ x + (1 | g)", "Gamma", "log")
add("gammasim_inverse_gaussian", "gammasim", "y ~ x + (1 | g)", "inverse.gaussian", "log")
add("few_sd2", "few", "sd2 ~ x + (1 | g)", "binomial", "logit"); add("few_sd4", "few", "sd4 ~ x + (1 | g)", "binomial", "logit")
s <- function(name, response, family, link, ...) add(name, "simulated", paste(response, "~ x + (1 | g)"), family, link, ...)
s("gamma_log", "gamma", "Gamma", "log"); s("gamma_inverse", "gamma_large", "Gamma", "inverse"); s("gamma_identity", "gamma_large", "Gamma", "identity")
s("ig_log", "inv_gauss", "inverse.gaussian", "log"); s("gaussian_log", "gauss_log", "gaussian", "log"); s("gaussian_inverse", "gauss_inv", "gaussian", "inverse"); s("gaussian_log_positive", "gamma_large", "gaussian", "log")
s("ig_inverse", "gamma_large", "inverse.gaussian", "inverse"); s("ig_identity", "gamma_large", "inverse.gaussian", "identity"); s("ig_canonical", "gamma_large", "inverse.gaussian", "1/mu^2")
s("poisson_log", "pois", "poisson", "log"); s("poisson_sqrt", "pois_large", "poisson", "sqrt"); s("poisson_identity", "pois_large", "poisson", "identity")
s("nbinom2", "nb", "nbinom2", "log"); s("beta", "beta", "beta", "logit"); s("betabinomial", "cbind(betabin, size - betabin)", "betabinomial", "logit")
s("student_t", "student", "student_t", "identity"); s("zip", "zip", "zero_inflated_poisson", "log"); s("zinb", "zinb", "zero_inflated_nbinom2", "log"); s("tweedie", "tweedie", "tweedie", "log")

tight <- glmerControl(optimizer = "bobyqa", optCtrl = list(maxfun = 1e5, rhoend = 1e-8), tolPwrss = 1e-10, check.conv.grad = "ignore", check.conv.hess = "ignore")
r_family <- function(m) switch(m$family, binomial = binomial(m$link), poisson = poisson(m$link), Gamma = Gamma(m$link), gaussian = gaussian(m$link), inverse.gaussian = inverse.gaussian(m$link))
pick <- function(fit) { vc <- as.data.frame(VarCorr(fit)); s <- is.na(vc$var2) & vc$grp != "Residual"
  list(beta = unname(fixef(fit)), se = unname(sqrt(diag(as.matrix(vcov(fit))))), sd = vc$sdcor[s],
       cor = vc$sdcor[!is.na(vc$var2)], logLik = as.numeric(logLik(fit)), names = names(fixef(fit))) }
saturated <- function(m, y, size) switch(m$family, binomial = sum(dbinom(round(y * size), size, y, log = TRUE)), poisson = sum(dpois(y, y, log = TRUE)))
results <- list()
for (name in if (is.na(args[3])) names(M) else strsplit(args[3], ",")[[1]]) {
  m <- M[[name]]; d <- frames[[m$data]]; r <- list()
  form <- as.formula(m$formula); quietly <- function(e) suppressMessages(suppressWarnings(tryCatch(e, error = function(err) { cat(name, ":", conditionMessage(err), "\n"); NULL })))
  in_lme4 <- m$family %in% c("binomial", "poisson") && !identical(m$lme4, FALSE)
  if (in_lme4) { warned <- character()
    quiet <- withCallingHandlers(tryCatch(glmer(form, d, family = r_family(m)), error = function(e) NULL), warning = function(w) { warned <<- c(warned, conditionMessage(w)); invokeRestart("muffleWarning") }, message = function(w) invokeRestart("muffleMessage"))
    fit <- quietly(glmer(form, d, family = r_family(m), control = tight))
    if (!is.null(fit)) r$laplace <- c(pick(fit), list(warnings = I(warned))) }
  parts <- lFormula(if (m$family == "student_t") form else form, d, control = lmerControl(check.nobs.vs.nlev = "ignore", check.nobs.vs.nRE = "ignore"))
  X <- parts$X; y <- model.response(parts$fr); size <- rep(1, nrow(X))
  if (is.matrix(y)) { size <- rowSums(y); y <- y[, 1] / size } else if (is.factor(y)) y <- as.numeric(y != levels(y)[1])
  off <- model.offset(parts$fr); if (is.null(off)) off <- numeric(length(y))
  one <- length(parts$reTrms$cnms) == 1 && length(parts$reTrms$cnms[[1]]) == 1
  if (in_lme4 && one) { fit <- quietly(glmer(form, d, family = r_family(m), nAGQ = 25, control = tight))
    if (!is.null(fit)) { r$agq <- pick(fit); r$agq$logLik <- r$agq$logLik + saturated(m, y, size) } }
  tmb <- switch(m$family, Gamma = Gamma(m$link), gaussian = gaussian(m$link), nbinom2 = nbinom2(m$link), beta = beta_family(m$link), betabinomial = betabinomial(m$link),
    zero_inflated_poisson = poisson(m$link), zero_inflated_nbinom2 = nbinom2(m$link), tweedie = glmmTMB::tweedie(m$link), NULL)
  if (!is.null(tmb)) { fit <- quietly(glmmTMB(form, d, family = tmb, ziformula = if (grepl("^zero", m$family)) ~1 else ~0))
    if (!is.null(fit)) { vc <- VarCorr(fit)$cond; r$glmmTMB <- list(beta = unname(fixef(fit)$cond), se = unname(sqrt(diag(vcov(fit)$cond))),
      sd = unlist(lapply(vc, function(v) unname(attr(v, "stddev"))), use.names = FALSE), sigma = sigma(fit), logLik = as.numeric(logLik(fit)), zero_inflation = if (grepl("^zero", m$family)) unname(plogis(fixef(fit)$zi))) } }
  if (one && !identical(m$exact, FALSE)) {
    g <- as.integer(factor(parts$reTrms$flist[[1]])); from <- if (!is.null(r$agq)) r$agq else if (!is.null(r$laplace)) r$laplace else r$glmmTMB
    start <- if (in_lme4 && !is.null(from)) c(from$beta, log(from$sd + 1e-3)) else { # the model without random effects
      fam <- switch(m$family, beta = quasibinomial(), betabinomial = quasibinomial(), student_t = gaussian(), inverse.gaussian = inverse.gaussian(m$link),
        Gamma = Gamma(m$link), gaussian = gaussian(m$link), binomial = binomial(m$link), quasipoisson())
      glm0 <- if (m$family == "binomial") glm.fit(X, y, size, family = fam, start = c(-2, rep(0, ncol(X) - 1))) else glm.fit(X, y, size, family = fam, mustart = if (m$family == "gaussian") pmax(y, mean(y) / 3))
      by <- tapply(glm0$residuals, g, mean); c(unname(coef(glm0)), log(max(sd(by) / 1.5, 0.02 * abs(coef(glm0)[1])))) }
    r$exact <- quietly(exact(y, size, X, g, off, m$family, m$link, c(start, starts[[m$family]]))) }
  if (name == "cbpp_olre") r$exact <- exact_olre(y, size, X, as.integer(factor(d$herd)), log_density$binomial, plogis, c(r$laplace$beta, log(r$laplace$sd)))
  results[[name]] <- c(m[c("data", "formula", "family", "link")], list(names = colnames(X)), r)
  cat(sprintf("%-26s", name), "laplace", format(r$laplace$sd, digits = 4), "agq", format(r$agq$sd, digits = 5), "tmb", format(r$glmmTMB$sd, digits = 5), "exact", format(r$exact$sd, digits = 5),
      "logLik", format(c(r$laplace$logLik, r$agq$logLik, r$glmmTMB$logLik, r$exact$logLik), digits = 9), "grad", format(r$exact$max_gradient, digits = 2), "\n")
}
levels_of <- lapply(frames[c("Contraception", "bacteria", "epil", "guImmun", "gammasim", "nbsim")], function(d) lapply(Filter(function(x) is.factor(x) && nlevels(x) <= 10, d), levels))
write(toJSON(list(versions = list(R = as.character(getRversion()), lme4 = as.character(packageVersion("lme4")), glmmTMB = as.character(packageVersion("glmmTMB"))),
  factors = levels_of, models = results), digits = 9, auto_unbox = TRUE, na = "null"), file.path(OUT, "glmer_reference.json"))
