/* The readers of foreign networks: open.c has the table. */
#ifndef IMPORT_READER_H
#define IMPORT_READER_H

#include "base/error.h"
#include "espalier/network.h"

/* Reads a network out of a file of one kind. Errors: as espalier_network_open. */
typedef espalier_status import_function(const char *path, const espalier_allocator *allocator,
                                        espalier_network **network, espalier_error *error);

import_function import_onnx;        /* onnx.c */
import_function import_safetensors; /* safetensors.c: model files too */
import_function import_npz;         /* npz.c */

#endif
