/* Shares, the cubic curve, and the accuracy trigger on synthetic epochs. */
#include "tests/test.h"

#include <math.h>

#include "prune/schedule.h"

static void close_to(double found, double expected)
{
    assert_true(fabs(found - expected) <= 1e-13);
}

static void shares_fall_by_their_ratio(void **state)
{
    (void)state;
    static const double ratios[] = {0.8, 1.0, 0.5, 1.25, 40.0, 1e-3};
    static const size_t counts[] = {1, 2, 5, 10, 700};
    for (size_t r = 0; r < 6; r++) {
        for (size_t n = 0; n < 5; n++) {
            size_t steps = counts[n];
            double before = schedule_shares(0.9, ratios[r], steps, 0), share = 0.0;
            assert_true(before == 0.0);
            for (size_t k = 1; k <= steps; k++) {
                double after = schedule_shares(0.9, ratios[r], steps, k);
                assert_true(isfinite(after) && after >= before);
                if (k > 1 && k < steps)
                    close_to(after - before, share * ratios[r]);
                share = after - before;
                before = after;
            }
            assert_true(before == 0.9);
        }
    }
    /* 1 / (1 + 0.8 + 0.64 + 0.512 + 0.4096) of the target goes first */
    close_to(schedule_shares(0.9, 0.8, 5, 1), 0.9 / 3.3616);
    close_to(schedule_shares(0.9, 0.8, 5, 3), 0.9 * 2.44 / 3.3616);
}

static void cubic_curve(void **state)
{
    (void)state;
    assert_true(schedule_cubic(0.8, 34, 34) == 0.8);
    assert_true(schedule_cubic(0.8, 34, 99) == 0.8);
    close_to(schedule_cubic(0.8, 4, 1), 0.8 * (1 - 0.421875));
    close_to(schedule_cubic(0.8, 4, 2), 0.8 * 0.875);
    assert_int_equal(schedule_cubic_cuts(2, 1688, 100), 34);
    assert_int_equal(schedule_cubic_cuts(2, 50, 100), 1);
    assert_int_equal(schedule_cubic_cuts(2, 50, 99), 2);
    assert_int_equal(schedule_cubic_cuts(1, 1, 1000), 1);
    assert_int_equal(schedule_cubic_cuts(SIZE_MAX, 2, SIZE_MAX), 1);
}

static void cubic_cuts_are_due_on_time(void **state)
{
    (void)state;
    size_t done = 0, at[8] = {0};
    for (size_t batch = 1; batch <= 40; batch++)
        if (schedule_cubic_due(2, 10, 6, done, batch))
            at[done++] = batch;
    assert_int_equal(done, 4);
    const size_t expected[] = {6, 12, 18, 20};
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(at[i], expected[i]);
}

/* Runs epochs through the trigger; writes the verdicts as letters. */
static void run(const double *accuracies, size_t count, size_t steps, size_t patience,
                char *verdicts)
{
    schedule_watch watch;
    size_t step = 0;
    schedule_watch_start(&watch);
    for (size_t e = 0; e < count; e++) {
        schedule_verdict verdict =
            step == steps
                ? SCHEDULE_WAIT
                : schedule_watch_epoch(&watch, accuracies[e], 0.8, 0.98, step, steps, patience);
        verdicts[e] = ".DF"[verdict];
        if (verdict != SCHEDULE_WAIT) {
            schedule_watch_start(&watch);
            step++;
        }
    }
    verdicts[count] = '\0';
}

static void accuracy_trigger(void **state)
{
    (void)state;
    char verdicts[32];
    /* thresholds 0.80 0.836 0.872 0.908 0.944; one step an epoch, however good it is */
    const double rising[] = {0.7, 0.8, 0.83, 0.836, 0.95, 0.95, 0.9, 0.944, 0.99};
    run(rising, 9, 5, 0, verdicts);
    assert_string_equal(verdicts, ".D.DDD.D.");
    /* exactly the threshold of step 1 as a quotient of rows */
    const double exact[] = {0.9, 45144.0 / 54000.0};
    run(exact, 2, 5, 0, verdicts);
    assert_string_equal(verdicts, "DD");
    const double nan_first[] = {NAN, NAN, 0.9};
    run(nan_first, 3, 5, 0, verdicts);
    assert_string_equal(verdicts, "..D");
}

static void patience_counts_afresh(void **state)
{
    (void)state;
    char verdicts[32];
    /* the best of 0.6 is not beaten three times; afterwards 0.5 is a new best */
    const double stuck[] = {0.5, 0.6, 0.6, 0.55, 0.6, 0.5, 0.4, 0.4, 0.4, 0.6, 0.61, 0.3, 0.3, 0.3};
    run(stuck, 14, 5, 3, verdicts);
    assert_string_equal(verdicts, "....F...F....F");
    const double rising[] = {0.5, 0.5, 0.6, 0.6, 0.6, 0.6}; /* 0.6 is a new best: three more */
    run(rising, 6, 5, 3, verdicts);
    assert_string_equal(verdicts, ".....F");
    run(stuck, 14, 5, 0, verdicts);
    assert_string_equal(verdicts, "..............");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_fall_by_their_ratio), cmocka_unit_test(cubic_curve),
        cmocka_unit_test(cubic_cuts_are_due_on_time), cmocka_unit_test(accuracy_trigger),
        cmocka_unit_test(patience_counts_afresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
