"""Rules of src/infer/, src/study/, src/export/, src/report/ and cli/: what comes out, and what a user types."""
from mutation import of

ROWS = [
    # ---- prediction ----
    # ---- study ----
    *of("src/study/statistics.c", "study/test_statistics",
        ("t-tails", "Student's t: both tails", "const double a = df / 2.0, ratio", "const double a = df, ratio"),
        ("sd", "the standard deviation has n - 1 in it", "e.sd = sqrt(squares / df);", "e.sd = sqrt(squares / (double)e.count);"),
        ("ci", "the interval is that of the mean", "* e.sd / sqrt((double)e.count)", "* e.sd"),
        ("paired-df", "a pair has n - 1 degrees of freedom", "/ pair.difference.sd, n - 1.0)", "/ pair.difference.sd, n)"),
        ("paired-nan", "equal differences give no p-value from nothing", "pair.difference.sd <= rounding", "0"),
        ("holm-steps", "Holm multiplies by the tests that are left", "(double)(tests - k) * p[next]", "(double)tests * p[next]"),
        ("holm-monotone", "a corrected value is not below that of a smaller one", "least = fmax(least, fmin(1.0,", "least = fmax(0.0, fmin(1.0,")),
    # ---- export ----
    # ---- commands ----
]
