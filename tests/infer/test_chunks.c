/* Every row once, in chunks of a fixed size, whatever the threads. */
#include "tests/test.h"

#include "infer/chunks.h"
#include "tests/base/test_allocator.h"

enum { MOST_ROWS = 5 * CHUNK_ROWS, SCRATCH = 1000 };

typedef struct visits {
    unsigned char row[MOST_ROWS]; /* how often; rows of different chunks never share one */
    size_t first[MOST_ROWS];      /* of each chunk */
    size_t rows;
    _Atomic bool wrong;
} visits;

static void visit(void *context, size_t chunk, size_t first, size_t count, float *scratch)
{
    visits *v = context;
    v->first[chunk] = first;
    if (count == 0 || count > CHUNK_ROWS || first + count > v->rows)
        v->wrong = true;
    for (size_t r = first; r < first + count; r++)
        v->row[r]++;
    /* Long enough for another thread's hand in it to be seen. */
    for (size_t round = 0; round < 300; round++) {
        for (size_t i = 0; i < SCRATCH; i++)
            scratch[i] = (float)(chunk + i);
        for (size_t i = 0; i < SCRATCH; i++)
            if (scratch[i] != (float)(chunk + i))
                v->wrong = true;
    }
}

static void every_row_once(void **state)
{
    static const size_t rows[] = {0, 1, CHUNK_ROWS - 1, CHUNK_ROWS, CHUNK_ROWS + 1, MOST_ROWS};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t threads = 0; threads <= 3; threads++) {
            visits v = {.rows = rows[i]};
            assert_int_equal(chunks_run(rows[i], threads, SCRATCH, NULL, visit, &v, NULL),
                             ESPALIER_OK);
            assert_false(v.wrong);
            for (size_t r = 0; r < MOST_ROWS; r++)
                assert_int_equal(v.row[r], r < rows[i]);
            for (size_t c = 0; c < chunks_count(rows[i]); c++)
                assert_int_equal(v.first[c], c * CHUNK_ROWS);
        }
}

static void counts(void **state)
{
    (void)state;
    assert_int_equal(chunks_count(0), 0);
    assert_int_equal(chunks_count(1), 1);
    assert_int_equal(chunks_count(CHUNK_ROWS), 1);
    assert_int_equal(chunks_count(CHUNK_ROWS + 1), 2);
}

static void without_memory(void **state)
{
    (void)state;
    meter m = {.refuse_from = 1};
    espalier_allocator allocator = meter_allocator(&m);
    visits v = {.rows = 10};
    espalier_error error = {0};
    assert_int_equal(chunks_run(10, 1, SCRATCH, &allocator, visit, &v, &error),
                     ESPALIER_ERROR_MEMORY);
    assert_int_equal(error.status, ESPALIER_ERROR_MEMORY);
    assert_int_equal(chunks_run(MOST_ROWS, 2, SIZE_MAX / 2, NULL, visit, &v, NULL),
                     ESPALIER_ERROR_MEMORY);
    assert_int_equal(v.row[0], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_once),
        cmocka_unit_test(counts),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
