# Writes the bundled data sets of lme4 (1.1-31) and nlme with the levels of their factors.
# Usage: Rscript datasets.R [outdir]; radon.csv.gz and srrs2.csv.gz come from the radon survey
# itself and have to be there: the counties keep the survey's order, where STLOUIS is "ST LOUIS".
suppressMessages({library(lme4); library(jsonlite)})
args <- commandArgs(TRUE); out <- if (length(args)) args[1] else "."
data(Orthodont, package = "nlme"); data(Machines, package = "nlme")
sets <- list(sleepstudy = sleepstudy, cbpp = cbpp, Dyestuff = Dyestuff, Dyestuff2 = Dyestuff2,
  Penicillin = Penicillin, Pastes = Pastes, grouseticks = grouseticks, cake = cake,
  Orthodont = as.data.frame(Orthodont), Machines = as.data.frame(Machines), VerbAgg = VerbAgg,
  InstEval = InstEval)
factors <- lapply(sets, function(d) { d <- Filter(is.factor, d)
  lapply(d, function(v) list(levels = levels(v), ordered = is.ordered(v))) })
county <- unique(read.csv(gzfile(file.path(out, "radon.csv.gz")))$county)
county <- county[order(sub("^STLOUIS$", "ST LOUIS", county), method = "radix")]
factors$radon <- list(county = list(levels = county, ordered = FALSE))
write(toJSON(factors, auto_unbox = TRUE), file.path(out, "factors.json"))
for (name in names(sets)) {
  con <- gzfile(file.path(out, paste0(name, ".csv.gz")), "wb")
  write.csv(format(sets[[name]], digits = 15, trim = TRUE), con, row.names = FALSE, quote = FALSE); close(con)
}
