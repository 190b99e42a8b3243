/* FNV-1a's multiplication, taken over words of eight bytes instead of bytes. A product
 * carries upwards only, so after each the upper half is folded into the lower. */
#include "base/digest.h"

#include <string.h>

static const uint64_t PRIME = 0x100000001b3;          /* FNV's, of 64 bits */
static const uint64_t BASIS = 0xcbf29ce484222325;

static uint64_t mix(uint64_t digest, uint64_t word)
{
    digest = (digest ^ word) * PRIME;
    return digest ^ digest >> 32;
}

uint64_t digest_bytes(uint64_t digest, const void *bytes, size_t count)
{
    const unsigned char *at = bytes;
    digest = mix(digest ^ BASIS, count);
    for (; count >= sizeof digest; count -= sizeof digest, at += sizeof digest) {
        uint64_t word;
        memcpy(&word, at, sizeof word);
        digest = mix(digest, word);
    }
    uint64_t rest = 0;
    if (count > 0)
        memcpy(&rest, at, count);
    return mix(digest, rest);
}

uint64_t digest_text(uint64_t digest, const char *text)
{
    return digest_bytes(digest, text, strlen(text) + 1);
}
