/* Files: checked reading, writing aside with an atomic rename, and messages
 * that name the file. Knows no formats.
 *
 * stream.c holds paths and messages, stream_read.c the reader, stream_write.c
 * the writer. */
#ifndef BASE_STREAM_H
#define BASE_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "espalier/memory.h"

/* Sets "PATH: cannot WHAT: the system's text for `code` (an errno)"; an empty path is ''. */
espalier_status stream_error(espalier_error *error, espalier_status status, const char *path,
                             const char *what, int code);

/* "FOLDER/NAME" with one slash between (owned; memory_release); NULL without memory. */
char *stream_join(const espalier_allocator *allocator, const char *folder, const char *name);

/* ---- reading -------------------------------------------------------- */

/* A regular file opened for reading, plain or gzipped. A gzipped file is told by
 * its first two bytes, not by its name; several gzip members in a row read as one. */
typedef struct reader reader;

/* No deflate stream grows by more than this factor (258 bytes from 2 bits), so a
 * gzipped file of n bytes holds at most this times n. */
enum { READER_GZIP_MOST = 1032 };

/* Errors: NOT_FOUND, IO, FORMAT (a directory, a device), UNSUPPORTED (gzipped,
 * and this build has no zlib), MEMORY. */
espalier_status reader_open(const char *path, const espalier_allocator *allocator, reader **out,
                            espalier_error *error);
/* Standard input, plain or gzipped, be it a file, a pipe or a terminal; messages call it
 * "standard input". What has come is handed on without waiting for more. */
espalier_status reader_open_input(const espalier_allocator *allocator, reader **out,
                                  espalier_error *error);
/* Exactly `bytes` bytes, or FORMAT "PATH: truncated: expected … found …". */
espalier_status reader_read(reader *in, void *buffer, size_t bytes, espalier_error *error);
/* Reads at most `bytes`; *got says how many (0 = the end). Errors: IO, FORMAT
 * (damaged or truncated gzip data, or something else behind it), MEMORY. */
espalier_status reader_some(reader *in, void *buffer, size_t bytes, size_t *got,
                            espalier_error *error);
/* Size of the file on disk (compressed size for gzip): a bound for allocations.
 * UINT64_MAX for standard input: not known. */
uint64_t reader_file_bytes(const reader *in);
bool reader_is_gzip(const reader *in);
const char *reader_path(const reader *in);
uint64_t reader_offset(const reader *in); /* of the plain bytes read so far */
void reader_close(reader *in);            /* NULL does nothing */

/* ---- writing -------------------------------------------------------- */

/* A file that is written beside its target (same folder, a name of its own) and
 * takes the target's place at commit. A target that exists and is no regular file
 * (/dev/stdout, a FIFO) is written straight. */
typedef struct writer writer;

/* Errors: IO (names the folder that cannot be written; a directory), MEMORY. */
espalier_status writer_open(const char *path, const espalier_allocator *allocator, writer **out,
                            espalier_error *error);
/* Takes away what stands at a path and is no regular file and no folder: a link, a FIFO.
 * For files of our own in a folder that came from elsewhere, whose links must not choose
 * what is written. */
void writer_clear_way(const char *path);
/* Errors are kept: the next write and the commit return them too. */
espalier_status writer_write(writer *out, const void *bytes, size_t count, espalier_error *error);
__attribute__((format(printf, 3, 4)))
espalier_status writer_print(writer *out, espalier_error *error, const char *format, ...);
/* Flushes (fsync), renames over the target, closes; on an error the target is
 * untouched and nothing is left behind. out is gone either way. */
espalier_status writer_commit(writer *out, espalier_error *error);
/* Removes what was written. NULL does nothing. */
void writer_abandon(writer *out);

#endif
