# ruff: noqa: F403, F405
"""lme4's grouseticks example, then its random effects and simulations, line by line."""

# > library(lme4)
from glmmvi import *

grouseticks = load_dataset("grouseticks")

# > form <- TICKS ~ YEAR + cHEIGHT + (1 | BROOD) + (1 | INDEX) + (1 | LOCATION)
form = "TICKS ~ YEAR + cHEIGHT + (1 | BROOD) + (1 | INDEX) + (1 | LOCATION)"
# > gm <- glmer(form, grouseticks, family = "poisson")
gm = glmer(form, grouseticks, family="poisson")
# > gm
print(gm)
# > summary(gm)
print(summary(gm))
# > fixef(gm)
print(fixef(gm))
# > VarCorr(gm)
print(VarCorr(gm))
# > ngrps(gm)
print(ngrps(gm))
# > re <- ranef(gm)
re = ranef(gm)
# > re$LOCATION
print(re["LOCATION"])
# > as.data.frame(re)
print(re.as_data_frame())
# > s <- simulate(gm, nsim = 200, seed = 101)
s = simulate(gm, nsim=200, seed=101)
# > dim(s)
print(s.shape)
# > mean(as.matrix(s))
print(s.to_numpy().mean())
# > mean(as.matrix(s) == 0)
print((s.to_numpy() == 0).mean())
# > mean(grouseticks$TICKS == 0)
print((grouseticks["TICKS"] == 0).mean())
