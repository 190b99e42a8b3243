/* Axes of a study's plots: never without a number, never with overlapping ones. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/study_page.h"
#include "tests/test.h"

/* Tics of a script: all labelled, on the axis, in a line of 400 pixels without overlap. */
static void expect_tics(const text *script, study_range range)
{
    const double low = range.low / 1.1, high = range.high * 1.1, across = 400 / log(high / low);
    double at[16], width[16];
    size_t count = 0;
    for (const char *tic = strstr(text_content(script), "set xtics (") + 11; *tic != ')'; count++) {
        char label[32];
        int length = 0;
        assert_true(count < 16);
        assert_int_equal(sscanf(tic, "'%31[^']' %lf%n", label, &at[count], &length), 2);
        width[count] = 8 * (double)strlen(label);
        assert_true(at[count] > low && at[count] < high);
        for (size_t i = 0; i < count; i++)
            assert_true(fabs(log(at[count] / at[i])) * across > (width[count] + width[i]) / 2);
        tic += length + (strncmp(tic + length, ", ", 2) == 0 ? 2 : 0);
    }
    if (count < 2)
        fail_msg("%g to %g: %s", range.low, range.high, text_content(script));
}

static void axes_always_have_tics(void **state)
{
    static espalier_study_group groups[30];
    espalier_study_results results = {.groups = groups};
    const study_view v = {.results = &results};
    (void)state;
    for (size_t g = 0; g < 30; g++) { /* targets: many in a crowd */
        strcpy(groups[g].setting.criterion, "magnitude");
        groups[g].setting.target = g < 10 ? 0.05 * (double)(g + 1) : 0.9 + 0.001 * (double)g;
    }
    for (double low = 0.001; low < 1e9; low *= 1.7) {
        for (double ratio = 1; ratio < 1e7; ratio *= ratio < 1.3 ? 1.01 : 1.9) {
            const study_range range = {.low = low, .high = low * ratio};
            text script = {0};
            study_log_axis(range, &script);
            expect_tics(&script, range);
            text_clear(&script);
            for (results.group_count = 0; range.high <= 1 && results.group_count <= 30;
                 results.group_count += 15) {
                study_kept_axis(&v, range, &script);
                expect_tics(&script, range);
                text_clear(&script);
            }
        }
    }
}

/* The dense band whole, the bars as far as they are no wider than the plot. */
static void accuracy_ranges(void **state)
{
    const espalier_estimate dense = {2, 0.98, 0.01, 0.09}, low = {2, 0.5, 0.1, 0.9};
    study_span span = {0};
    text script = {0};
    double least, most;
    (void)state;
    study_accuracy_range(&script, &span);
    assert_int_equal(script.length, 0);
    study_span_add(&span, &dense, true);
    study_span_add(&span, &low, false);
    study_accuracy_range(&script, &span);
    assert_int_equal(sscanf(text_content(&script), "least = %lf set yrange [least:%lf]", &least, &most), 2);
    assert_true(least < 38 && least > 30 && most >= 107 && most < 108);
    text_clear(&script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(axes_always_have_tics),
        cmocka_unit_test(accuracy_ranges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
