suppressMessages(library(lme4)); library(jsonlite)
one <- function(fit) {
  names <- c("X","Z","Zt","y","mu","u","b","Gp","Lambda","Lambdat","Lind","A","RX","RZX","sigma","beta","fixef","theta","REML","is_REML","n_rtrms","n_rfacs","N","n","p","q","p_i","l_i","q_i","k","m_i","m","cnms","offset","lower","L")
  out <- list()
  for (nm in names) {
    v <- getME(fit, nm)
    if (nm == "L") { v <- Matrix::expand(v); v <- list(det = sum(log(Matrix::diag(v$L)))) }
    else if (nm == "RZX") { v <- list(dim = dim(v), ss = sum(as.matrix(v)^2)) }
    else if (is(v, "Matrix")) { m <- as.matrix(v); dimnames(m) <- NULL; v <- list(dim = dim(m), sum = sum(m), ss = sum(m^2), first = as.vector(m[1:min(3,nrow(m)), 1:min(3,ncol(m))])) }
    else if (is.matrix(v)) { v <- list(dim = dim(v), sum = sum(v), ss = sum(v^2), names = colnames(v)) }
    else if (is.list(v)) v <- lapply(v, as.vector)
    else v <- list(names = names(v), values = as.vector(v))
    out[[nm]] <- v
  }
  d <- getME(fit, "devcomp"); out$cmp <- as.list(d$cmp); out$dims <- as.list(d$dims)
  out
}
ctl <- lmerControl(optimizer="nloptwrap", optCtrl=list(xtol_abs=1e-12, ftol_abs=1e-14, xtol_rel=1e-10,maxeval=5000))
fits <- list(sleepstudy = lmer(Reaction ~ Days + (Days|Subject), sleepstudy, control=ctl),
  pastes = lmer(strength ~ 1 + (1|batch/cask), Pastes, control=ctl),
  machines = lmer(score ~ Machine + (Machine|Worker), nlme::Machines, control=ctl))
cat(toJSON(lapply(fits, one), digits=10, auto_unbox=TRUE, null="null"), file="getme.json")
