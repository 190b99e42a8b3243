/* Chooses the exporter by the path's ending. */
#define _POSIX_C_SOURCE 200809L
#include "espalier/export.h"

#include <string.h>
#include <strings.h>

#include "base/numerals.h"
#include "export/exporter.h"

static const exporter exporters[] = {
    {".safetensors", "a state dict for PyTorch's torch.nn.Sequential", export_safetensors},
    {".onnx", "raw rows in, probabilities out: ONNX Runtime, OpenCV and many others", export_onnx},
    {".c", "a program in C99 for anything, microcontrollers included, and its header", export_c},
};
enum { EXPORTERS = sizeof exporters / sizeof *exporters };

const char *espalier_exporter_ending(size_t index)
{
    return index < EXPORTERS ? exporters[index].ending : NULL;
}

const char *espalier_exporter_summary(size_t index)
{
    return index < EXPORTERS ? exporters[index].summary : NULL;
}

/* A file's name must have something before its ending. */
static bool ends_in(const char *path, const char *ending)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    size_t length = strlen(name), tail = strlen(ending);
    return length > tail && strcasecmp(name + length - tail, ending) == 0;
}

/* Adds what fits and always ends the text. */
static void append(char *text, size_t size, const char *more)
{
    strncat(text, more, size - strlen(text) - 1);
}

const char *espalier_export_type_name(espalier_export_type type)
{
    static const char *const names[] = {"float", "int8", "int16"};
    return (size_t)type < sizeof names / sizeof *names ? names[type] : NULL;
}

espalier_export_options espalier_export_options_defaults(void)
{
    return (espalier_export_options){.opset = 17};
}

static espalier_status write_with(const exporter *one, const espalier_network *network,
                                  const char *path, const espalier_export_options *options,
                                  espalier_error *error)
{
    numerals point;
    if (!numerals_begin(&point))
        return error_memory(error);
    const espalier_status status = one->write(network, path, options, error);
    numerals_end(&point);
    return status;
}

espalier_status espalier_network_export(const espalier_network *network, const char *path,
                                        const espalier_export_options *options,
                                        espalier_error *error)
{
    const espalier_export_options defaults = espalier_export_options_defaults();
    char known[256] = "";
    for (size_t i = 0; i < EXPORTERS; i++) {
        if (ends_in(path, exporters[i].ending))
            return write_with(&exporters[i], network, path, options ? options : &defaults, error);
        append(known, sizeof known, i ? ", " : "");
        append(known, sizeof known, exporters[i].ending);
    }
    return error_set(error, ESPALIER_ERROR_ARGUMENT,
                     "%s: the ending names no known format; expected one of %s", path, known);
}
