"""formulaic, bent to R's rules. Nothing else of the design layer imports formulaic.

What is used as it is: the orthogonal polynomials (`poly`), the B-spline basis
(`basis_spline`), the coding matrices of its sum, Helmert and polynomial contrasts, and its
whole materialiser where the user hands over a ``formulaic.Formula``.

What is bent, and why:

- **Terms, order, margins, names.** formulaic decides per term, from the columns already built,
  whether a factor gets contrasts, so ``a:b`` beside an intercept, ``x:lg`` or ``0 + lg + a``
  span other columns than R's; and it names columns ``a[T.a2]``. The terms algebra, the coding
  by margin and the names are ours (`glmmvi.design.column_plan`). formulaic's materialiser is
  therefore not in the path of R formulas; it also costs 0.9 ms for one numeric column.
- **Booleans** are numbers there and two-level factors in R: ours.
- **Contrast columns** are named after levels there (``a[H.a2]``) and numbered in R (``a1``,
  ``a2``) for sum and Helmert: names here follow R. Treatment contrasts are columns of an
  identity matrix and need no library.
- **poly** there takes one variable; R's with several (``poly(x, z, degree = 2)``) is built
  from one-variable bases. Raw powers of several variables likewise.
- **basis_spline** there raises outside the boundary; R extends the polynomials: asked for here.
- **ns** (natural splines) is R's own null-space basis; formulaic's ``cr`` spans the same space
  with other columns. Ours, on SciPy's B-splines (`glmmvi.design.functions.bases`).
- **scale** there has no NaN rule like R's and other names; it is two lines of ours.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from glmmvi.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

    from glmmvi.design.columns import DataColumns


def orthogonal_polynomials(
    x: NDArray[np.float64], degree: int, state: dict[str, Any]
) -> NDArray[np.float64]:
    """R's ``poly(x, degree)``: orthonormal on the data of the fit, the same basis later.

    Parameters
    ----------
    x : float64, shape (n,)
        The variable; NaN stays NaN.
    degree : int
        Number of columns.
    state : dict
        Empty at the fit; filled with the recurrence's coefficients.

    Returns
    -------
    float64, shape (n, degree)

    Examples
    --------
    >>> basis = orthogonal_polynomials(np.array([1.0, 2.0, 3.0]), 1, {})
    >>> basis.round(4).ravel()
    array([-0.7071,  0.    ,  0.7071])
    """
    from formulaic.transforms.poly import poly

    result = poly(x, degree=degree, _state=state)
    return np.asarray(getattr(result, "__wrapped__", result), dtype=np.float64)


def b_spline_basis(
    x: NDArray[np.float64],
    *,
    df: int | None,
    knots: list[float] | None,
    degree: int,
    intercept: bool,
    boundary: tuple[float, float] | None,
    state: dict[str, Any],
) -> NDArray[np.float64]:
    """R's ``splines::bs``: polynomials extended outside the boundary.

    Parameters
    ----------
    x : float64, shape (n,)
        The variable; NaN stays NaN.
    df, knots, degree, intercept, boundary
        As R's arguments.
    state : dict
        Empty at the fit; filled with the knots.

    Returns
    -------
    float64, shape (n, columns)

    Examples
    --------
    >>> x = np.linspace(0, 1, 5)
    >>> b_spline_basis(x, df=None, knots=None, degree=3, intercept=False, boundary=None,
    ...                state={}).shape
    (5, 3)
    """
    from formulaic.transforms.basis_spline import basis_spline

    lower, upper = boundary if boundary is not None else (None, None)
    missing = np.isnan(x)
    columns = basis_spline(
        x[~missing] if missing.any() else x,
        df=df,
        knots=knots,
        degree=degree,
        include_intercept=intercept,
        lower_bound=lower,
        upper_bound=upper,
        extrapolation="extend",
        _state=state,
    )
    basis = np.full((len(x), len(columns)), np.nan)
    basis[~missing] = np.column_stack([columns[i] for i in columns])
    return basis


def contrast_matrix(name: str, k: int, scores: list[float] | None = None) -> NDArray[np.float64]:
    """Coding matrix of R's ``contr.sum``, ``contr.helmert`` or ``contr.poly``.

    Parameters
    ----------
    name : {"contr.sum", "contr.helmert", "contr.poly"}
        R's name.
    k : int
        Number of levels.
    scores : list of float, optional
        For ``contr.poly``.

    Returns
    -------
    float64, shape (k, k - 1)

    Examples
    --------
    >>> contrast_matrix("contr.sum", 3).tolist()
    [[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]]
    """
    from formulaic.transforms import contrasts

    coding = {
        "contr.sum": contrasts.SumContrasts,
        "contr.helmert": contrasts.HelmertContrasts,
        "contr.poly": lambda: contrasts.PolyContrasts(scores=scores),
    }[name]()
    levels = [str(i) for i in range(k)]
    matrix = coding.get_coding_matrix(levels, reduced_rank=True, sparse=False)
    return np.asarray(matrix, dtype=np.float64)


def is_formulaic_formula(formula: Any) -> bool:
    """Whether an object is a ``formulaic.Formula``, without importing formulaic.

    Examples
    --------
    >>> is_formulaic_formula("y ~ x")
    False
    """
    return type(formula).__module__.split(".")[0] == "formulaic"


def required_variables(formula: Any) -> list[str]:
    """Names that a ``formulaic.Formula`` needs a value for, in order of appearance.

    formulaic's own ``required_variables`` loses those inside transforms (``scale(z)``).

    Examples
    --------
    >>> from formulaic import Formula
    >>> required_variables(Formula("x + scale(np.log(z)) + h(`my var`)"))
    ['x', 'z', 'my var']
    """
    from formulaic.transforms import TRANSFORMS

    found: dict[str, None] = {}
    for term in getattr(formula, "formula", formula):
        for factor in term.factors:
            expression, method = str(factor.expr), factor.eval_method.value
            if method == "lookup":
                found[expression] = None
            elif method == "python":
                found.update(dict.fromkeys(_names_in(expression)))
    return [name for name in found if name not in TRANSFORMS]


def _names_in(expression: str) -> list[str]:
    """Names of variables in a Python expression, backticked ones included, not of functions."""
    quoted: list[str] = []

    def placeholder(match: re.Match[str]) -> str:
        quoted.append(match.group(1))
        return f"_quoted_{len(quoted) - 1}_"

    tree = ast.parse(re.sub(r"`([^`]*)`", placeholder, expression), mode="eval")
    functions = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    names = [
        (node.lineno, node.col_offset, node.id)
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and id(node) not in functions
    ]
    known = {f"_quoted_{i}_": name for i, name in enumerate(quoted)}
    return [known.get(name, name) for _, _, name in sorted(names)]


def materialise(
    formula: Any,
    columns: DataColumns,
    rows: NDArray[np.intp] | None = None,
    env: Mapping[str, Any] | None = None,
) -> tuple[pd.DataFrame, Any]:
    """Columns of a ``formulaic.Formula`` by formulaic's rules, under formulaic's names.

    Parameters
    ----------
    formula : formulaic.Formula or formulaic.ModelSpec
        The fixed part.
    columns : DataColumns
        The data.
    rows : intp, optional
        Positions of the rows to use; categories that do not occur in them are dropped.
    env : mapping, optional
        Functions and constants that the formula uses. The caller's variables are never read.

    Returns
    -------
    matrix : DataFrame
        Rows with missing values are kept as NaN.
    spec : formulaic.ModelSpec
        Rebuilds the columns for new data.

    Raises
    ------
    DataError
        If formulaic cannot evaluate a part, or a category was not seen at the fit.

    Examples
    --------
    >>> from formulaic import Formula
    >>> from glmmvi.design.columns import read_columns
    >>> matrix, spec = materialise(Formula("x"), read_columns({"x": [1.0, 2.0]}))
    >>> list(matrix)
    ['Intercept', 'x']
    """
    import pandas as pd
    from formulaic.errors import DataMismatchWarning, FormulaicError

    needed = set(required_variables(formula))
    data = pd.DataFrame(
        {name: pd.Series(columns.raw(name)).array for name in columns.names if name in needed},
        index=columns.index,
    )
    if rows is not None:
        data = data.iloc[rows]
        for name in data.select_dtypes("category"):
            data[name] = data[name].cat.remove_unused_categories()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", DataMismatchWarning)
            matrix = formula.get_model_matrix(
                data, context=dict(env or {}), na_action="ignore", output="pandas"
            )
    except DataMismatchWarning as error:
        raise DataError(f"a factor has new levels: {error}") from error
    except FormulaicError as error:
        raise DataError(f"formulaic: {error}") from error
    missing = data.isna().any(axis=1).to_numpy()
    result = pd.DataFrame(matrix).astype(np.float64)
    if missing.any():
        result.loc[missing, :] = np.nan
    return result, matrix.model_spec
