# The numbers behind every data frame, anova table and matrix that printouts.R prints
# (R 4.2.2, lme4 1.1-31), as JSON: model -> call -> heading, rows, names, columns.
# Usage: Rscript tables.R [DATADIR] > tables.json   (printouts.R beside it; DATADIR has radon.csv, read
# where rstanarm is not installed; what needs lmerTest or broom.mixed is left out where those are not)
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
suppressMessages({library(lme4); library(jsonlite); library(lattice)})
options(width = 80, digits = 7, warn = 1)
kept <- list()
numbers <- function(v) I(if (is.numeric(v)) ifelse(is.na(v), NA, as.numeric(v)) else as.character(v))
keep <- function(model, what, x) {
  kind <- if (inherits(x, "anova")) "anova" else if (is.data.frame(x)) "data.frame" else if (is.matrix(x) && is.numeric(x)) "matrix" else return()
  columns <- if (kind == "matrix") lapply(seq_len(ncol(x)), function(j) x[, j]) else unclass(x)
  columns <- lapply(columns, function(v) if (is.matrix(v)) v[, 1] else v)
  kept[[model]][[what]] <<- list(kind = kind, heading = I(as.character(attr(x, "heading"))), rows = I(rownames(x)), names = I(colnames(x)),
    integer = I(vapply(columns, is.integer, NA, USE.NAMES = FALSE)), columns = unname(lapply(columns, numbers)))
}
cap_tables <- function(model, what, expr, echo = FALSE) {
  e <- substitute(expr); env <- parent.frame()
  if (is.call(e) && identical(e[[1]], as.name("{"))) { for (k in seq_along(e)[-1]) if (k < length(e)) tryCatch(suppressMessages(eval(e[[k]], env)), error = identity); e <- e[[length(e)]] }
  if (!is.call(e) || !identical(e[[1]], as.name("print")) || grepl("VarCorr|ranef|model_frame|boot|profile_head|influence|simulate", what)) return(invisible())
  x <- tryCatch(suppressWarnings(suppressMessages(eval(e[[2]], env))), error = function(err) NULL)
  keep(model, what, x)
}
for (e in parse(file.path(here, "printouts.R"))) {
  if (is.call(e) && identical(e[[1]], as.name("<-"))) {
    target <- as.character(e[[2]])[1]
    if (target %in% c("args", "OUT")) next
    if (target == "cap") { cap <- cap_tables; next }
    if (target == "csv") { csv <- function(...) NULL; next }
    if (target == "nums") { nums <- function(...) NULL; next }
  }
  if (is.call(e) && identical(as.character(e[[1]])[1], "dir.create")) next
  if (grepl("rstanarm::radon", deparse(e)[1]) && !requireNamespace("rstanarm", quietly = TRUE)) {
    rad <- read.csv(file.path(commandArgs(TRUE)[1], "radon.csv"))
    if (!is.null(rad$county)) rad$county <- factor(rad$county, levels = unique(rad$county)); next
  }
  if (grepl("^rad\\$", deparse(e)[1]) || grepl("^rad <- rad", deparse(e)[1])) next
  tryCatch(invisible(capture.output(suppressWarnings(suppressMessages(eval(e, globalenv()))))),
    error = function(err) message(deparse(e)[1], ": ", conditionMessage(err)))
}
cat(toJSON(kept, auto_unbox = TRUE, digits = NA, na = "null"), "\n")
