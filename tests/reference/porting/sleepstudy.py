# ruff: noqa: F403, F405
"""lme4's sleepstudy examples, line by line: the R line stands above ours."""

# > library(lme4)
from glmmvi import *

sleepstudy = load_dataset("sleepstudy")

# > tight <- lmerControl(optCtrl = list(xtol_abs = 1e-14, xtol_rel = 1e-14, ftol_abs = 1e-15, ftol_rel = 1e-15, maxeval = 1e5))  # noqa: E501
tight = lmerControl()
# > fm1 <- lmer(Reaction ~ Days + (Days | Subject), sleepstudy, control = tight)
fm1 = lmer("Reaction ~ Days + (Days | Subject)", sleepstudy, control=tight)
# > fm1
print(fm1)
# > summary(fm1)
print(summary(fm1))
# > fm2 <- lmer(Reaction ~ Days + (Days || Subject), sleepstudy, control = tight)
fm2 = lmer("Reaction ~ Days + (Days || Subject)", sleepstudy, control=tight)
# > summary(fm2)
print(summary(fm2))
# > anova(fm1, fm2)
print(anova(fm1, fm2))
# > VarCorr(fm2)
print(VarCorr(fm2))
# > fixef(fm2)
print(fixef(fm2))
# > ranef(fm2)
print(ranef(fm2))
# > confint(fm2, method = "Wald")
print(confint(fm2, method="Wald"))
# > sigma(fm2)
print(sigma(fm2))
# > logLik(fm2)
print(logLik(fm2))
# > fm3 <- update(fm2, . ~ . - Days)
fm3 = update(fm2, ". ~ . - Days")
# > anova(fm2, fm3)
print(anova(fm2, fm3))
# > predict(fm2, data.frame(Days = c(0, 10), Subject = c("308", "309")))
print(predict(fm2, {"Days": [0, 10], "Subject": ["308", "309"]}))
# > predict(fm2, data.frame(Days = c(0, 10)), re.form = NA)
print(predict(fm2, {"Days": [0, 10]}, re_form="~0"))
