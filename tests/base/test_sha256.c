/* SHA-256 against the examples of FIPS 180-4 and NIST's test vectors, and every length
 * around the ends of blocks against itself fed in pieces. */
#include "base/sha256.h"
#include "test.h"

static void expect(const void *bytes, size_t count, const char *wanted)
{
    sha256 hash;
    uint8_t digest[SHA256_BYTES];
    char text[SHA256_TEXT_BYTES];
    sha256_begin(&hash);
    sha256_add(&hash, bytes, count);
    sha256_end(&hash, digest);
    assert_string_equal(sha256_text(digest, text), wanted);
}

static void test_known(void **state)
{
    (void)state;
    expect("", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    expect("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    expect("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56,
           "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    expect("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqr"
           "lmnopqrsmnopqrstnopqrstu", 112,
           "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
    char *million = malloc(1000000);
    assert_non_null(million);
    memset(million, 'a', 1000000);
    expect(million, 1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    free(million);
}

static void test_pieces(void **state)
{
    (void)state;
    uint8_t bytes[200], whole[SHA256_BYTES], pieces[SHA256_BYTES];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 37);
    for (size_t count = 0; count <= sizeof bytes; count++)
        for (size_t piece = 1; piece < 70; piece += 13) {
            sha256 hash;
            sha256_begin(&hash);
            sha256_add(&hash, bytes, count);
            sha256_end(&hash, whole);
            sha256_begin(&hash);
            for (size_t at = 0; at < count; at += piece)
                sha256_add(&hash, bytes + at, count - at < piece ? count - at : piece);
            sha256_end(&hash, pieces);
            assert_memory_equal(whole, pieces, SHA256_BYTES);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_known), cmocka_unit_test(test_pieces)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
