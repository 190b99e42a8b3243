/* Sizes that overflow, blocks that are aligned and zero, allocators that refuse. */
#include "base/memory.h"
#include "base/test_allocator.h"
#include "test.h"

static void test_sizes(void **state)
{
    (void)state;
    size_t out = 99;
    assert_true(size_multiply(0, SIZE_MAX, &out) && out == 0);
    assert_true(size_multiply(SIZE_MAX, 1, &out) && out == SIZE_MAX);
    assert_true(size_multiply(SIZE_MAX / 3, 3, &out) && out == SIZE_MAX / 3 * 3);
    out = 99;
    assert_false(size_multiply(SIZE_MAX / 3 + 1, 3, &out));
    assert_false(size_multiply(SIZE_MAX, SIZE_MAX, &out));
    assert_int_equal(out, 99);
    assert_true(size_add(SIZE_MAX - 1, 1, &out) && out == SIZE_MAX);
    out = 99;
    assert_false(size_add(SIZE_MAX, 1, &out));
    assert_int_equal(out, 99);
}

static void test_blocks_are_aligned_and_zero(void **state)
{
    (void)state;
    meter m = {0};
    espalier_allocator metered = meter_allocator(&m);
    const espalier_allocator *allocators[] = {NULL, &metered};
    for (int a = 0; a < 2; a++)
        for (size_t count = 0; count < 300; count += 7) {
            uint8_t *block = memory_array(allocators[a], count, 3);
            assert_non_null(block);
            assert_int_equal((uintptr_t)block % MEMORY_ALIGNMENT, 0);
            for (size_t i = 0; i < 3 * count; i++)
                assert_int_equal(block[i], 0);
            memset(block, 0xff, 3 * count);
            memory_release(allocators[a], block);
        }
    assert_int_equal(m.live, 0);
    assert_true(m.requests > 0);
    memory_release(&metered, NULL);
    assert_int_equal(m.live, 0);
}

static void test_too_much(void **state)
{
    (void)state;
    meter m = {0};
    espalier_allocator metered = meter_allocator(&m);
    assert_null(memory_array(&metered, SIZE_MAX, 2));
    assert_null(memory_array(&metered, SIZE_MAX, 1));
    assert_null(memory_array(&metered, SIZE_MAX / 2 + 1, 1));
    assert_int_equal(m.requests, 0);
}

static void test_refusal_and_text(void **state)
{
    (void)state;
    meter m = {.refuse_from = 2};
    espalier_allocator metered = meter_allocator(&m);
    char *text = memory_text(&metered, "espalier");
    assert_string_equal(text, "espalier");
    assert_null(memory_text(&metered, "more"));
    assert_null(memory_array(&metered, 1, 1));
    memory_release(&metered, text);
    assert_int_equal(m.live, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_blocks_are_aligned_and_zero),
        cmocka_unit_test(test_too_much),
        cmocka_unit_test(test_refusal_and_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
