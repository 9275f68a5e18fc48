# What R itself says about the inputs in language_inputs.json: lines of deparse(), terms(), update().
# Made with R 4.2.2: Rscript language_ref.R
library(jsonlite)
inputs <- fromJSON("language_inputs.json", simplifyVector = FALSE)
guarded <- function(expr) tryCatch(expr, error = function(e) list(error = conditionMessage(e)))
result <- list(
  R = R.version.string,
  deparse = lapply(inputs$deparse, function(s) guarded(list(
    lines = I(deparse(suppressWarnings(parse(text = s, keep.source = FALSE))[[1]], backtick = TRUE))))),
  terms = lapply(inputs$terms, function(s) guarded({
    t <- terms(as.formula(s))
    list(labels = I(as.character(attr(t, "term.labels"))), intercept = attr(t, "intercept"),
         offsets = length(attr(t, "offset"))) })),
  update = lapply(inputs$update, function(s) guarded(list(
    formula = paste(deparse(update.formula(as.formula(s[[1]]), as.formula(s[[2]]))), collapse = "\n")))))
write_json(result, "language_ref.json", auto_unbox = TRUE, pretty = 0)
