/* SHA-256 (FIPS 180-4), for files that come over a network. */
#ifndef BASE_SHA256_H
#define BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

enum { SHA256_BYTES = 32, SHA256_BLOCK_BYTES = 64, SHA256_TEXT_BYTES = 65 };

typedef struct sha256 {
    uint32_t state[8];
    uint64_t bytes;                        /* taken so far */
    uint8_t block[SHA256_BLOCK_BYTES];     /* the last bytes % 64 of them wait here */
} sha256;

void sha256_begin(sha256 *hash);
void sha256_add(sha256 *hash, const void *bytes, size_t count);
/* The digest; hash is used up. */
void sha256_end(sha256 *hash, uint8_t digest[SHA256_BYTES]);
/* 64 hexadecimal digits in lower case. Returns text. */
const char *sha256_text(const uint8_t digest[SHA256_BYTES], char text[SHA256_TEXT_BYTES]);

#endif
