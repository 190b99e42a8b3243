/* Statistics of few numbers: means, Student's t, pairs, several tests at once. */
#ifndef STUDY_STATISTICS_H
#define STUDY_STATISTICS_H

#include "espalier/study_summary.h"

/* P(|T| >= |t|) of Student's t with df > 0 degrees of freedom (any real number); 0 for
 * an infinite t, NaN for a NaN or another df. Relative error below 1e-9 up to df = 1e6. */
double statistics_t_tails(double t, double df);

/* The t > 0 with P(|T| <= t) = confidence, 0 < confidence < 1; else NaN. */
double statistics_t_quantile(double confidence, double df);

/* Of values[count], NaNs left out. */
espalier_estimate statistics_estimate(const double *values, size_t count);

/* Of a[i] - b[i], i < count; pairs with a NaN are left out. Differences that agree to
 * twelve digits of the largest value count as equal: without spread there is no t, and p
 * is NaN. p_holm is NaN.
 * differences: [count], written; NaN for a pair that was left out. */
espalier_paired statistics_paired(const double *a, const double *b, size_t count,
                                  double *differences);

/* Holm's correction: corrected[i] is the least level at which test i is rejected when the
 * chance of any false rejection among all tests is to stay below it. NaNs in p are no tests;
 * theirs stay NaN. corrected may be p. Returns the number of tests. Cost: count^2.
 * S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal
 * of Statistics 6 (1979), 65-70. */
size_t statistics_holm(const double *p, size_t count, double *corrected);

#endif
