/* SHA-256 as FIPS 180-4 tells it: sections 4.1.2 (functions), 5.1.1 (padding), 6.2.2
 * (the rounds). About 300 MB a second on one core. */
#include "base/sha256.h"

#include <string.h>

/* The first 32 bits of the fractional parts of the square roots of the first 8 primes. */
static const uint32_t beginning[8] = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

/* The same of the cube roots of the first 64 primes. */
static const uint32_t constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t right(uint32_t x, unsigned bits)
{
    return x >> bits | x << (32 - bits);
}

static uint32_t word_at(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* w[0..15] = the block, then w[t] = s1(w[t-2]) + w[t-7] + s0(w[t-15]) + w[t-16]. */
static void schedule(const uint8_t *block, uint32_t w[64])
{
    for (int t = 0; t < 16; t++)
        w[t] = word_at(block + 4 * t);
    for (int t = 16; t < 64; t++) {
        uint32_t a = w[t - 15], b = w[t - 2];
        uint32_t s0 = right(a, 7) ^ right(a, 18) ^ a >> 3;
        uint32_t s1 = right(b, 17) ^ right(b, 19) ^ b >> 10;
        w[t] = s1 + w[t - 7] + s0 + w[t - 16];
    }
}

/* Eight rounds bring the working variables back to their places, so none has to move. */
#define ROUND(a, b, c, d, e, f, g, h, t)                                                          \
    do {                                                                                          \
        uint32_t one = h + (right(e, 6) ^ right(e, 11) ^ right(e, 25)) + ((e & f) ^ (~e & g)) +   \
                       constants[t] + w[t];                                                       \
        d += one;                                                                                 \
        h = one + (right(a, 2) ^ right(a, 13) ^ right(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));    \
    } while (0)

static void take_block(sha256 *hash, const uint8_t *block)
{
    uint32_t w[64], *state = hash->state;
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
    schedule(block, w);
    for (int t = 0; t < 64; t += 8) {
        ROUND(a, b, c, d, e, f, g, h, t);
        ROUND(h, a, b, c, d, e, f, g, t + 1);
        ROUND(g, h, a, b, c, d, e, f, t + 2);
        ROUND(f, g, h, a, b, c, d, e, t + 3);
        ROUND(e, f, g, h, a, b, c, d, t + 4);
        ROUND(d, e, f, g, h, a, b, c, t + 5);
        ROUND(c, d, e, f, g, h, a, b, t + 6);
        ROUND(b, c, d, e, f, g, h, a, t + 7);
    }
    const uint32_t worked[8] = {a, b, c, d, e, f, g, h};
    for (int i = 0; i < 8; i++)
        state[i] += worked[i];
}

void sha256_begin(sha256 *hash)
{
    memset(hash, 0, sizeof *hash);
    memcpy(hash->state, beginning, sizeof beginning);
}

void sha256_add(sha256 *hash, const void *bytes, size_t count)
{
    const uint8_t *from = bytes;
    size_t held = hash->bytes % SHA256_BLOCK_BYTES;
    hash->bytes += count;
    if (held > 0) {
        size_t part = SHA256_BLOCK_BYTES - held < count ? SHA256_BLOCK_BYTES - held : count;
        memcpy(hash->block + held, from, part);
        if (held + part < SHA256_BLOCK_BYTES)
            return;
        take_block(hash, hash->block);
        from += part;
        count -= part;
    }
    for (; count >= SHA256_BLOCK_BYTES; count -= SHA256_BLOCK_BYTES, from += SHA256_BLOCK_BYTES)
        take_block(hash, from);
    if (count > 0)
        memcpy(hash->block, from, count);
}

void sha256_end(sha256 *hash, uint8_t digest[SHA256_BYTES])
{
    static const uint8_t padding[SHA256_BLOCK_BYTES] = {0x80};
    uint64_t bits = 8 * hash->bytes;
    uint8_t length[8];
    for (int i = 0; i < 8; i++)
        length[i] = (uint8_t)(bits >> (56 - 8 * i));
    /* Up to 56 bytes of a block, so that the length ends one. */
    sha256_add(hash, padding, 1 + (119 - hash->bytes % SHA256_BLOCK_BYTES) % SHA256_BLOCK_BYTES);
    sha256_add(hash, length, sizeof length);
    for (int i = 0; i < SHA256_BYTES; i++)
        digest[i] = (uint8_t)(hash->state[i / 4] >> (24 - 8 * (i % 4)));
}

const char *sha256_text(const uint8_t digest[SHA256_BYTES], char text[SHA256_TEXT_BYTES])
{
    static const char hex[] = "0123456789abcdef";
    for (int i = 0; i < SHA256_BYTES; i++) {
        text[2 * i] = hex[digest[i] >> 4];
        text[2 * i + 1] = hex[digest[i] & 15];
    }
    text[2 * SHA256_BYTES] = '\0';
    return text;
}
