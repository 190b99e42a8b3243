/* Which way a network comes in: by what the file begins with. */
#include "espalier/import.h"

#include <string.h>

#include "base/stream.h"
#include "import/reader.h"

enum { HEAD_BYTES = 512 };

typedef struct head {
    unsigned char bytes[HEAD_BYTES];
    size_t count;
    bool gzip; /* then there are no bytes here */
    const char *path;
} head;

static bool starts(const head *h, size_t at, const char *text, size_t length)
{
    return h->count >= at + length && memcmp(h->bytes + at, text, length) == 0;
}

static bool ends_in(const head *h, const char *end)
{
    size_t length = strlen(h->path), tail = strlen(end);
    return length >= tail && strcmp(h->path + length - tail, end) == 0;
}

/* ---- what there is -------------------------------------------------------------------- */

/* A header of less than 16 MB, whose length ends in zeros, and JSON behind it. */
static bool is_safetensors(const head *h)
{
    return starts(h, 3, "\0\0\0\0\0{", 6);
}

static bool is_zip(const head *h)
{
    return starts(h, 0, "PK\3\4", 4);
}

/* The first member's name in a zip archive. */
static bool first_member_ends_in(const head *h, const char *end)
{
    size_t tail = strlen(end), length;
    if (!is_zip(h) || h->count < 30)
        return false;
    length = h->bytes[26] + 256u * h->bytes[27];
    return length >= tail && starts(h, 30 + length - tail, end, tail);
}

static bool is_npz(const head *h)
{
    return first_member_ends_in(h, ".npy") || (is_zip(h) && ends_in(h, ".npz"));
}

/* A protobuf message whose first field is ir_version, as all programs write it. */
static bool is_onnx(const head *h)
{
    return ends_in(h, ".onnx") ||
           (h->count > 2 && h->bytes[0] == 0x08 && h->bytes[1] >= 1 && h->bytes[1] < 0x80 &&
            !is_safetensors(h) && (h->bytes[2] & 7) == 2);
}

static bool is_torch(const head *h)
{
    return first_member_ends_in(h, "/data.pkl") || first_member_ends_in(h, "/.format_version") ||
           (is_zip(h) && (ends_in(h, ".pt") || ends_in(h, ".pth"))) ||
           (h->count > 2 && h->bytes[0] == 0x80 && h->bytes[1] >= 2 && h->bytes[1] <= 5);
}

static bool is_keras(const head *h)
{
    return starts(h, 0, "\x89HDF\r\n\x1a\n", 8) || (is_zip(h) && ends_in(h, ".keras"));
}

static bool is_tflite(const head *h)
{
    return starts(h, 4, "TFL3", 4);
}

static bool is_npy(const head *h)
{
    return starts(h, 0, "\x93NUMPY", 6);
}

/* A header behind a length that makes no sense: damaged, as its reader will say. */
static bool is_like_safetensors(const head *h)
{
    return h->gzip || starts(h, 8, "{", 1);
}

/* The first row that says yes; a hint instead of a function for what is not taken. */
static const struct {
    bool (*is)(const head *h);
    import_function *take;
    const char *hint;
} kinds[] = {
    {is_safetensors, import_safetensors, NULL},
    {is_npz, import_npz, NULL},
    {is_torch, NULL,
     "is a Python pickle, as torch.save writes, and those are programs that are never run here; save "
     "it in PyTorch with torch.onnx.export(model, torch.zeros(1, INPUTS), \"model.onnx\"), or "
     "safetensors.torch.save_file(model.state_dict(), \"model.safetensors\"), or numpy.savez("
     "\"model.npz\", **{k: v.numpy() for k, v in model.state_dict().items()})"},
    {is_keras, NULL,
     "is a Keras model; save it as ONNX with tf2onnx: python -m tf2onnx.convert --saved-model DIR "
     "--output model.onnx, or its weights with numpy.savez(\"model.npz\", *model.get_weights())"},
    {is_tflite, NULL, "is a TensorFlow Lite model; convert it to ONNX with python -m tf2onnx.convert "
                      "--tflite FILE --output model.onnx"},
    {is_npy, NULL, "is a single NumPy array; expected an archive of weights and biases, as "
                   "numpy.savez writes it (.npz)"},
    {is_onnx, import_onnx, NULL},
    {is_like_safetensors, import_safetensors, NULL},
};
enum { KIND_COUNT = sizeof kinds / sizeof *kinds };

/* ---- what there is instead ------------------------------------------------------------ */

static bool is_text(const head *h)
{
    for (size_t i = 0; i < h->count; i++)
        if (h->bytes[i] == 0x7F || (h->bytes[i] < 0x20 && (h->bytes[i] < '\t' || h->bytes[i] > '\r')))
            return false;
    return true;
}

/* Files that are taken for a model by mistake, by how they begin. */
static const char *what_is(const head *h)
{
    static const struct {
        const char *start, *what;
        size_t length;
    } known[] = {
        {"\x89PNG", "a picture (PNG)", 4}, {"\xFF\xD8\xFF", "a picture (JPEG)", 3},
        {"GIF8", "a picture (GIF)", 4},    {"%PDF", "a PDF document", 4},
        {"\x7F" "ELF", "a program", 4},    {"\0\0\x08", "an IDX file, which holds data", 3},
        {"PK\3\4", "a zip archive", 4},
    };
    if (h->count == 0)
        return "an empty file";
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (starts(h, 0, known[i].start, known[i].length))
            return known[i].what;
    return is_text(h) ? "text" : "other bytes";
}

static espalier_status look(const char *path, const espalier_allocator *allocator, head *h,
                            espalier_error *error)
{
    reader *in = NULL;
    espalier_status status = reader_open(path, allocator, &in, error);
    size_t got = 1;
    while (status == ESPALIER_OK && got > 0 && h->count < HEAD_BYTES && !reader_is_gzip(in)) {
        status = reader_some(in, h->bytes + h->count, HEAD_BYTES - h->count, &got, error);
        h->count += got;
    }
    h->gzip = status == ESPALIER_OK && reader_is_gzip(in);
    reader_close(in);
    return status;
}

espalier_status espalier_network_open(const char *path, const espalier_allocator *allocator,
                                      espalier_network **network, espalier_error *error)
{
    head h = {.path = path};
    size_t kind = 0;
    espalier_status status = look(path, allocator, &h, error);
    if (status != ESPALIER_OK)
        return status;
    while (kind < KIND_COUNT && !kinds[kind].is(&h))
        kind++;
    if (kind == KIND_COUNT)
        return error_set(error, ESPALIER_ERROR_FORMAT,
                         "%s: expected a model file (safetensors, ONNX or .npz), found %s", path,
                         what_is(&h));
    return kinds[kind].take ? kinds[kind].take(path, allocator, network, error)
                            : error_set(error, ESPALIER_ERROR_UNSUPPORTED, "%s: %s", path,
                                        kinds[kind].hint);
}
