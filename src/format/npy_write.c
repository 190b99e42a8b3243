/* Headers of .npy files to write. What reads them is npy_read.c. */
#include "espalier/npy.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

void espalier_npy_header(size_t rows, size_t columns, char header[ESPALIER_NPY_HEADER_BYTES])
{
    enum { BEGIN = 10, LENGTH = ESPALIER_NPY_HEADER_BYTES - BEGIN };
    const uint16_t one = 1;
    uint8_t first;
    memcpy(&first, &one, 1);
    memcpy(header, "\x93NUMPY\x01\x00", 8);
    header[8] = LENGTH; /* little-endian */
    header[9] = 0;
    memset(header + BEGIN, ' ', LENGTH);
    /* Two numbers of 20 digits make 102 characters: it always fits. */
    int used = snprintf(header + BEGIN, LENGTH,
                        "{'descr': '%cf4', 'fortran_order': False, 'shape': (%zu, %zu), }",
                        first ? '<' : '>', rows, columns);
    header[BEGIN + used] = ' '; /* snprintf's end */
    header[ESPALIER_NPY_HEADER_BYTES - 1] = '\n';
}
