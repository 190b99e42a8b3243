/* The digest notices what it is there for. */
#include "tests/test.h"

#include "base/digest.h"

static void depends_on_every_bit(void **state)
{
    (void)state;
    for (size_t count = 0; count <= 40; count++) {
        uint8_t bytes[40] = {0};
        const uint64_t digest = digest_bytes(0, bytes, count);
        for (size_t bit = 0; bit < 8 * count; bit++) {
            bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_true(digest_bytes(0, bytes, count) != digest);
            bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        assert_true(digest_bytes(0, bytes, count) == digest);
    }
}

static void depends_on_length_and_pieces(void **state)
{
    static const uint8_t zeros[32];
    (void)state;
    for (size_t count = 0; count < 32; count++)
        assert_true(digest_bytes(0, zeros, count) != digest_bytes(0, zeros, count + 1));
    assert_true(digest_text(digest_text(0, "ab"), "c") != digest_text(digest_text(0, "a"), "bc"));
    assert_true(digest_text(1, "a") != digest_text(0, "a"));
}

/* Two words that change places. */
static void depends_on_order(void **state)
{
    const uint64_t one[] = {1, 2, 3}, other[] = {2, 1, 3};
    (void)state;
    assert_true(digest_bytes(0, one, sizeof one) != digest_bytes(0, other, sizeof other));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(depends_on_every_bit),
        cmocka_unit_test(depends_on_length_and_pieces),
        cmocka_unit_test(depends_on_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
