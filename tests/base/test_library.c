/* Libraries that are loaded when they are needed. */
#include "tests/test.h"

#include <pthread.h>
#include <string.h>

#include "base/library.h"

static void functions_are_found(void **state)
{
    (void)state;
    for (int again = 0; again < 2; again++) {
        double (*cosine)(double) = NULL, (*sine)(double) = NULL;
        const library_function functions[] = {{"cos", &cosine}, {"sin", &sine}};
        char why[200] = "";
        assert_true(library_load("libm.so.6", functions, 2, why, sizeof why));
        assert_string_equal(why, "");
        assert_float_equal(cosine(0.0), 1.0, 0.0);
        assert_float_equal(sine(0.0), 0.0, 0.0);
    }
}

static void what_is_missing_is_named(void **state)
{
    double (*cosine)(double), (*abacus)(double);
    const library_function functions[] = {{"cos", &cosine}, {"abacus_of_espalier", &abacus}};
    char why[200], little[4];
    (void)state;
    for (int again = 0; again < 2; again++) {
        assert_false(library_load("libabacus-of-espalier.so.1", functions, 1, why, sizeof why));
        assert_non_null(strstr(why, "libabacus-of-espalier.so.1"));
        assert_false(library_load("libm.so.6", functions, 2, why, sizeof why));
        assert_non_null(strstr(why, "abacus_of_espalier"));
    }
    assert_false(library_load("libabacus-of-espalier.so.1", functions, 1, little, sizeof little));
    assert_string_equal(little, "lib");
}

static void *load(void *result)
{
    double (*cosine)(double);
    const library_function function = {"cos", &cosine};
    char why[1];
    *(double *)result = library_load("libm.so.6", &function, 1, why, sizeof why) ? cosine(0.0) : 0;
    return NULL;
}

static void threads_may_load_it_at_once(void **state)
{
    pthread_t threads[4];
    double results[4];
    (void)state;
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, load, &results[i]), 0);
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_float_equal(results[i], 1.0, 0.0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_are_found),
        cmocka_unit_test(what_is_missing_is_named),
        cmocka_unit_test(threads_may_load_it_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
