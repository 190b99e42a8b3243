/* Plain and gzipped files: read in pieces of two sizes they give the same bytes or fail at
 * the same byte, and never more than deflate can hold. */
#define _GNU_SOURCE
#include <string.h>

#include "base/stream.h"
#include "fuzz_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PIECE_MOST = 4096, PLAIN_MOST = 1 << 17 };

typedef struct outcome {
    espalier_status status;
    uint64_t bytes, digest;
} outcome;

static void take(outcome *so_far, const uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        so_far->digest = (so_far->digest ^ bytes[i]) * 0x100000001b3u; /* FNV-1a */
    so_far->bytes += count;
}

static outcome read_pieces(const char *path, size_t size, size_t piece)
{
    uint8_t bytes[PIECE_MOST];
    outcome so_far = {0};
    espalier_error error = {0};
    reader *in = NULL;
    size_t got = 1;
    so_far.status = reader_open(path, NULL, &in, &error);
    if (!so_far.status && reader_file_bytes(in) != size)
        abort();
    while (!so_far.status && got > 0 && so_far.bytes < PLAIN_MOST) {
        got = 0;
        so_far.status = reader_some(in, bytes, piece, &got, &error);
        if (got > piece)
            abort();
        if (!so_far.status)
            take(&so_far, bytes, got);
    }
    if (so_far.status != error.status || (so_far.status && error.message[0] == '\0'))
        abort();
    reader_close(in);
    return so_far;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[FUZZ_PATH_BYTES];
    const int file = fuzz_file(data, size, path);
    const outcome large = read_pieces(path, size, PIECE_MOST);
    const outcome small = read_pieces(path, size, 1 + size % 16);
    if (large.bytes > (uint64_t)size * READER_GZIP_MOST)
        abort();
    if (large.bytes < PLAIN_MOST && small.bytes < PLAIN_MOST && large.status != small.status)
        abort();
    if (!large.status && !small.status && large.bytes < PLAIN_MOST &&
        (large.bytes != small.bytes || large.digest != small.digest))
        abort();
    close(file);
    return 0;
}
