"""Prints the reference values in test_statistics.c, computed by scipy.

usage: statistics.py"""
import textwrap

import numpy as np
from scipy import special, stats

DFS = [0.5, 1, 2, 3, 4, 9, 19, 99, 100, 1e4, 1e6]
TS = [0.001, 0.3, 1, 2.5, 7, 50, 1e4]
LEVELS = [0.05, 0.5, 0.95, 0.999]


def listed(numbers, form="{:.15g}"):
    text = ", ".join(form.format(float(number)) for number in numbers)
    return textwrap.fill("{" + text + "}", 94, subsequent_indent=" " * 6)


def quantile(level, df):
    """stats.t.ppf has nine right digits where df is small; 1 - x below has few where it is large."""
    if df > 100:
        return stats.t.ppf(0.5 + level / 2, df)
    x = special.betaincinv(df / 2, 0.5, 1 - level)
    return np.sqrt(df * (1 - x) / x)


def distribution():
    for df in DFS:
        print(f"    {{{df:g},\n     {listed(2 * stats.t.sf(t, df) for t in TS)},")
        print(f"     {listed((quantile(level, df) for level in LEVELS), '{:.11g}')}}},")


def pairs():
    for seed, count in ((1, 2), (2, 3), (3, 5), (4, 20)):
        random = np.random.default_rng(seed)
        a = np.round(0.88 + 0.01 * random.standard_normal(count), 4)
        b = np.round(a - 0.003 + 0.006 * random.standard_normal(count), 4)
        d = a - b
        half = quantile(0.95, count - 1) * d.std(ddof=1) / np.sqrt(count)
        p = stats.ttest_rel(a, b).pvalue
        print(f"    {{{count},\n     {listed(a)},\n     {listed(b)},")
        print(f"     {d.mean():.12g}, {d.std(ddof=1):.12g}, {half:.12g}, {p:.12g}}},")


print("tails and quantiles:")
distribution()
print("pairs:")
pairs()
