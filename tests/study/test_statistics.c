/* Student's t against scipy, means, pairs and Holm's correction against hand-made cases. */
#include "tests/test.h"

#include <math.h>

#include "study/statistics.h"

/* Printed by statistics.py. */
enum { TAILS = 7, QUANTILES = 4 };
static const double ts[TAILS] = {0.001, 0.3, 1, 2.5, 7, 50, 1e4};
static const double levels[QUANTILES] = {0.05, 0.5, 0.95, 0.999};
static const struct distribution {
    double df, tails[TAILS], quantiles[QUANTILES];
} distributions[] = {
    {0.5,
     {0.999460647668488, 0.844859152130491, 0.602243221682644, 0.400970529053293, 0.24205791711981,
      0.0907052128059328, 0.00641401950347395},
     {0.093103626677, 1.553773974, 164.55767348, 411396.46253}},
    {1,
     {0.999363380439839, 0.814452841844515, 0.5, 0.242237883181687, 0.0903344706017331,
      0.0127306982019456, 6.36619770245515e-05},
     {0.078701706825, 1, 12.706204736, 636.61924877}},
    {2,
     {0.99929289339559, 0.792485660840178, 0.422649730810374, 0.129611720221511,
      0.0198039411803931, 0.000399760159888081, 9.99999985e-09},
     {0.07079923254, 0.81649658093, 4.3026527297, 31.599054576}},
    {3,
     {0.999264894969461, 0.783763292039919, 0.391002218955771, 0.0877066470080655,
      0.0059862556977071, 1.7617152041272e-05, 2.20531550229581e-12},
     {0.068087522676, 0.7648923284, 3.1824463053, 12.923978637}},
    {4,
     {0.99925000015625, 0.77912142827746, 0.373900966300059, 0.0667665448119881,
      0.00219212980669294, 9.57445365696969e-07, 5.99999960000002e-16},
     {0.066728494701, 0.74069708411, 2.7764451052, 8.6103015814}},
    {9,
     {0.999223930325973, 0.770990703741525, 0.343436396137914, 0.0338618276829857,
      6.32473896373669e-05, 2.5689529108748e-12, 5.09179219950842e-33},
     {0.064476790102, 0.70272214675, 2.2621571628, 4.7809125859}},
    {19,
     {0.999212540523566, 0.767434660339263, 0.329876800921125, 0.0217404111683974,
      1.1471555636456e-06, 1.2440279578065e-21, 2.54103093308787e-65},
     {0.063540294435, 0.6876214602, 2.0930240544, 3.8834058526}},
    {99,
     {0.999204127857137, 0.764806161740257, 0.319748474139302, 0.0140625969211491,
      3.09561565429992e-10, 4.59536589935939e-72, 4.86347670794756e-299},
     {0.062865952665, 0.67697598555, 1.9842169516, 3.3915288334}},
    {100,
     {0.999204107760103, 0.764799880300304, 0.319724155784124, 0.0140457891240772,
      2.98356660360921e-10, 1.44721636797613e-72, 7.95852970391562e-302},
     {0.062864358946, 0.67695104301, 1.9839715185, 3.3904913112}},
    {10000,
     {0.999202135519053, 0.764183391229332, 0.317334704330429, 0.0124352195505837,
      2.72403156067981e-12, 0, 0},
     {0.062708351797, 0.67451428448, 1.9602012399, 3.2914999659}},
    {1e+06,
     {0.999202115771649, 0.764177217978994, 0.317310749833578, 0.0124194895021632,
      2.56122411137408e-12, 0, 0},
     {0.062706793682, 0.67448999553, 1.9599663568, 3.2905364612}},
};
static const struct pairs {
    size_t count;
    double a[20], b[20], mean, sd, half, p;
} pairs[] = {
    {2,
     {0.8835, 0.8882},
     {0.8825, 0.8774},
     0.0059, 0.00692964645563, 0.0622604032073, 0.44122131994},
    {3,
     {0.8819, 0.8748, 0.8759},
     {0.8643, 0.8826, 0.8798},
     0.00196666666667, 0.0136785720502, 0.0339794566729, 0.826577818803},
    {5,
     {0.9004, 0.8544, 0.8842, 0.8743, 0.8755},
     {0.8961, 0.8393, 0.8798, 0.8661, 0.8924},
     0.00302, 0.0119698370916, 0.014862515781, 0.602775074803},
    {20,
     {0.8735, 0.8783, 0.8966, 0.8866, 0.8636, 0.8799, 0.8738, 0.8815, 0.8639, 0.8824, 0.8824,
      0.8958, 0.8832, 0.8851, 0.8651, 0.9025, 0.8608, 0.891, 0.8767, 0.8712},
     {0.8666, 0.8713, 0.8959, 0.8829, 0.8695, 0.8659, 0.8708, 0.8731, 0.8656, 0.8667, 0.8773,
      0.8941, 0.8713, 0.888, 0.8632, 0.9055, 0.8636, 0.8821, 0.8689, 0.867},
     0.00423, 0.00593713558438, 0.00277866498636, 0.00486182189912},
};

static void assert_close(double found, double expected, double relative)
{
    if (!(fabs(found - expected) <= relative * fabs(expected)))
        fail_msg("expected %.15g, found %.15g", expected, found);
}

static void equals_scipy(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof distributions / sizeof *distributions; i++) {
        const struct distribution *d = &distributions[i];
        for (size_t t = 0; t < TAILS; t++) {
            if (d->tails[t] >= 1e-290) /* below, scipy's own digits are few */
                assert_close(statistics_t_tails(ts[t], d->df), d->tails[t], 1e-9);
            assert_true(statistics_t_tails(-ts[t], d->df) == statistics_t_tails(ts[t], d->df));
        }
        for (size_t l = 0; l < QUANTILES; l++)
            assert_close(statistics_t_quantile(levels[l], d->df), d->quantiles[l], 1e-9);
    }
}

/* With one degree of freedom t is Cauchy's, with two it has a closed form. */
static void closed_forms(void **state)
{
    (void)state;
    const double pi = acos(-1.0);
    for (double t = 1e-6; t < 1e9; t *= 3.7) {
        assert_close(statistics_t_tails(t, 1.0), 2.0 * atan2(1.0, t) / pi, 1e-13);
        assert_close(statistics_t_tails(t, 2.0),
                     2.0 / (sqrt(2.0 + t * t) * (sqrt(2.0 + t * t) + t)), 1e-13);
    }
}

static void there_and_back(void **state)
{
    (void)state;
    for (double df = 0.7; df < 1e5; df *= 2.3) {
        for (double level = 0.01; level < 1.0; level += 0.07)
            assert_close(statistics_t_tails(statistics_t_quantile(level, df), df), 1.0 - level,
                         1e-12);
    }
}

static void edges(void **state)
{
    (void)state;
    assert_true(statistics_t_tails(0.0, 3.0) == 1.0);
    assert_true(statistics_t_tails(INFINITY, 3.0) == 0.0);
    assert_true(statistics_t_tails(-INFINITY, 3.0) == 0.0);
    assert_true(statistics_t_tails(1e300, 3.0) == 0.0);
    assert_true(isnan(statistics_t_tails(NAN, 3.0)));
    assert_true(isnan(statistics_t_tails(1.0, 0.0)));
    assert_true(isnan(statistics_t_tails(1.0, -1.0)));
    assert_true(isnan(statistics_t_quantile(0.0, 3.0)));
    assert_true(isnan(statistics_t_quantile(1.0, 3.0)));
    assert_true(isnan(statistics_t_quantile(0.95, 0.0)));
}

static void estimates(void **state)
{
    const double values[] = {2, NAN, 4, 4, 4, 5, NAN, 5, 7, 9};
    (void)state;
    espalier_estimate e = statistics_estimate(values, 10);
    assert_int_equal(e.count, 8);
    assert_close(e.mean, 5.0, 1e-15);
    assert_close(e.sd, sqrt(32.0 / 7.0), 1e-15);
    assert_close(e.ci95, 2.364624251592785 * e.sd / sqrt(8.0), 1e-10); /* table: 2.365, 7 */
    e = statistics_estimate(values, 2);
    assert_int_equal(e.count, 1);
    assert_true(e.mean == 2.0 && isnan(e.sd) && isnan(e.ci95));
    e = statistics_estimate(values + 1, 1);
    assert_true(e.count == 0 && isnan(e.mean) && isnan(e.sd) && isnan(e.ci95));
    e = statistics_estimate(NULL, 0);
    assert_true(e.count == 0 && isnan(e.mean));
    e = statistics_estimate(values + 2, 3);
    assert_true(e.count == 3 && e.mean == 4.0 && e.sd == 0.0 && e.ci95 == 0.0);
}

static void paired_equals_scipy(void **state)
{
    double differences[20];
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        const espalier_paired pair =
            statistics_paired(pairs[i].a, pairs[i].b, pairs[i].count, differences);
        assert_int_equal(pair.difference.count, pairs[i].count);
        assert_close(pair.difference.mean, pairs[i].mean, 1e-10);
        assert_close(pair.difference.sd, pairs[i].sd, 1e-10);
        assert_close(pair.difference.ci95, pairs[i].half, 1e-9);
        assert_close(pair.p, pairs[i].p, 1e-9);
        assert_true(isnan(pair.p_holm));
    }
}

static void pairs_without_spread(void **state)
{
    const double a[] = {0.9, 0.8, 0.7}, same[] = {0.9, 0.8, 0.7}, less[] = {0.8, 0.7, 0.6};
    const double holes[] = {NAN, 0.8, NAN};
    double differences[3];
    (void)state;
    espalier_paired pair = statistics_paired(a, same, 3, differences);
    assert_true(pair.difference.mean == 0.0 && pair.difference.ci95 == 0.0 && isnan(pair.p));
    pair = statistics_paired(a, less, 3, differences); /* 0.1 up to rounding */
    assert_close(pair.difference.mean, 0.1, 1e-14);
    assert_true(pair.difference.sd == 0.0 && pair.difference.ci95 == 0.0 && isnan(pair.p));
    pair = statistics_paired(a, holes, 3, differences);
    assert_true(pair.difference.count == 1 && isnan(pair.p) && isnan(pair.difference.ci95));
    pair = statistics_paired(a, holes, 1, differences);
    assert_true(pair.difference.count == 0 && isnan(pair.difference.mean) && isnan(pair.p));
}

static void holm(void **state)
{
    const double p[] = {0.01, 0.04, NAN, 0.03, 0.005};
    const double expected[] = {0.03, 0.06, NAN, 0.06, 0.02};
    const double large[] = {0.5, 0.9, 0.5};
    double corrected[5];
    (void)state;
    assert_int_equal(statistics_holm(p, 5, corrected), 4);
    for (size_t i = 0; i < 5; i++) {
        if (isnan(expected[i]))
            assert_true(isnan(corrected[i]));
        else
            assert_close(corrected[i], expected[i], 1e-14);
    }
    assert_int_equal(statistics_holm(large, 3, corrected), 3);
    for (size_t i = 0; i < 3; i++)
        assert_true(corrected[i] == 1.0);
    assert_int_equal(statistics_holm(p + 2, 1, corrected), 0);
    assert_true(isnan(corrected[0]));
    assert_int_equal(statistics_holm(p, 1, corrected), 1);
    assert_true(corrected[0] == 0.01);
}

/* 0 is done once, too, though it stays what it was. */
static void holm_in_place(void **state)
{
    const double p[] = {0.01, 0.0, NAN, 0.03, 0.0, 0.5};
    double apart[6], both[6];
    (void)state;
    memcpy(both, p, sizeof p);
    assert_int_equal(statistics_holm(p, 6, apart), 5);
    assert_int_equal(statistics_holm(both, 6, both), 5);
    assert_memory_equal(apart, both, sizeof both);
    assert_close(both[0], 0.03, 1e-14);
    assert_true(both[1] == 0.0 && !signbit(both[1]) && both[4] == 0.0 && isnan(both[2]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_scipy),         cmocka_unit_test(closed_forms),
        cmocka_unit_test(there_and_back),       cmocka_unit_test(edges),
        cmocka_unit_test(estimates),            cmocka_unit_test(paired_equals_scipy),
        cmocka_unit_test(pairs_without_spread), cmocka_unit_test(holm),
        cmocka_unit_test(holm_in_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
