# Columns of dates, missing values as a level and further functions. R 4.2.2 in UTC. Run in this directory.
library(jsonlite); Sys.setenv(TZ="UTC"); options(digits=15)
set.seed(3); n <- 24
d <- data.frame(x=round(rnorm(n), 3), a=rep(c("a","lo","b",NA,"lo","a"), 4), n=rep(c(1,2,3,1,2,NA,4,4), 3),
  s=as.Date("2020-01-28")+c(4,0,9,2,7,20,1,3,5,60,33,41,0,2,8,9,11,14,17,21,23,25,31,70))
d$q <- as.POSIXct("2020-01-03", tz="UTC")+86400*rep(0:5, 4)          # midnights only
d$p <- as.POSIXct("2020-01-03", tz="UTC")+rep(c(0,3600,90000,5,7200,60), 4)
d$m <- as.POSIXct("2020-01-03", tz="UTC")+rep(c(0,3600,90000,7200), 6)   # no seconds
d$t <- as.character(d$s); d$e <- format(d$s, "%d.%m.%Y")
write.csv(transform(d, q=format(q, "%Y-%m-%d %H:%M:%S"), p=format(p, "%Y-%m-%d %H:%M:%S"), m=format(m, "%Y-%m-%d %H:%M:%S")), "levels_data.csv", row.names=FALSE)
rhs <- c(
 'factor(a, exclude = "lo")','factor(a, exclude = NULL)','factor(a, exclude = NA)','factor(n, exclude = 2)','factor(n, exclude = c(2, NA))',
 'factor(a, levels = c("b", "lo", "a"), exclude = "lo")','factor(a, levels = c("b", NA, "lo"), exclude = NULL)',
 'factor(a, labels = c("X", "Y"), exclude = c("lo", NA))','ordered(n, exclude = c(NA, "2"))','addNA(a)','addNA(a, TRUE)','addNA(x > 0)','addNA(n)',
 'as.ordered(a)','as.ordered(n)','relevel(factor(a), ref = 2.7)','relevel(factor(a), 3)','is.finite(n)','is.infinite(1/(n - 1))',
 's','q','factor(s)','factor(q)','factor(p)','factor(m)','interaction(q, a)','paste(q, a)','as.character(m)','I(s - min(s))','I(s > "2020-02-06")',
 'I(s > as.Date("2020-02-06"))','I(q == "2020-01-04")','as.Date(t)','as.Date(e, "%d.%m.%Y")','as.Date(n, origin = "2020-01-01")','factor(as.Date(t) + 1)','factor(as.Date(q))','factor(as.Date(p))',
 'weekdays(s)','weekdays(q)','months(s)','quarters(s - 40)','format(s, "%m")','format(p, "%H")','format(s)','factor(s - min(s))','nchar(s)',
 'cut(s, as.Date(c("2020-01-01", "2020-02-06", "2020-03-01", "2020-05-01")))','cut(s, "week")','cut(s, "2 weeks")','cut(s, "month")','cut(s, "2 months")','cut(s, "quarter")','cut(s, "10 days")',
 'cut(sort(s), 3)','cut(s, 3, labels = c("u", "v", "w"))','cut(s, 3, labels = FALSE)','cut(s, 3, right = TRUE, labels = c("u", "v", "w"))','cut(q, 2)','cut(q, "2 days")','factor(ifelse(n > 2, s, s))','findInterval(x, c(-1, 0, 1))','pnorm(x)','dnorm(x, 1, 2)','substr(e, 4, 5)',
 'rowSums(cbind(x, n))','rowMeans(cbind(x, n))','rowSums(cbind(x, n), na.rm = TRUE)','rowMeans(cbind(x, n), na.rm = TRUE)','startsWith(t, "2020-02")')
rhs <- sub("cut\\(sort\\(s\\), 3\\)", "cut(so, 3)", rhs); d$so <- sort(d$s)
out <- lapply(rhs, function(r) {
  mf <- suppressWarnings(model.frame(as.formula(paste("~", r)), d, drop.unused.levels=TRUE))
  m <- model.matrix(as.formula(paste("~", r)), mf)
  list(rhs=r, names=I(colnames(m)), X=unname(m)) })
write_json(out, "levels_ref.json", digits=12, auto_unbox=TRUE, na="string")
