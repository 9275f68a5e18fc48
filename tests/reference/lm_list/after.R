# summary, predict and residuals of lmList by lme4. R 4.2.2, lme4 1.1-31. Writes after.json.
# Usage: Rscript after.R outdir
suppressMessages({library(lme4); library(jsonlite)})
outdir <- commandArgs(TRUE)[1]
part <- sleepstudy[!(sleepstudy$Subject == "308" & sleepstudy$Days > 0), ]
weighted <- sleepstudy
weighted$w <- 1 + (seq_len(nrow(weighted)) %% 3)
turned <- sleepstudy[nrow(sleepstudy):1, ]
fits <- list(sleepstudy = lmList(Reaction ~ Days | Subject, sleepstudy),
             part = lmList(Reaction ~ Days | Subject, part),
             weighted = lmList(log(Reaction) ~ poly(Days, 2) | Subject, weighted, weights = w))
new <- data.frame(Days = c(0, 1, NA, 12), Subject = c("310", "309", "309", "310"))
predicted <- function(fit) unname(c(predict(fit, new[new$Subject == "309" & !is.na(new$Days), ]),
                                    predict(fit, new[new$Subject == "310", ])))
out <- list(summary = lapply(fits, function(fit) capture.output(print(summary(fit)))),
            own = lapply(fits[1:2], function(fit) capture.output(print(summary(fit, pool = FALSE)))),
            pearson = lapply(fits[c(1, 3)], function(fit) unname(residuals(fit, type = "pearson"))),
            predict = lapply(fits, predicted),
            everywhere = unname(c(predict(fits$sleepstudy, data.frame(Days = c(0, 1))))),
            turned = unname(residuals(lmList(Reaction ~ Days | Subject, turned))))
writeLines(toJSON(out, digits = 10, auto_unbox = TRUE, na = "string"), file.path(outdir, "after.json"))
