/* Reading UTF-8. */
#include "base/utf8.h"

size_t utf8_next(const char *text, uint32_t *point)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *at = (const unsigned char *)text;
    const unsigned char first = *at;
    const size_t bytes = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3
                         : first < 0xf5 ? 4 : 0;
    *point = bytes > 1 ? first & (0x7fu >> bytes) : first;
    for (size_t i = 1; i < bytes; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
        *point = *point << 6 | (at[i] & 0x3fu);
    }
    const bool is_half = *point >= 0xd800 && *point <= 0xdfff;
    return bytes && *point >= least[bytes] && *point <= 0x10ffff && !is_half ? bytes : 0;
}

bool utf8_is_valid(const char *text)
{
    uint32_t point;
    while (*text) {
        const size_t bytes = utf8_next(text, &point);
        if (!bytes)
            return false;
        text += bytes;
    }
    return true;
}
