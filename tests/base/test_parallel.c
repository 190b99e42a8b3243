/* Numbers of threads, and a clock that never goes back. */
#include "base/parallel.h"
#include "test.h"

static void test_threads(void **state)
{
    (void)state;
    assert_in_range(parallel_threads(0), 1, PARALLEL_MOST);
    assert_int_equal(parallel_threads(1), 1);
    assert_in_range(parallel_threads(SIZE_MAX), 1, PARALLEL_MOST);
#ifdef _OPENMP
    assert_int_equal(parallel_threads(3), 3);
    assert_int_equal(parallel_threads(SIZE_MAX), PARALLEL_MOST);
#endif
}

static void test_clock(void **state)
{
    (void)state;
    double last = clock_seconds();
    for (int i = 0; i < 1000; i++) {
        double now = clock_seconds();
        assert_true(now >= last);
        last = now;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_threads), cmocka_unit_test(test_clock)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
