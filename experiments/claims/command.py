"""`python -m experiments.claims PAPER [options] [dotted settings]`: do the paper's qualitative claims hold?"""

import sys
from collections.abc import Sequence

from experiments import names
from experiments.arguments import Arguments, choose, plain_errors
from experiments.claims.reading import claims_names, load_claims
from experiments.documents import deliver
from experiments.runs import RunRows, run_rows
from experiments.tables import load_table


def main(argv: Sequence[str] | None = None, run: RunRows = run_rows) -> int:
    """Run what is missing, print each claim with its verdict; `list` names the papers.

    Args:
        argv: the command line's words.
        run: runs rows; tests give a stand-in.

    Returns:
        1 when a claim fails that is not listed as known to fail, else 0.

    Raises:
        SystemExit: 2; a name is unknown or a stage failed; says which, and what a typo may have meant.
    """
    parser = Arguments("claims", "Test a paper's qualitative claims, on the simulated network by default.")
    parser.add_argument("paper", help="name of the paper, or list")
    parser.add_argument("--experiment", nargs="+", help="experiments to judge (those that the claims file names)")
    parser.add_run_options(seeds=8, profile="demo")
    options, settings = parser.parse(argv)
    if options.paper == "list":
        print("\n".join(f"{name:10} {text}" for name, text in claims_names().items()))
        return 0
    choose("paper with claims", [options.paper], [*claims_names(), "list"])
    choose("profile", [options.profile], names.profiles())
    claims = load_claims(options.paper)
    table = load_table(claims.table)
    experiments = choose("experiment", options.experiment or claims.experiments, claims.known(table))
    how = {"profile": options.profile, "store": options.store, "jobs": options.jobs, "dry_run": options.dry_run}
    with plain_errors():
        seeds = range(options.seeds)
        results = {
            name: run(
                table.runs(claims.base(name)),
                claims.rows(table, name),
                seeds,
                overrides=[*claims.settings(name), *settings],
                **how,
            )
            for name in experiments
        }
        if options.dry_run:
            return 0
        from experiments.claims.judging import describe, judge

        judged = judge(claims, table, results)
    deliver(describe(claims, table, results, judged, options.seeds), options.format, options.out)
    bad = [f"{found.name} on {found.experiment}" for found in judged if found.is_bad]
    if bad:
        print(f"fails without being listed as known to fail: {', '.join(bad)}", file=sys.stderr)
    return 1 if bad else 0
