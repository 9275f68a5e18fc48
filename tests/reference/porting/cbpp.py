# ruff: noqa: F403, F405
"""lme4's cbpp examples, line by line: the R line stands above ours."""

# > library(lme4)
from glmmvi import *

cbpp = load_dataset("cbpp")

# > gm1 <- glmer(cbind(incidence, size - incidence) ~ period + (1 | herd), cbpp, family = binomial)
gm1 = glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", cbpp, family=binomial)
# > gm1
print(gm1)
# > summary(gm1)
print(summary(gm1))
# > gm0 <- glmer(cbind(incidence, size - incidence) ~ 1 + (1 | herd), cbpp, family = binomial)
gm0 = glmer("cbind(incidence, size - incidence) ~ 1 + (1 | herd)", cbpp, family=binomial)
# > anova(gm0, gm1)
print(anova(gm0, gm1))
# > confint(gm1, method = "Wald")
print(confint(gm1, method="Wald"))
# > fixef(gm1)
print(fixef(gm1))
# > VarCorr(gm1)
print(VarCorr(gm1))
# > nd <- data.frame(period = c("1", "2", "3", "4"), herd = c("1", "1", "8", "8"))
nd = {"period": ["1", "2", "3", "4"], "herd": ["1", "1", "8", "8"]}
# > predict(gm1, nd)
print(predict(gm1, nd))
# > predict(gm1, nd, type = "response")
print(predict(gm1, nd, type="response"))
# > predict(gm1, nd, re.form = NA, type = "response")
print(predict(gm1, nd, re_form="~0", type="response"))
