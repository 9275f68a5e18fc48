# Times one model in lme4 or glmmTMB, in this process; the answer is one line of JSON.
# Usage: Rscript measure.R LIBRARY REQUEST_FOLDER
args <- commandArgs(TRUE); library_name <- args[1]; folder <- args[2]
read_json <- function(path) jsonlite::fromJSON(path, simplifyVector = FALSE)
memory <- function(field) { # bytes, from the kernel's account of this process
  lines <- tryCatch(readLines("/proc/self/status"), error = function(e) character())
  line <- grep(paste0("^", field), lines, value = TRUE)
  if (length(line)) 1024 * as.numeric(gsub("[^0-9]", "", line[1])) else 0
}
read_columns <- function(folder, n) {
  data <- list()
  for (entry in read_json(file.path(folder, "columns.json"))) {
    path <- file.path(folder, entry$file)
    if (entry$kind == "number") {
      data[[entry$name]] <- readBin(path, "double", n, size = 8, endian = "little")
    } else {
      codes <- readBin(path, "integer", n, size = 4, endian = "little") + 1L
      codes[codes == 0L] <- NA
      levels <- unlist(entry$levels)
      data[[entry$name]] <- structure(codes, levels = levels,
        class = c(if (isTRUE(entry$ordered)) "ordered", "factor"))
    }
  }
  structure(data, row.names = .set_row_names(n), class = "data.frame")
}
installed <- function(name) nzchar(system.file(package = name))
if (!installed("jsonlite")) {
  cat('{"skipped": "R has no jsonlite: install.packages(\\"jsonlite\\")"}\n'); quit("no")
}
if (!installed(library_name)) {
  cat(sprintf('{"skipped": "not installed: install.packages(\\"%s\\")"}\n', library_name)); quit("no")
}
invisible(loadNamespace("jsonlite"))
import_seconds <- system.time(suppressMessages(suppressWarnings(
  library(library_name, character.only = TRUE))))[["elapsed"]]

prepare <- function(folder) {
  request <- read_json(file.path(folder, "request.json"))
  # columns that were made for libraries without cbind() are harmless here
  list(request = request, data = read_columns(folder, request$n), formula = as.formula(request$formula),
    family = if (request$family != "gaussian") get(request$family)(link = request$link))
}
one <- function(p) suppressMessages(suppressWarnings({
  if (library_name == "lme4") {
    fit <- if (is.null(p$family)) lme4::lmer(p$formula, p$data, REML = p$request$reml)
      else lme4::glmer(p$formula, p$data, family = p$family)
  } else {
    fit <- glmmTMB::glmmTMB(p$formula, p$data, REML = p$request$reml,
      family = if (is.null(p$family)) gaussian() else p$family)
  }
  vcov(fit); fit
}))
p <- prepare(folder)
warm_up <- p$request$warm_up
invisible(one(if (nzchar(warm_up)) prepare(warm_up) else p))
invisible(gc())
before <- memory("VmRSS")
try(writeLines("5", "/proc/self/clear_refs"), silent = TRUE)
repeats <- p$request$repeats
wall <- cpu <- numeric()
while (length(wall) < repeats && (length(wall) < 3 || sum(wall) < 5)) { # as measure.py
  start <- as.numeric(Sys.time()); start_cpu <- sum(proc.time()[1:2])
  fit <- one(p)
  wall <- c(wall, as.numeric(Sys.time()) - start)
  cpu <- c(cpu, sum(proc.time()[1:2]) - start_cpu)
}
peak <- memory("VmHWM")
if (library_name == "lme4") {
  table <- as.data.frame(lme4::VarCorr(fit)); table <- table[is.na(table$var2), ]
  sds <- setNames(as.list(table$sdcor), ifelse(is.na(table$var1), "Residual", paste(table$grp, table$var1)))
  beta <- lme4::fixef(fit); se <- sqrt(diag(as.matrix(vcov(fit))))
} else {
  components <- glmmTMB::VarCorr(fit)$cond; sds <- list()
  for (group in names(components)) {
    sd <- attr(components[[group]], "stddev")
    for (column in names(sd)) sds[[paste(group, column)]] <- unname(sd[column])
  }
  if (is.null(p$family)) sds[["Residual"]] <- sigma(fit)
  beta <- glmmTMB::fixef(fit)$cond; se <- sqrt(diag(as.matrix(vcov(fit)$cond)))
}
cat(jsonlite::toJSON(list(version = as.character(packageVersion(library_name)), R = R.version.string,
  blas = basename(extSoftVersion()[["BLAS"]]), import_seconds = import_seconds, seconds = median(wall),
  fastest_seconds = min(wall), cpu_seconds = mean(cpu), repeats = length(wall),
  peak_mb = memory("VmHWM") / 2^20, fit_mb = max(0, peak - before) / 2^20,
  estimates = list(beta = as.list(beta), se = setNames(as.list(unname(se)), names(beta)), sds = sds,
    criterion = -2 * as.numeric(logLik(fit)))), digits = NA, auto_unbox = TRUE), "\n")
