# fitted() and residuals() under subset, na.action, weights and offset. R 4.2.2, lme4 1.1-31.
suppressMessages({library(lme4); library(jsonlite)}); options(digits=15)
d <- sleepstudy; d$w <- rep(c(1, 2, 0.5), 60); d$z <- d$Days/2; d$Reaction[c(4, 30)] <- NA; d$Days[77] <- NA; d$w[100] <- NA
d$Subject <- as.character(d$Subject); d$Subject[120] <- NA
fits <- list()
for (act in c("na.omit", "na.exclude")) for (sub in c(FALSE, TRUE)) {
  s <- if (sub) d$Days < 8 & !is.na(d$Days) else rep(TRUE, 180)
  m <- lmer(Reaction ~ Days + offset(z) + (1 | Subject), d, subset=s, na.action=act, weights=w, offset=10*z, control=lmerControl(optCtrl=list(xtol_abs=1e-12, ftol_abs=1e-14)))
  f <- fitted(m); r <- residuals(m); p <- residuals(m, "pearson")
  fits[[length(fits)+1]] <- list(na_action=act, subset=sub, nobs=nobs(m), rows=I(names(f)), fitted=I(unname(f)), residuals=I(unname(r)), pearson=I(unname(p)))
}
write.csv(d, "rows_data.csv", row.names=FALSE)
write_json(fits, "rows_ref.json", digits=10, auto_unbox=TRUE, na="string")
