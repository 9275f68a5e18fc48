# lmList by lme4. R 4.2.2, lme4 1.1-31. Writes lm_list.json.
# Usage: Rscript lm_list.R outdir
suppressMessages({library(lme4); library(jsonlite)})
outdir <- commandArgs(TRUE)[1]
part <- sleepstudy[!(sleepstudy$Subject == "308" & sleepstudy$Days > 0), ]
weighted <- sleepstudy
weighted$w <- 1 + (seq_len(nrow(weighted)) %% 3)
all_of <- function(fit) {
  own <- suppressWarnings(confint(fit)); pooled <- confint(fit, pool = TRUE)
  list(text = capture.output(print(fit)), coef = as.list(coef(fit)), fixef = as.list(fixef(fit)),
       ranef = as.list(ranef(fit))[names(coef(fit))], sigma = sigma(fit), groups = rownames(coef(fit)),
       own = list(low = unname(own[, 1, ]), high = unname(own[, 2, ])),
       pooled = list(low = unname(pooled[, 1, ]), high = unname(pooled[, 2, ])),
       residuals = unname(residuals(fit)), fitted = unname(fitted(fit)))
}
sleep <- lmList(Reaction ~ Days | Subject, sleepstudy)
out <- list(sleepstudy = all_of(sleep), part = all_of(lmList(Reaction ~ Days | Subject, part)),
            weighted = all_of(lmList(log(Reaction) ~ poly(Days, 2) | Subject, weighted, weights = w)),
            confint_text = capture.output(confint(sleep)))
writeLines(toJSON(out, digits = 10, auto_unbox = TRUE, na = "string", matrix = "rowmajor"),
           file.path(outdir, "lm_list.json"))
