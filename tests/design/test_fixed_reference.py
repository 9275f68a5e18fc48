"""R's model.matrix on 180 right-hand sides: names, order, values, assign."""

import numpy as np
import pytest

from glmmvi.design import model_matrix
from glmmvi.errors import GlmmviError
from tests.design.conftest import load

CASES = load("fixed_ref.json")
#: R refuses; here text is as good as a factor.
EXTENSIONS = {"C(s, contr.sum)": ["(Intercept)", *(f"C(s, contr.sum){i}" for i in (1, 2, 3))]}


def arguments(case: str):
    if case.startswith("DOT "):
        return case[4:], ["y", "x", "a", "b"], None
    if case.startswith("CONTR "):
        return "a*b", None, {"a": "contr.sum", "b": "contr.helmert"}
    if case.startswith("OPTCONTR "):
        return case[9:], None, ("contr.sum", "contr.poly")
    return case, None, None


@pytest.mark.parametrize("case", CASES)
def test_columns_are_those_of_r(case, fixed_data):
    expected = CASES[case]
    rhs, names, contrasts = arguments(case)
    data = fixed_data if names is None else fixed_data[names]
    formula = f"y ~ {rhs}"
    if "error" in expected:
        if case in EXTENSIONS:
            assert list(model_matrix(formula, data)) == EXTENSIONS[case]
            return
        text = np.atleast_1d(expected["error"])[0].removeprefix("ERROR: ")
        with pytest.raises(GlmmviError) as error:
            model_matrix(formula, data)
        assert str(error.value).startswith(text)
        return
    matrix = model_matrix(formula, data, contrasts=contrasts)
    assert list(matrix) == list(np.atleast_1d(expected["names"]))
    values = np.array(expected["X"], dtype=float).reshape(matrix.shape)
    np.testing.assert_allclose(matrix.to_numpy(), values, rtol=1e-8, atol=1e-8)
    if "assign" in expected:
        assert list(matrix.attrs["assign"]) == list(np.atleast_1d(expected["assign"]))
