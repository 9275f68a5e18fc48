# Times lme4 on one problem, in process, after loading and one warm-up fit.
# Usage: Rscript lme4.R data.csv factors.json "formula" REML repeats   -> one line of JSON
suppressMessages({library(lme4); library(jsonlite)})
args <- commandArgs(TRUE)
data <- read.csv(args[1], stringsAsFactors = FALSE)
factors <- fromJSON(args[2], simplifyVector = TRUE)
for (name in names(factors)) data[[name]] <- factor(as.character(data[[name]]),
  levels = factors[[name]]$levels, ordered = factors[[name]]$ordered)
form <- as.formula(args[3]); reml <- as.logical(args[4]); repeats <- as.integer(args[5])
one <- function() { fit <- lmer(form, data, REML = reml); vcov(fit); fit }
fit <- suppressMessages(if (repeats > 1) one() else NULL)
seconds <- numeric(repeats)
for (i in seq_len(repeats)) seconds[i] <- system.time(fit <- suppressMessages(one()), gcFirst = FALSE)[["elapsed"]]
if (repeats > 1) { # system.time has a resolution of 1 ms: time them together as well
  total <- system.time(for (i in seq_len(repeats)) suppressMessages(one()), gcFirst = FALSE)[["elapsed"]]
  seconds <- rep(total / repeats, repeats)
}
vc <- as.data.frame(VarCorr(fit))
cat(toJSON(list(seconds = median(seconds), criterion = if (reml) REMLcrit(fit) else deviance(fit),
  beta = unname(fixef(fit)), se = unname(sqrt(diag(as.matrix(vcov(fit))))),
  sds = vc$sdcor[is.na(vc$var2)], version = as.character(packageVersion("lme4")),
  R = R.version.string), digits = NA, auto_unbox = TRUE), "\n")
