# model.matrix on the data of a fit and on new data, by R's own safe prediction. R 4.2.2.
suppressMessages({library(splines); library(jsonlite)}); options(digits=15)
d <- read.csv("../../reference/formula/fixed_data.csv", stringsAsFactors=FALSE)
d$a <- factor(d$a); d$o <- factor(d$o, levels=c("lo","mid","hi","top"), ordered=TRUE)
nd <- data.frame(x=c(-3, -0.5, 0, 0.7, 2.5), z=c(0.05, 0.5, 1, 2, 6), a=c("a3","a1","a2","a1","a3"),
  s=c("w","t","t","u","v"), lg=c(TRUE,FALSE,TRUE,TRUE,FALSE), o=c("top","lo","hi","mid","lo"), k=c(4L,1L,1L,2L,3L))
nd$a <- factor(nd$a, levels(d$a)); nd$o <- factor(nd$o, levels(d$o), ordered=TRUE)
rhs <- c("x", "poly(x, 3)", "poly(x, 2, raw = TRUE)", "ns(x, 4)", "ns(x, df = 3, intercept = TRUE)",
  "ns(x, knots = c(-1, 0.5))", "ns(x, knots = 0, Boundary.knots = c(-1, 1))", "bs(x, df = 6)",
  "bs(x, knots = c(-1, 0), degree = 2)", "bs(x, df = 5, intercept = TRUE)",
  "bs(x, Boundary.knots = c(-3, 3))", "scale(x) * a", "scale(x, scale = FALSE)",
  "scale(x, center = FALSE)", "s * lg", "o", "a:lg", "poly(log(z), 2) + s", "C(a, contr.sum) * x",
  "factor(k) * x", "cut(x, c(-5, 0, 5))", "cut(z, c(0, 1, 2, 10), right = FALSE)",
  "cut(z, c(0, 1, 2, 10), labels = c(\"low\", \"mid\", \"high\"))",
  "cut(z, c(0, 1, 10), include.lowest = TRUE)", "ordered(k)", "lg", "x %/% 0.5 + x %% 0.5",
  "I(x - 2 * z) + exp(-z)", "ifelse(a == \"a1\", x, z)", "I(lg & x > 0)", "I(lg | x > 0) + I(!lg)",
  "pmax(x, z, 0.2)", "C(a, contr.helmert, 1)", "C(o, contr.poly)", "C(a, c(-1, 0, 1))",
  "interaction(a, lg)", "interaction(a, lg, sep = \"_\", lex.order = TRUE)", "I(a %in% c(\"a1\", \"a3\"))",
  "round(x, 1)", "log(z, base = 3)", "C(a, contr.SAS)", "C(a, treatment)", "paste0(a, s)",
  "relevel(factor(s), ref = \"v\") * x", "sqrt(abs(x)) + log1p(z) + expm1(x) + ceiling(z) + floor(z)",
  "x:o", "0 + s:x", "poly(x, 1)", "ns(x, 1)", "cbind(x, log(z))", "factor(s, levels = c(\"w\", \"v\", \"u\", \"t\"))")
res <- list()
for (q in rhs) {
  mf <- model.frame(as.formula(paste("y ~", q)), d); tt <- attr(mf, "terms"); X <- model.matrix(tt, mf)
  nf <- suppressWarnings(model.frame(delete.response(tt), nd, xlev=.getXlevels(tt, mf)))
  N <- model.matrix(delete.response(tt), nf, contrasts.arg=attr(X, "contrasts"))
  res[[q]] <- list(names=I(colnames(X)), X=unname(X), new=unname(N)) }
f <- factor(rep(1:15, 2)); con <- list(); for (k in c(2, 5, 12, 15)) for (c in c("contr.poly", "contr.sum", "contr.helmert", "contr.treatment"))
  con[[paste(c, k)]] <- list(matrix=unname(get(c)(k)))
lab <- list(); for (v in list(c(1,2,3,1e6), 1:10, c(0.001,0.002,0.0035), c(-1e-5,1e-5), c(99.94,100.06), 1e5*(1:7)))
  lab[[length(lab)+1]] <- list(x=v, k3=levels(cut(v, 3)), k4=levels(cut(v, 4, right=FALSE)), dig=levels(cut(v, 3, dig.lab=5)))
num <- c(1, 2.5, 1e5, 123456, 1e15, 1e16, 1e-4, 0.1+0.2, 1/3, 1234567.891, 1e5+0.1, -1e-10, 100000000, 3e5, 0.00012, 1e-15, 2/3*1e-3)
write_json(list(columns=res, contrasts=con, cut=lab, numbers=list(x=num, text=as.character(num))), "newdata_ref.json", digits=NA, auto_unbox=TRUE)
