"""The ``glmmvi`` command: fit a formula to a file, from a shell."""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import pandas as pd

from glmmvi.api import glmer, lmer
from glmmvi.data import load_dataset
from glmmvi.data.load import DESCRIPTIONS
from glmmvi.errors import ArgumentError, DataError, GlmmviError, nearest_hint
from glmmvi.model.families.resolve import FAMILIES, resolve_family
from glmmvi.results.export import fit_as_dict
from glmmvi.results.fit import LinearMixedFit
from glmmvi.results.generalized_fit import GeneralizedMixedFit
from glmmvi.results.rendering import render_ranef


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    arguments : sequence of str, optional
        Instead of those of the process.

    Returns
    -------
    int
        Exit status: 0, or 2 for an error of the user's, explained on standard error.
    """
    options = _parser().parse_args(arguments)
    warnings.showwarning = _print_warning
    try:
        return int(options.run(options))
    except (GlmmviError, OSError) as error:
        print(f"glmmvi: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="glmmvi",
        description="Mixed models by variational inference, with lme4's formulas and printouts.",
    )
    parser.add_argument("--version", action="version", version=metadata.version("glmmvi"))
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    fit = commands.add_parser("fit", help="fit a model and print it as lme4 does")
    fit.set_defaults(run=_fit)
    fit.add_argument("formula", help='for example "log_radon ~ 1 + floor + (1 | county)"')
    fit.add_argument(
        "--data", required=True, help="a CSV or Parquet file, or the name of a bundled data set"
    )
    fit.add_argument(
        "--family", metavar="NAME", help=f"gaussian (lmer; default), or {', '.join(FAMILIES)}"
    )
    fit.add_argument("--link", metavar="NAME", help="of the family, as probit")
    fit.add_argument(
        "--nagq", type=int, metavar="K", help="nodes of adaptive quadrature (needs --family)"
    )
    fit.add_argument(
        "--ml", action="store_true", help="maximum likelihood instead of REML (gaussian)"
    )
    fit.add_argument(
        "--weights",
        metavar="COLUMN",
        help="precision weights, or trials of a proportion: a column or expression",
    )
    fit.add_argument("--offset", metavar="COLUMN", help="offset: a column or an expression")
    fit.add_argument("--subset", metavar="CONDITION", help='rows to use, as "floor == 0"')
    fit.add_argument(
        "--na-action",
        default="na.omit",
        choices=["na.omit", "na.exclude", "na.fail", "na.pass"],
        help="what to do with missing values (default: na.omit)",
    )
    fit.add_argument(
        "--method",
        default="structured",
        choices=["structured", "advi"],
        help="structured (default) is exact; advi is stochastic",
    )
    fit.add_argument("--seed", type=int, default=0, help="of a stochastic method")
    fit.add_argument("--print", action="store_true", help="print(fit) instead of its summary")
    fit.add_argument("--ranef", action="store_true", help="print the random effects too")
    fit.add_argument("--optimization", action="store_true", help="print the optimiser's record too")
    fit.add_argument("--json", action="store_true", help="everything as JSON on standard output")

    datasets = commands.add_parser("datasets", help="list the bundled data sets")
    datasets.set_defaults(run=_datasets)
    return parser


def _fit(options: argparse.Namespace) -> int:
    fit = _fitted(options)
    if options.json:
        print(json.dumps(fit_as_dict(fit), indent=2))
        return 0
    print(fit if options.print else fit.summary())
    if options.ranef:
        print()
        print(render_ranef(fit.ranef()), end="")
    if options.optimization:
        print()
        print(fit.optimization)
    return 0


def _fitted(options: argparse.Namespace) -> LinearMixedFit | GeneralizedMixedFit:
    arguments: dict[str, Any] = {
        "weights": options.weights,
        "offset": options.offset,
        "subset": options.subset,
        "na_action": options.na_action,
        "data_name": Path(options.data).name.partition(".")[0],
    }
    if options.method != "structured":
        arguments.update(method=options.method, seed=options.seed)
    if options.family in (None, "gaussian") and options.link in (None, "identity"):
        if options.nagq is not None:
            raise ArgumentError("--nagq is for --family binomial and the like: lmer is exact")
        data = read_data(options.data)
        return lmer(options.formula, data, REML=not options.ml, **arguments)
    if options.ml:
        raise ArgumentError("--ml is for gaussian models: others are fitted by maximum likelihood")
    family = resolve_family(options.family or "gaussian", options.link)
    if options.nagq is not None:
        arguments["nAGQ"] = options.nagq
    return glmer(options.formula, read_data(options.data), family, **arguments)


def _datasets(options: argparse.Namespace) -> int:
    width = max(map(len, DESCRIPTIONS))
    for name, description in DESCRIPTIONS.items():
        print(f"{name:<{width}}  {description}")
    return 0


def read_data(source: str) -> pd.DataFrame:
    """Read a CSV or Parquet file, or a bundled data set by its name.

    Raises
    ------
    DataError
        If it is neither, with what would work.
    """
    from pyarrow import ArrowException

    path = Path(source)
    if source in DESCRIPTIONS and not path.exists():
        return load_dataset(source)
    if not path.is_file():
        raise DataError(
            f"--data {source}: no such file, and no bundled data set of that name"
            f"{nearest_hint(source, DESCRIPTIONS)}; `glmmvi datasets` lists them"
        )
    suffixes = "".join(path.suffixes).lower()
    try:
        if suffixes.endswith((".parquet", ".pq")):
            return pd.read_parquet(path)
        if suffixes.endswith((".csv", ".csv.gz")):
            return pd.read_csv(path)
        if suffixes.endswith((".tsv", ".tsv.gz")):
            return pd.read_csv(path, sep="\t")
    except UnicodeDecodeError as error:
        raise DataError(f"--data {source}: the file is not in UTF-8 ({error.reason})") from error
    except (ValueError, ArrowException) as error:
        raise DataError(f"--data {source}: the file cannot be read: {error}") from error
    raise DataError(f"--data {source}: the file name has to end in .csv, .tsv or .parquet")


def _print_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    print(message, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
