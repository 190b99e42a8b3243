/* A folder of IDX files as a data set: which file is which, and do they fit. The
 * container itself is format/idx.c. */
#define _POSIX_C_SOURCE 200809L
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "base/stream.h"
#include "data/readers.h"
#include "format/idx.h"

/* The four files; 2 * part + kind. */
typedef enum slot { TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS, SLOT_COUNT } slot;

static const char *const slot_names[SLOT_COUNT] = {"training images", "training labels",
                                                   "test images", "test labels"};
static const char *const usual_names[SLOT_COUNT] = {
    "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte"};

typedef struct idx_folder {
    const char *path;
    const espalier_allocator *allocator;
    char *names[SLOT_COUNT];   /* file names in the folder; NULL = none */
    idx_file files[SLOT_COUNT];
} idx_folder;

bool idx_folder_recognises(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 && S_ISDIR(facts.st_mode);
}

/* ---- which file is which ---------------------------------------------- */

/* Where a word last begins in a name, without regard to case; -1 if nowhere. */
static long last_place(const char *name, const char *word)
{
    long place = -1;
    size_t length = strlen(word);
    for (size_t i = 0; strlen(name + i) >= length; i++) {
        size_t same = 0;
        while (same < length && tolower((unsigned char)name[i + same]) == word[same])
            same++;
        if (same == length)
            place = (long)i;
    }
    return place;
}

/* The slot of a file name, SLOT_COUNT for none. The last word counts, because
 * what comes first may be the data set's own name: "contest-train-images". */
static slot slot_of(const char *name)
{
    long train = last_place(name, "train"), test = last_place(name, "test");
    long t10k = last_place(name, "t10k");
    long images = last_place(name, "images"), labels = last_place(name, "labels");
    if (t10k > test)
        test = t10k;
    if (name[0] == '.' || (train < 0 && test < 0) || (images < 0 && labels < 0))
        return SLOT_COUNT;
    return (slot)(2 * (test > train) + (labels > images));
}

static size_t stem_length(const char *name)
{
    size_t length = strlen(name);
    return length > 3 && strcmp(name + length - 3, ".gz") == 0 ? length - 3 : length;
}

/* Takes a name for a slot. Of a file and its gzipped self the plain one is kept. */
static espalier_status take(idx_folder *folder, slot which, const char *name, espalier_error *error)
{
    char *old = folder->names[which];
    size_t stem = stem_length(name);
    if (old && (stem_length(old) != stem || strncmp(old, name, stem) != 0)) {
        bool ordered = strcmp(old, name) < 0;
        return error_set(error, ESPALIER_ERROR_FORMAT,
                         "%s: expected one file of %s, found %s and %s", folder->path,
                         slot_names[which], ordered ? old : name, ordered ? name : old);
    }
    if (old && name[stem])
        return ESPALIER_OK;
    folder->names[which] = memory_text(folder->allocator, name);
    memory_release(folder->allocator, old);
    return folder->names[which] ? ESPALIER_OK : error_memory(error);
}

static espalier_status take_file(idx_folder *folder, const char *name, espalier_error *error)
{
    slot which = slot_of(name);
    if (which == SLOT_COUNT)
        return ESPALIER_OK;
    char *path = stream_join(folder->allocator, folder->path, name);
    if (!path)
        return error_memory(error);
    struct stat facts;
    bool file = stat(path, &facts) == 0 && S_ISREG(facts.st_mode);
    memory_release(folder->allocator, path);
    return file ? take(folder, which, name, error) : ESPALIER_OK;
}

static espalier_status scan(idx_folder *folder, espalier_error *error)
{
    DIR *entries = opendir(folder->path);
    if (!entries)
        return stream_error(error, ESPALIER_ERROR_IO, folder->path, "list the folder", errno);
    espalier_status status = ESPALIER_OK;
    errno = 0;
    for (struct dirent *entry; !status && (entry = readdir(entries)); errno = 0)
        status = take_file(folder, entry->d_name, error);
    if (!status && errno)
        status = stream_error(error, ESPALIER_ERROR_IO, folder->path, "list the folder", errno);
    closedir(entries);
    return status;
}

static bool is_empty(const idx_folder *folder)
{
    bool empty = true;
    for (int i = 0; i < SLOT_COUNT; i++)
        empty = empty && !folder->names[i];
    return empty;
}

/* Both training files must be there; the test files both or neither. */
static espalier_status check_complete(const idx_folder *folder, espalier_error *error)
{
    bool test = folder->names[TEST_IMAGES] || folder->names[TEST_LABELS];
    for (int i = 0; i < (test ? SLOT_COUNT : TEST_IMAGES); i++)
        if (!folder->names[i])
            return error_set(error, ESPALIER_ERROR_NOT_FOUND,
                             "%s: no %s found: expected a file named like %s or %s.gz%s",
                             folder->path, slot_names[i], usual_names[i], usual_names[i],
                             is_empty(folder) ? ", or NumPy arrays such as x_train.npy" : "");
    return ESPALIER_OK;
}

/* ---- do they fit ------------------------------------------------------- */

static espalier_status open_file(idx_folder *folder, int i, espalier_error *error)
{
    char *path = stream_join(folder->allocator, folder->path, folder->names[i]);
    if (!path)
        return error_memory(error);
    espalier_status status = idx_open(path, folder->allocator, &folder->files[i], error);
    memory_release(folder->allocator, path);
    if (status)
        return status;
    const idx_file *file = &folder->files[i];
    bool labels = i == TRAIN_LABELS || i == TEST_LABELS;
    if (labels ? file->rank == 1 : file->rank > 1)
        return ESPALIER_OK;
    return error_set(error, ESPALIER_ERROR_FORMAT,
                     "%s: wrong magic for %s: expected %s, found 0x0000%02x%02x",
                     reader_path(file->in), slot_names[i],
                     labels ? "0x00000801 or another of rank 1"
                            : "0x00000803 or another of rank 2 or more",
                     (unsigned)file->type, (unsigned)file->rank);
}

static espalier_status check_pair(const idx_file *images, const idx_file *labels,
                                  espalier_error *error)
{
    if (images->shape[0] == labels->shape[0])
        return ESPALIER_OK;
    return error_set(error, ESPALIER_ERROR_MISMATCH,
                     "%s holds %zu images, but %s holds %zu labels", reader_path(images->in),
                     images->shape[0], reader_path(labels->in), labels->shape[0]);
}

/* "28x28" */
static const char *shape_text(const idx_file *file, char text[128])
{
    int used = 0;
    text[0] = '\0';
    for (size_t i = 1; i < file->rank; i++)
        used += snprintf(text + used, 128 - (size_t)used, "%s%zu", i > 1 ? "x" : "",
                         file->shape[i]);
    return text;
}

static espalier_status check_alike(const idx_file *train, const idx_file *test,
                                   espalier_error *error)
{
    bool alike = train->type == test->type && train->rank == test->rank;
    for (size_t i = 1; alike && i < train->rank; i++)
        alike = train->shape[i] == test->shape[i];
    char a[128], b[128];
    if (alike)
        return ESPALIER_OK;
    return error_set(error, ESPALIER_ERROR_MISMATCH,
                     "%s holds images of %s, type %02x, but %s holds images of %s, type %02x",
                     reader_path(train->in), shape_text(train, a), (unsigned)train->type,
                     reader_path(test->in), shape_text(test, b), (unsigned)test->type);
}

static espalier_status open_all(idx_folder *folder, espalier_error *error)
{
    espalier_status status = ESPALIER_OK;
    idx_file *files = folder->files;
    for (int i = 0; !status && i < SLOT_COUNT; i++)
        status = folder->names[i] ? open_file(folder, i, error) : ESPALIER_OK;
    if (!status)
        status = check_pair(&files[TRAIN_IMAGES], &files[TRAIN_LABELS], error);
    if (status || !files[TEST_IMAGES].in)
        return status;
    status = check_pair(&files[TEST_IMAGES], &files[TEST_LABELS], error);
    return status ? status : check_alike(&files[TRAIN_IMAGES], &files[TEST_IMAGES], error);
}

/* ---- reading ----------------------------------------------------------- */

/* Training and test images go straight into one array, each to its own rows. */
static espalier_status read_part(espalier_dataset *dataset, idx_file *images, idx_file *labels,
                                 size_t first, size_t class_count, espalier_error *error)
{
    size_t place = first * dataset->inputs, rows = labels->shape[0];
    espalier_status status = dataset->bytes
                                 ? idx_read_bytes(images, dataset->bytes + place, error)
                                 : idx_read_floats(images, dataset->floats + place, error);
    if (!status)
        status = idx_read_labels(labels, dataset->labels + first, error);
    if (!status)
        status = dataset_check_values(dataset, reader_path(images->in), first, rows, error);
    if (!status)
        status = dataset_check_labels(dataset, reader_path(labels->in), first, rows, class_count,
                                      error);
    return status;
}

static espalier_status read_all(espalier_dataset *dataset, idx_folder *folder, size_t class_count,
                                espalier_error *error)
{
    idx_file *files = folder->files, *train = &files[TRAIN_IMAGES], *test = &files[TEST_IMAGES];
    size_t training = train->shape[0], inputs = 1;
    for (size_t i = 1; i < train->rank; i++)
        if (!size_multiply(inputs, train->shape[i], &inputs))
            return error_memory(error);
    espalier_status status =
        dataset_reserve(dataset, folder->path, training, test->in ? test->shape[0] : 0, inputs,
                        train->type == IDX_U8, error);
    if (status)
        return status;
    if (train->rank == 3) {
        dataset->image_height = train->shape[1];
        dataset->image_width = train->shape[2];
    }
    status = read_part(dataset, train, &files[TRAIN_LABELS], 0, class_count, error);
    if (!status && test->in)
        status = read_part(dataset, test, &files[TEST_LABELS], training, class_count, error);
    return status;
}

espalier_status idx_folder_read(espalier_dataset *dataset, const char *path,
                                const espalier_dataset_options *options, size_t class_count,
                                espalier_error *error)
{
    const espalier_table_options *rows = &options->table;
    if (!rows->for_test && (rows->test_path || rows->test_fraction > 0))
        return error_set(error, ESPALIER_ERROR_ARGUMENT,
                         "%s: expected test rows in files of their own, such as t10k-images and "
                         "t10k-labels; found %s", path,
                         rows->test_path ? rows->test_path : "a part of the rows to test with");
    idx_folder folder = {.path = path, .allocator = dataset->allocator};
    espalier_status status = scan(&folder, error);
    if (!status)
        status = check_complete(&folder, error);
    if (!status)
        status = open_all(&folder, error);
    if (!status)
        status = read_all(dataset, &folder, class_count, error);
    for (int i = 0; i < SLOT_COUNT; i++) {
        idx_close(&folder.files[i]);
        memory_release(folder.allocator, folder.names[i]);
    }
    return status;
}
