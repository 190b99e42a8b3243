/* Student's t by the incomplete beta function, and what is made from it. Which numbers are
 * compared is summary.c's business.
 *
 * Sources: M. Abramowitz, I. A. Stegun, "Handbook of Mathematical Functions", 26.7.1 (tails
 * of t); NIST Digital Library of Mathematical Functions, https://dlmf.nist.gov, 8.17.22
 * (continued fraction), 5.11.13 (ratio of gamma functions); W. J. Lentz, Applied Optics 15
 * (1976), 668, as modified by I. J. Thompson and A. R. Barnett, J. Comput. Phys. 64 (1986),
 * 490 (evaluating the fraction). */
#include "study/statistics.h"

#include <float.h>
#include <math.h>

static const double confidence_level = 0.95;

/* ---- Student's t -------------------------------------------------------- */

/* B(a, 1/2) = Gamma(a) sqrt(pi) / Gamma(a + 1/2), by B(a, 1/2) = B(a + 1, 1/2) (a + 1/2) / a
 * from 50 on, where the next term of the series of Gamma(a + 1/2) / (Gamma(a) sqrt(a)) is
 * 2.1e-4 a^-6 = 1.3e-14. */
static double beta_half(double a)
{
    const double pi = 3.14159265358979323846;
    double shift = 1.0;
    for (; a < 50.0; a += 1.0)
        shift *= a / (a + 0.5);
    const double u = 1.0 / a;
    const double series =
        1.0 + u * (-1.0 / 8 +
                   u * (1.0 / 128 + u * (5.0 / 1024 + u * (-21.0 / 32768 - u * 399.0 / 262144))));
    return sqrt(pi) / (shift * sqrt(a) * series);
}

/* What follows x^a (1 - x)^b / (a B(a, b)) in I_x(a, b): 1 / (1 + d1 / (1 + d2 / (1 + …))).
 * About sqrt(a + b) terms where x < (a + 1) / (a + b + 2). */
static double fraction(double a, double b, double x)
{
    enum { TERMS_MOST = 1000000 };
    const double tiny = 1e-300;
    double c = 1.0, d = 0.0, value = 1.0;
    for (int n = 1; n < TERMS_MOST; n++) {
        const double m = floor(n / 2.0), at = a + 2.0 * m;
        const double term = n % 2 ? -(a + m) * (a + b + m) * x / (at * (at + 1.0))
                                  : m * (b - m) * x / ((at - 1.0) * at);
        d = 1.0 + term * d;
        c = 1.0 + term / c;
        d = 1.0 / (fabs(d) < tiny ? tiny : d);
        c = fabs(c) < tiny ? tiny : c;
        value *= c * d;
        if (fabs(c * d - 1.0) < DBL_EPSILON)
            break;
    }
    return 1.0 / value;
}

/* P(|T| >= |t|) = I_x(df / 2, 1 / 2), x = df / (df + t^2); 1 - I_(1-x)(1 / 2, df / 2) where
 * the fraction of the first converges slowly. */
double statistics_t_tails(double t, double df)
{
    if (isnan(t) || !(df > 0.0) || isinf(df))
        return NAN;
    if (isinf(t) || t == 0.0)
        return t == 0.0;
    const double a = df / 2.0, ratio = t / df * t; /* x = 1 / (1 + ratio) */
    const double x = 1.0 / (1.0 + ratio), rest = isinf(ratio) ? 1.0 : ratio / (1.0 + ratio);
    /* x^a through log1p: for a large df x is 1 but for its last digits. */
    const double front = exp(-a * (isinf(ratio) ? 2.0 * log(fabs(t)) - log(df) : log1p(ratio))) *
                         sqrt(rest) / beta_half(a);
    if (x < (a + 1.0) / (a + 2.5))
        return fmin(front / a * fraction(a, 0.5, x), 1.0);
    return fmax(1.0 - front / 0.5 * fraction(0.5, a, rest), 0.0);
}

double statistics_t_quantile(double confidence, double df)
{
    if (!(confidence > 0.0 && confidence < 1.0 && df > 0.0) || isinf(df))
        return NAN;
    double low = 0.0, high = 1.0;
    while (statistics_t_tails(high, df) > 1.0 - confidence && high < DBL_MAX / 4)
        high *= 2.0;
    for (;;) {
        const double middle = low + (high - low) / 2.0;
        if (middle <= low || middle >= high)
            return middle;
        if (statistics_t_tails(middle, df) > 1.0 - confidence)
            low = middle;
        else
            high = middle;
    }
}

/* ---- means and pairs ---------------------------------------------------- */

espalier_estimate statistics_estimate(const double *values, size_t count)
{
    espalier_estimate e = {0, NAN, NAN, NAN};
    double sum = 0.0, squares = 0.0;
    for (size_t i = 0; i < count; i++) {
        e.count += !isnan(values[i]);
        sum += isnan(values[i]) ? 0.0 : values[i];
    }
    if (e.count == 0)
        return e;
    e.mean = sum / (double)e.count;
    if (isinf(e.mean)) /* of ratios to nothing */
        return e;
    for (size_t i = 0; i < count; i++) {
        const double away = isnan(values[i]) ? 0.0 : values[i] - e.mean;
        squares += away * away;
    }
    if (e.count == 1)
        return e;
    const double df = (double)(e.count - 1);
    e.sd = sqrt(squares / df);
    e.ci95 = statistics_t_quantile(confidence_level, df) * e.sd / sqrt((double)e.count);
    return e;
}

espalier_paired statistics_paired(const double *a, const double *b, size_t count,
                                  double *differences)
{
    double largest = 0.0;
    for (size_t i = 0; i < count; i++) {
        differences[i] = a[i] - b[i]; /* NaN where one of them is */
        if (!isnan(differences[i]))
            largest = fmax(largest, fmax(fabs(a[i]), fabs(b[i])));
    }
    espalier_paired pair = {statistics_estimate(differences, count), NAN, NAN};
    const double n = (double)pair.difference.count, rounding = 1e-12 * largest;
    if (pair.difference.count < 2)
        return pair;
    if (pair.difference.sd <= rounding) { /* t is not defined: it would be x / 0 */
        pair.difference.sd = pair.difference.ci95 = 0.0;
        if (fabs(pair.difference.mean) <= rounding)
            pair.difference.mean = 0.0;
    } else {
        pair.p = statistics_t_tails(pair.difference.mean * sqrt(n) / pair.difference.sd, n - 1.0);
    }
    return pair;
}

/* The k-th smallest of m values of p is multiplied by m - k (k from 0); what came out for a
 * smaller one is the least. Equal ones: in the order of their indices. As both may be one
 * array the copy alone is looked at, and a minus tells what of it is done. */
size_t statistics_holm(const double *p, size_t count, double *corrected)
{
    size_t tests = 0;
    for (size_t i = 0; i < count; i++) {
        corrected[i] = fabs(p[i]); /* of 0 without a sign */
        tests += !isnan(corrected[i]);
    }
    double least = 0.0;
    for (size_t k = 0; k < tests; k++) {
        size_t next = count;
        for (size_t i = 0; i < count; i++) {
            if (!isnan(corrected[i]) && !signbit(corrected[i]) &&
                (next == count || corrected[i] < corrected[next]))
                next = i;
        }
        least = fmax(least, fmin(1.0, (double)(tests - k) * corrected[next]));
        corrected[next] = -least;
    }
    for (size_t i = 0; i < count; i++)
        corrected[i] = fabs(corrected[i]);
    return tests;
}
