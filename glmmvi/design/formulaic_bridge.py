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

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

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


def materialise(formula: Any, columns: DataColumns) -> tuple[pd.DataFrame, Any]:
    """Columns of a ``formulaic.Formula`` by formulaic's rules, under formulaic's names.

    Parameters
    ----------
    formula : formulaic.Formula or formulaic.ModelSpec
        The fixed part.
    columns : DataColumns
        The data.

    Returns
    -------
    matrix : DataFrame
        Rows with missing values are kept as NaN.
    spec : formulaic.ModelSpec
        Rebuilds the columns for new data.

    Examples
    --------
    >>> from formulaic import Formula
    >>> from glmmvi.design.columns import read_columns
    >>> matrix, spec = materialise(Formula("x"), read_columns({"x": [1.0, 2.0]}))
    >>> list(matrix)
    ['Intercept', 'x']
    """
    import pandas as pd

    needed = [
        name for name in columns.names if name in {str(v) for v in formula.required_variables}
    ]
    data = pd.DataFrame({name: columns.raw(name) for name in needed}, index=columns.index)
    matrix = formula.get_model_matrix(data, na_action="ignore", output="pandas")
    return pd.DataFrame(matrix), matrix.model_spec
