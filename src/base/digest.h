/* A digest of bytes: tells whether they have changed by accident. It is no protection
 * against somebody who wants other bytes to have the same digest. */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

/* Continues a digest (0 at first) by `count` bytes. Pieces are part of it: "ab" and "c"
 * is not the same as "a" and "bc". About 5 GB/s on one core at 3.6 GHz. */
uint64_t digest_bytes(uint64_t digest, const void *bytes, size_t count);

/* The same by a text and its end. */
uint64_t digest_text(uint64_t digest, const char *text);

#endif
