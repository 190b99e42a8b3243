/* The generator against its published vectors, and what is drawn from it. */
#include <math.h>

#include "base/philox.h"
#include "base/random.h"
#include "test.h"

/* Known answers for Philox4x32-10 from the Random123 distribution (kat_vectors);
 * 64 bits are the first two of the four words. */
static void test_published_vectors(void **state)
{
    (void)state;
    assert_true(random_bits(0, 0, 0) == 0xe169c58d6627e8d5u);
    assert_true(random_bits(UINT64_MAX, UINT64_MAX, UINT64_MAX) == 0x41c83b0e408f276du);
    assert_true(random_bits(0x299f31d0a4093822u, 0x0370734413198a2eu, 0x85a308d3243f6a88u) ==
                0x94fdccebd16cfe09u);
    const uint32_t expected[] = {0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u};
    uint32_t words[4];
    philox(0x299f31d0a4093822u, 0x0370734413198a2eu, 0x85a308d3243f6a88u, words);
    assert_memory_equal(words, expected, sizeof words);
}

static void test_streams_differ(void **state)
{
    (void)state;
    assert_true(random_stream(RANDOM_SHUFFLE, 1) != random_stream(RANDOM_SHUFFLE, 2));
    assert_true(random_stream(RANDOM_SHUFFLE, 1) != random_stream(RANDOM_SAMPLE, 1));
    assert_true(random_stream(RANDOM_SHUFFLE, UINT32_MAX) !=
                random_stream(RANDOM_SAMPLE, UINT32_MAX));
}

static void test_uniform(void **state)
{
    (void)state;
    enum { COUNT = 200000, BINS = 16 };
    uint64_t stream = random_stream(RANDOM_TEST, 1);
    size_t bins[BINS] = {0};
    for (size_t i = 0; i < COUNT; i++) {
        double u = random_uniform(7, stream, i);
        assert_true(u >= 0 && u < 1);
        assert_true(u == (double)(random_bits(7, stream, i) >> 11) / 9007199254740992.0);
        bins[(size_t)(u * BINS)]++;
    }
    /* Chi-squared with 15 degrees of freedom: above 50 once in 100,000 seeds. */
    double chi = 0, expected = (double)COUNT / BINS;
    for (int b = 0; b < BINS; b++)
        chi += ((double)bins[b] - expected) * ((double)bins[b] - expected) / expected;
    assert_true(chi < 50);
}

static void test_normal(void **state)
{
    (void)state;
    enum { COUNT = 200000 };
    double sum = 0, squares = 0, fourth = 0;
    size_t inside = 0;
    for (size_t i = 0; i < COUNT; i++) {
        double x = random_normal(3, random_stream(RANDOM_TEST, 2), i);
        assert_true(isfinite(x));
        sum += x, squares += x * x, fourth += x * x * x * x;
        inside += fabs(x) < 1;
    }
    /* Five standard errors each. */
    assert_true(fabs(sum / COUNT) < 5 * sqrt(1.0 / COUNT));
    assert_true(fabs(squares / COUNT - 1) < 5 * sqrt(2.0 / COUNT));
    assert_true(fabs(fourth / COUNT - 3) < 5 * sqrt(96.0 / COUNT));
    assert_true(fabs((double)inside / COUNT - 0.682689) < 5 * sqrt(0.2166 / COUNT));
}

static void test_below(void **state)
{
    (void)state;
    uint64_t stream = random_stream(RANDOM_TEST, 3);
    size_t seen[7] = {0};
    for (size_t i = 0; i < 70000; i++) {
        uint64_t value = random_below(5, stream, i, 7);
        assert_true(value < 7);
        seen[value]++;
        assert_true(random_below(5, stream, i, 1) == 0);
        assert_true(random_below(5, stream, i, UINT64_MAX) < UINT64_MAX);
    }
    for (int v = 0; v < 7; v++)
        assert_in_range(seen[v], 9500, 10500);
}

static void test_shuffle(void **state)
{
    (void)state;
    enum { COUNT = 6, ROUNDS = 60000 };
    size_t at[COUNT][COUNT] = {{0}}; /* how often an item came to a place */
    for (uint32_t round = 0; round < ROUNDS; round++) {
        uint32_t items[COUNT];
        unsigned found = 0;
        for (uint32_t i = 0; i < COUNT; i++)
            items[i] = i;
        random_shuffle(11, random_stream(RANDOM_SHUFFLE, round), items, COUNT);
        for (size_t i = 0; i < COUNT; i++) {
            found |= 1u << items[i];
            at[items[i]][i]++;
        }
        assert_int_equal(found, (1u << COUNT) - 1);
    }
    for (size_t i = 0; i < COUNT; i++)
        for (size_t j = 0; j < COUNT; j++)
            assert_in_range(at[i][j], ROUNDS / COUNT - 500, ROUNDS / COUNT + 500);
    random_shuffle(11, 0, NULL, 0);
    uint32_t one = 9;
    random_shuffle(11, 0, &one, 1);
    assert_int_equal(one, 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published_vectors),
        cmocka_unit_test(test_streams_differ),
        cmocka_unit_test(test_uniform),
        cmocka_unit_test(test_normal),
        cmocka_unit_test(test_below),
        cmocka_unit_test(test_shuffle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
