# R's answers to formulas.json: model.matrix, what lme4 builds, update.formula. R 4.2.2, lme4 1.1-31.
suppressMessages({library(splines); library(lme4); library(jsonlite)}); options(digits=15)
q <- fromJSON("formulas.json")
quietly <- function(e) suppressMessages(suppressWarnings(e))
d <- read.csv("../../../reference/formula/fixed_data.csv", stringsAsFactors=FALSE)
lv <- list(a=c("a1","a2","a3"), b=c("b1","b2"), g=as.character(1:6), rev=c("a3","a1","a2"), unused=c("b0","b1","b2"), ana=c("a1","a2","a3"))
for (n in names(lv)) d[[n]] <- factor(d[[n]], lv[[n]])
d$o <- factor(d$o, c("lo","mid","hi","top"), ordered=TRUE)
ctl <- lmerControl(check.nobs.vs.nlev="ignore", check.nobs.vs.nRE="ignore", check.scaleX="ignore")
fixed <- lapply(q$fixed, function(f) tryCatch({
  mf <- quietly(model.frame(as.formula(paste("~", f)), d)); X <- quietly(model.matrix(attr(mf, "terms"), mf))
  if (ncol(X) > 24) stop("wide")
  # what lme4 keeps of them (its own error, for a `|` inside I(), is not asked for here)
  kept <- tryCatch({ p <- quietly(lFormula(as.formula(paste("y ~", f, "+ (1 | g)")), d, control=ctl)); I(colnames(p$X)) }, error=function(e) NULL)
  list(formula=f, names=I(as.character(colnames(X))), assign=I(attr(X, "assign")), n=nrow(X), X=I(as.vector(signif(X %*% cos(seq_len(ncol(X))), 12))), kept=kept,
       print=paste(deparse(as.formula(paste("~", f)), width.cutoff=500L), collapse=""))
}, error=function(e) list(formula=f, error=conditionMessage(e))))
source("mixed_data.R")
mixed <- lapply(q$mixed, function(f) tryCatch({
  p <- quietly(lFormula(as.formula(f), d2, control=ctl)); r <- p$reTrms; Z <- t(r$Zt)
  list(formula=f, n=nrow(p$X), groups=I(names(r$cnms)), cnms=lapply(unname(r$cnms), function(x) I(as.character(x))),
       levels=lapply(r$flist, function(x) I(head(levels(x), 4))), theta=I(r$theta), lower=I(is.finite(r$lower)), q=ncol(Z), Z=I(as.vector(signif(Z %*% cos(seq_len(ncol(Z))), 12))[seq(1, nrow(Z), 9)]),
       print=paste(deparse(p$formula, width.cutoff=500L), collapse=""), frame=I(names(p$fr)))
}, error=function(e) list(formula=f, error=conditionMessage(e))))
update <- lapply(seq_len(nrow(q$update)), function(i) list(old=q$update[i,1], new=q$update[i,2],
  result=tryCatch(paste(deparse(update.formula(as.formula(q$update[i,1]), as.formula(q$update[i,2])), width.cutoff=500L), collapse=""), error=function(e) "ERROR")))
fixed <- Filter(function(r) !identical(r$error, "wide"), fixed)
write_json(list(fixed=fixed, mixed=mixed, update=update), "answers.json", digits=NA, auto_unbox=TRUE, null="null", na="string")
