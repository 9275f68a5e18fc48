"""One module a library. Each has

- ``INSTALL``: the command that installs it;
- ``load()``: import it and return its version;
- ``refusal(request)``: why it cannot fit this model, or None;
- ``prepare(request)``: the data in the form that the library takes (not timed);
- ``fit(prepared)``: formula, design, fit and standard errors (timed);
- ``estimates(fitted, request)``: ``beta`` and ``se`` by R's column names, ``sds`` by
  ``"group (column)"``, ``criterion`` (lme4's REML criterion or ``-2 logLik``).

Libraries of R share a script instead of the functions: ``measure.R``.
"""

PYTHON_LIBRARIES = ("glmmvi", "glmm_rust", "mixedlm", "gpboost", "statsmodels", "bambi")
R_LIBRARIES = ("lme4", "glmmTMB")
LIBRARIES = ("glmmvi", "lme4", "glmmTMB", *PYTHON_LIBRARIES[1:])
