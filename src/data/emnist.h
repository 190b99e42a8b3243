/* EMNIST's archive as a folder of IDX files. */
#ifndef DATA_EMNIST_H
#define DATA_EMNIST_H

#include "data/download.h"

/* Whether a folder holds all four files that emnist_unpack() writes. */
bool emnist_is_there(const char *folder);

/* Takes the letters out of EMNIST's archive gzip.zip: images upright, labels from 0.
 * archive  its path; file tells progress
 * Errors: FORMAT (an archive without the four members, or not of this form), IO,
 * UNSUPPORTED (no libzip, or no zlib), MEMORY, CANCELLED. What is done already stays. */
espalier_status emnist_unpack(download *file, const char *archive, const char *folder,
                              const espalier_allocator *allocator, espalier_error *error);

#endif
