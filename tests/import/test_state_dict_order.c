/* The order of layers by their shapes. */
#include "import/state_dict_order.h"

#include "base/random.h"
#include "base/test_allocator.h"
#include "test.h"

static void expect_order(const link *links, size_t count, const size_t *expected)
{
    size_t order[16];
    assert_int_equal(chain_links(links, count, NULL, order), CHAINED);
    assert_memory_equal(order, expected, count * sizeof *order);
}

static void expect_none(const link *links, size_t count)
{
    size_t order[16];
    assert_int_equal(chain_links(links, count, NULL, order), CHAINED_NOT);
}

static void test_orders(void **state)
{
    (void)state;
    expect_order((link[]){{6, 3}}, 1, (size_t[]){0});
    expect_order((link[]){{6, 8}, {8, 7}, {7, 3}}, 3, (size_t[]){0, 1, 2});
    expect_order((link[]){{7, 3}, {8, 7}, {6, 8}}, 3, (size_t[]){2, 1, 0});
    expect_order((link[]){{8, 8}, {6, 8}, {8, 3}, {8, 8}}, 4, (size_t[]){1, 0, 3, 2});
    expect_order((link[]){{4, 4}, {4, 4}, {4, 4}}, 3, (size_t[]){0, 1, 2}); /* the names decide */
    expect_order((link[]){{2, 9}, {9, 2}, {5, 9}, {9, 3}}, 4, (size_t[]){2, 1, 0, 3}); /* there and back */
    expect_none((link[]){{6, 8}, {7, 3}}, 2);
    expect_none((link[]){{6, 8}, {8, 3}, {8, 3}}, 3);
    expect_none((link[]){{6, 6}, {5, 5}}, 2);
    expect_none((link[]){{1, 2}, {2, 1}, {3, 4}, {4, 3}}, 4);
}

static bool never(const void *context, size_t taken, size_t other)
{
    (void)context, (void)taken, (void)other;
    return false;
}

static bool ascending(const void *context, size_t taken, size_t other)
{
    (void)context;
    return taken < other;
}

/* Orders that chain, of all there are of few links. */
static size_t count_orders(const link *links, size_t count, size_t used, uint64_t place)
{
    size_t orders = 0;
    for (size_t i = 0; i < count; i++)
        if (!(used >> i & 1) && (!used || links[i].inputs == place))
            orders += count_orders(links, count, used | (size_t)1 << i, links[i].outputs);
    return orders + (used == ((size_t)1 << count) - 1);
}

/* As counting them all says, of links among few widths. */
static void test_ambiguous(void **state)
{
    (void)state;
    enum { LINKS = 5 };
    const uint64_t stream = random_stream(RANDOM_TEST, 2);
    size_t order[LINKS], last[LINKS], seen[2] = {0};
    uint64_t next = 0;
    for (int round = 0; round < 3000; round++) {
        const size_t count = 1 + (size_t)random_below(5, stream, next++, LINKS);
        link links[LINKS];
        for (size_t i = 0; i < count; i++) {
            links[i].inputs = 1 + random_below(5, stream, next++, 4);
            links[i].outputs = 1 + random_below(5, stream, next++, 4);
        }
        if (chain_links(links, count, NULL, order) != CHAINED)
            continue;
        const bool several = count_orders(links, count, 0, 0) > 1;
        assert_int_equal(chain_is_ambiguous(links, order, count, never, NULL, last), several);
        seen[several]++;
    }
    assert_true(seen[0] > 50 && seen[1] > 50);
}

static void test_decided(void **state)
{
    (void)state;
    const link links[] = {{8, 8}, {8, 8}, {8, 3}, {6, 8}};
    size_t last[4];
    const size_t forwards[] = {3, 0, 1, 2}, backwards[] = {3, 1, 0, 2};
    assert_true(chain_is_ambiguous(links, forwards, 4, never, NULL, last));
    assert_false(chain_is_ambiguous(links, forwards, 4, ascending, NULL, last));
    assert_true(chain_is_ambiguous(links, backwards, 4, ascending, NULL, last));
}

/* A walk over few widths, shuffled: some order is found, and it chains. */
static void test_shuffled(void **state)
{
    (void)state;
    enum { LINKS = 12 };
    const uint64_t stream = random_stream(RANDOM_TEST, 1);
    uint64_t next = 0;
    for (int round = 0; round < 300; round++) {
        link links[LINKS];
        size_t order[LINKS], seen = 0;
        uint64_t at = 1 + random_below(5, stream, next++, 4);
        for (size_t i = 0; i < LINKS; i++) {
            links[i].inputs = at;
            links[i].outputs = at = 1 + random_below(5, stream, next++, 4);
        }
        for (size_t i = LINKS - 1; i > 0; i--) {
            size_t j = (size_t)random_below(5, stream, next++, i + 1);
            link swapped = links[i];
            links[i] = links[j];
            links[j] = swapped;
        }
        assert_int_equal(chain_links(links, LINKS, NULL, order), CHAINED);
        for (size_t i = 0; i < LINKS; i++) {
            seen |= (size_t)1 << order[i];
            if (i > 0)
                assert_int_equal(links[order[i]].inputs, links[order[i - 1]].outputs);
        }
        assert_int_equal(seen, (1 << LINKS) - 1);
    }
}

static void test_no_memory(void **state)
{
    (void)state;
    const link links[] = {{7, 3}, {6, 7}};
    size_t order[2];
    for (size_t refused = 1; refused <= 2; refused++) {
        meter m = {.refuse_from = refused};
        const espalier_allocator allocator = meter_allocator(&m);
        assert_int_equal(chain_links(links, 2, &allocator, order), CHAINED_NO_MEMORY);
        assert_int_equal(m.live, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_orders),
        cmocka_unit_test(test_ambiguous), cmocka_unit_test(test_decided),
        cmocka_unit_test(test_shuffled),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
