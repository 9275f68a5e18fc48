# Intervals and tests by lme4, lmerTest and car.
# R 4.2.2, lme4 1.1-31, lmerTest 3.1-3, car 3.1-1, glmmTMB 1.1.5. Writes inference.json and ham.csv.
# Usage: Rscript inference.R outdir
suppressMessages({library(lme4); library(lmerTest); library(car); library(jsonlite)})
outdir <- commandArgs(TRUE)[1]
radon <- read.csv(gzfile(file.path("..", "..", "..", "glmmvi", "data", "radon.csv.gz")))
data(Machines, Orthodont, package = "nlme")
Machines <- transform(as.data.frame(Machines), Worker = factor(as.character(Worker)))
Orthodont <- as.data.frame(Orthodont)
data(ham, package = "lmerTest")
write.csv(ham, file.path(outdir, "ham.csv"), row.names = FALSE, quote = FALSE)
uneven <- sleepstudy[-c(3, 17, 18, 44, 45, 46, 90, 133:137), ]
uneven$half <- factor(ifelse(uneven$Days < 5, "early", "late"))
write.csv(uneven, file.path(outdir, "uneven.csv"), row.names = FALSE, quote = FALSE)

models <- list(
  sleepstudy = list(sleepstudy, Reaction ~ Days + (Days | Subject), NULL),
  bars2 = list(sleepstudy, Reaction ~ Days + (Days || Subject), NULL),
  dyestuff = list(Dyestuff, Yield ~ 1 + (1 | Batch), NULL),
  penicillin = list(Penicillin, diameter ~ 1 + (1 | plate) + (1 | sample), NULL),
  pastes = list(Pastes, strength ~ 1 + (1 | batch / cask), NULL),
  radon_slope = list(radon, log_radon ~ floor + log_uranium + (1 + floor | county), NULL),
  radon_interaction = list(radon, log_radon ~ floor * log_uranium + (1 | county), NULL),
  cake = list(cake, angle ~ recipe * temperature + (1 | recipe:replicate), NULL),
  machines = list(Machines, score ~ Machine + (Machine | Worker), NULL),
  orthodont = list(Orthodont, distance ~ age * Sex + (1 | Subject), NULL),
  ham = list(ham, Informed.liking ~ Product * Information * Gender + (1 | Product:Consumer) +
               (1 | Consumer), NULL),
  uneven = list(uneven, Reaction ~ half * Days + (1 | Subject), NULL),
  uneven_sum = list(uneven, Reaction ~ half * Days + (1 | Subject), list(half = "contr.sum")),
  uneven_no_intercept = list(uneven, Reaction ~ 0 + half + Days + (1 | Subject), NULL)
)
columns <- function(table) lapply(as.list(as.data.frame(table)), as.numeric)
tests <- function(table) list(rows = row.names(table), columns = columns(table))
text <- function(x) capture.output(print(x))

out <- list()
for (name in names(models)) {
  spec <- models[[name]]
  data <- spec[[1]]
  fit <- suppressMessages(lmerTest::lmer(spec[[2]], data, contrasts = spec[[3]]))
  one <- list()
  s <- coef(summary(fit))
  one$summary <- list(rows = rownames(s), columns = columns(s))
  if (length(attr(terms(fit), "term.labels"))) {
    for (type in c("I", "II", "III")) one[[paste0("anova_", type)]] <- tests(anova(fit, type = type))
    one$lme4_anova <- tests(anova(fit, ddf = "lme4"))
    plain <- as(fit, "lmerMod"); plain@call[[1]] <- quote(lme4::lmer)
    one$drop1 <- tests(suppressMessages(drop1(plain, test = "Chisq")))
    for (type in c("II", "III")) one[[paste0("car_", type)]] <- tests(Anova(plain, type = type))
  }
  if (name %in% c("sleepstudy", "bars2", "dyestuff", "penicillin", "pastes", "orthodont")) {
    ci <- suppressWarnings(suppressMessages(confint(fit, level = 0.9)))
    one$confint_90 <- list(rows = rownames(ci), columns = columns(ci))
    ci <- suppressWarnings(suppressMessages(confint(fit, oldNames = FALSE)))
    one$confint <- list(rows = rownames(ci), columns = columns(ci))
  }
  if (name %in% c("sleepstudy", "pastes", "ham", "penicillin")) {
    table <- suppressMessages(suppressWarnings(ranova(fit)))
    one$ranova <- tests(table)
  }
  out[[name]] <- one
}

fm <- lmerTest::lmer(Informed.liking ~ Product * Information + Gender + (1 | Consumer), ham)
plain <- lme4::lmer(Informed.liking ~ Product * Information + Gender + (1 | Consumer), ham)
L <- rbind(c(0, 1, -1, 0, 0, 0, 0, 0, 0), c(0, 0, 0, 0, 1, -1, 0, 0, 0))
out$contest <- list(
  joint = tests(contest(fm, L)), shifted = tests(contest(fm, L, rhs = c(0.1, -0.2))),
  each = tests(contest(fm, L, joint = FALSE))
)
out$hypothesis <- list(
  chisq = text(linearHypothesis(plain, c("Product2 = Product3", "2*Gender2 + 0.5 = Information2"))),
  one = text(linearHypothesis(plain, "Product2")),
  values = tests(linearHypothesis(plain, c("Product2 = Product3", "2*Gender2 + 0.5 = Information2")))
)
out$texts <- list(
  anova_III = text(anova(fm)), anova_I = text(anova(fm, type = 1)),
  ranova = text(suppressMessages(ranova(fm))),
  car_II = text(Anova(plain)), car_III = text(Anova(plain, type = 3)),
  summary = capture.output(print(summary(fm), correlation = FALSE)),
  drop1 = text(suppressMessages(drop1(plain, test = "Chisq"))), drop1_plain = text(drop1(plain))
)
cbpp_fit <- glmer(cbind(incidence, size - incidence) ~ period + (1 | herd), cbpp, binomial)
cbpp_tmb <- glmmTMB::glmmTMB(cbind(incidence, size - incidence) ~ period + (1 | herd), cbpp,
                             family = binomial)
period <- 2:4
b <- glmmTMB::fixef(cbpp_tmb)$cond; V <- vcov(cbpp_tmb)$cond
quadrature <- glmer(cbind(incidence, size - incidence) ~ period + (1 | herd), cbpp, binomial, nAGQ = 9)
quadrature_ci <- suppressWarnings(suppressMessages(confint(quadrature)))
out$cbpp <- list(
  confint_nAGQ9 = list(rows = rownames(quadrature_ci), columns = columns(quadrature_ci)),
  glmmTMB_period = drop(b[period] %*% solve(V[period, period], b[period])),
  fixef = unname(fixef(cbpp_fit)), vcov = as.matrix(vcov(cbpp_fit)),
  car_II = tests(Anova(cbpp_fit)), car_III = tests(Anova(cbpp_fit, type = 3)),
  anova = tests(anova(cbpp_fit)), text_II = text(Anova(cbpp_fit))
)
orthodont_slope <- lme4::lmer(distance ~ age * Sex + (age | Subject), Orthodont)
slope_ci <- suppressWarnings(suppressMessages(confint(orthodont_slope)))
out$orthodont_slope <- list(confint = list(rows = rownames(slope_ci), columns = columns(slope_ci)))
writeLines(toJSON(out, digits = 10, na = "string", auto_unbox = FALSE, pretty = FALSE),
           file.path(outdir, "inference.json"))
