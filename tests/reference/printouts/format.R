# Simulated calls of R's formatting functions, with R's answers (R 4.2.2), as JSON on stdout.
suppressMessages(library(jsonlite)); set.seed(20); options(scipen = 0, digits = 7, width = 80)
N <- function(x) I(sprintf("%.17g", x))
out <- function(expr) paste0(paste(capture.output(expr), collapse = "\n"), "\n")
gen <- function(k) switch(sample(6, 1), rnorm(k) * 10^sample(-6:6, 1), rnorm(k) * 10^runif(k, -12, 12),
  round(rnorm(k) * 10^runif(1, 0, 4), sample(0:6, 1)),
  sample(c(0, 1, 10, 99.95, 99.96, 9996, 0.15, 0.25, 2.5e-5, 999.5, 1e5, 123456, 1e15, 0.00012345, 99999.5, -1, -0.05), k, TRUE),
  signif(rnorm(k) * 10^sample(-5:5, 1), sample(1:8, 1)), (sample(2000, k) + .5) / 10^sample(0:5, 1))
format_cases <- lapply(1:300, function(i) { x <- gen(sample(1:5, 1)); d <- sample(1:9, 1); s <- sample(c(0, 0, 2, 3), 1)
  list(x = N(x), digits = d, nsmall = s, text = I(format(x, digits = d, nsmall = s))) })
round_cases <- lapply(1:200, function(i) { x <- gen(sample(1:5, 1)); d <- sample(-3:8, 1); z <- sample(3:9, 1)
  list(x = N(x), digits = d, round = N(round(x, d)), zap_digits = z, zap = N(zapsmall(x, z))) })
p_cases <- lapply(1:200, function(i) { p <- sample(c(runif(sample(1:4, 1))^sample(c(1, 4, 20), 1), if (runif(1) < .4) 10^-runif(1, 10, 30))); d <- sample(1:5, 1)
  list(p = N(p), digits = d, text = I(format.pval(p, digits = d, eps = .Machine$double.eps))) })
words <- c("(Intercept)", "period", "a_fairly_long_name_", "recipe", "temperature", ".L", ":", "^4", "Machine", "log(x)", "B", "YEAR96", "I(x^2)", "_", "AEIOU", "poly(x, 2)", "the quick Brown", "Gender M", "factor(a)10")
names_of <- function(k) replicate(k, paste(sample(words, sample(1:3, 1)), collapse = sample(c(":", "_", " "), 1)))
abbreviate_cases <- lapply(1:200, function(i) { x <- names_of(sample(1:6, 1)); m <- sample(1:12, 1)
  list(x = I(x), minlength = m, short = I(unname(abbreviate(x, m))), strict = I(unname(abbreviate(x, m, strict = TRUE)))) })
coef_cases <- lapply(1:150, function(i) { k <- sample(1:6, 1); est <- gen(k) ; se <- abs(gen(k)) + 1e-9; if (runif(1) < .1) est[1] <- 0
  m <- cbind(Estimate = est, "Std. Error" = se, "z value" = est / se); p <- runif(1) < .7; if (p) m <- cbind(m, "Pr(>|z|)" = 2 * pnorm(-abs(m[, 3])))
  if (p && runif(1) < .2) m[1, 4] <- NA
  rownames(m) <- make.unique(names_of(k)); d <- sample(2:7, 1); s <- runif(1) < .8
  list(columns = lapply(seq_len(ncol(m)), function(j) N(m[, j])), names = I(colnames(m)), rows = I(rownames(m)), digits = d, stars = s,
       text = out(printCoefmat(m, digits = d, signif.stars = s))) })
table_cases <- lapply(1:80, function(i) { k <- sample(1:9, 1); r <- sample(1:5, 1); v <- lapply(1:k, function(j) gen(r)); d <- as.data.frame(v); names(d) <- make.unique(names_of(k)); rownames(d) <- make.unique(names_of(r))
  x <- setNames(unlist(v), make.unique(names_of(k * r))); dg <- sample(2:8, 1); w <- sample(c(40, 60, 80, 100), 1); options(width = w); on.exit(options(width = 80))
  list(columns = lapply(v, N), names = I(names(d)), rows = I(rownames(d)), vector_names = I(names(x)), digits = dg, width = w, frame = out(print(d, digits = dg)), vector = out(print(x, digits = dg))) })
cat(toJSON(list(format = format_cases, round = round_cases, p_values = p_cases, abbreviate = abbreviate_cases, coefficients = coef_cases, tables = table_cases), auto_unbox = TRUE, digits = NA), "\n")
