/* NumPy's .npz: a zip archive whose members NAME.npy are arrays; stored (numpy.savez)
 * or deflated (numpy.savez_compressed). Members of other names are left alone. Nothing
 * is ever unpacked to disk, so a member's name can lead nowhere.
 *
 * Source: the documentation of numpy.savez; PKWARE, APPNOTE.TXT. */
#ifndef FORMAT_NPZ_H
#define FORMAT_NPZ_H

#include "format/npy.h"

/* An archive opened for reading. */
typedef struct npz_file npz_file;

/* Errors: NOT_FOUND, IO, FORMAT (no zip archive, truncated, damaged, two arrays of one
 * name, an array's name with control characters), UNSUPPORTED (this build has no
 * libzip), MEMORY. */
espalier_status npz_open(const char *path, const espalier_allocator *allocator, npz_file **out,
                         espalier_error *error);
const char *npz_path(const npz_file *file);

/* The arrays in the order of the archive: their names without ".npy" (borrowed). */
size_t npz_count(const npz_file *file);
const char *npz_name(const npz_file *file, size_t index);
/* The index of a name, or SIZE_MAX. */
size_t npz_find(const npz_file *file, const char *name);

/* Opens one array: its header is read, its values come by npy_read_…. Several may be
 * open at once, each of them more than once; close them by npy_close before the archive.
 * A member's size is believed only as far as its compressed size can reach.
 * array is written on success only.
 * Errors: those of npy_open; UNSUPPORTED (encrypted, or another compression). */
espalier_status npz_array(npz_file *file, size_t index, npy_file *array, espalier_error *error);

/* NULL does nothing. */
void npz_close(npz_file *file);

#endif
