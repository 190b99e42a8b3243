/* The C exporter: options checked, the program made, its files written. */
#include <string.h>

#include "base/stream.h"
#include "export/c_calibrate.h"
#include "export/c_name.h"
#include "export/c_write.h"
#include "export/exporter.h"
#include "net/network.h"

/* ---- options ---------------------------------------------------------- */

static espalier_status check_data(const espalier_network *network, const espalier_dataset *data,
                                  espalier_error *error)
{
    const size_t width = espalier_network_row_width(network);
    const size_t classes = espalier_network_class_count(network);
    if (espalier_dataset_input_count(data) != width)
        return error_set(error, ESPALIER_ERROR_MISMATCH,
                         "data: expected rows of %zu values, as the network reads, found %zu", width,
                         espalier_dataset_input_count(data));
    if (espalier_dataset_class_count(data) > classes)
        return error_set(error, ESPALIER_ERROR_MISMATCH,
                         "data: expected at most the %zu classes of the network, found %zu", classes,
                         espalier_dataset_class_count(data));
    return ESPALIER_OK;
}

static espalier_status check(const espalier_network *network, const espalier_export_options *o,
                             espalier_error *error)
{
    if (!espalier_export_type_name(o->type))
        return error_set(error, ESPALIER_ERROR_ARGUMENT, "type: no type %d", (int)o->type);
    if (o->type != ESPALIER_EXPORT_FLOAT && o->probabilities)
        return error_set(error, ESPALIER_ERROR_ARGUMENT,
                         "probabilities: expected the type float, found %s, whose programs have no "
                         "floats", espalier_export_type_name(o->type));
    if (o->type != ESPALIER_EXPORT_FLOAT && !o->data)
        return error_set(error, ESPALIER_ERROR_ARGUMENT,
                         "data: expected rows to calibrate the type %s with, found none",
                         espalier_export_type_name(o->type));
    if (o->test_vectors && !o->data)
        return error_set(error, ESPALIER_ERROR_ARGUMENT,
                         "data: expected rows to make test vectors of, found none");
    return o->data ? check_data(network, o->data, error) : ESPALIER_OK;
}

/* ---- files ------------------------------------------------------------ */

/* All that the files are written from. */
typedef struct job {
    const espalier_export_options *options;
    const c_program *program;
    const c_figures *figures;
    const char *path;
    c_paths paths;
} job;

static void write_program(c_out *out, const job *j)
{
    c_write_comment(out, j->program, j->options, j->figures);
    c_put(out, "#include \"");
    writer_write(out->file, j->paths.header_name, strlen(j->paths.header_name), out->error);
    c_put(out, "\"\n");
    if (j->program->type == ESPALIER_EXPORT_FLOAT)
        c_write_float(out, j->program);
    else
        c_write_integer(out, j->program);
}

/* The program last: where it is, the others are. */
enum { FILE_HEADER, FILE_TEST, FILE_PROGRAM, FILES };

static const char *base(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static espalier_status write_file(c_out *out, const job *j, size_t index, writer **file)
{
    const char *const paths[] = {j->paths.header, j->paths.test, j->path};
    if (index == FILE_TEST && !j->options->test_vectors)
        return ESPALIER_OK;
    espalier_status status = writer_open(paths[index], j->program->allocator, file, out->error);
    if (status != ESPALIER_OK)
        return status;
    out->file = *file;
    if (index == FILE_HEADER)
        c_write_header(out, j->program, j->options->data, base(j->path));
    else if (index == FILE_PROGRAM)
        write_program(out, j);
    else
        return c_write_test(out, j->program, j->options, j->paths.header_name);
    return ESPALIER_OK;
}

/* All of them are written aside before the first takes its place. */
static espalier_status write_files(const job *j, espalier_error *error)
{
    espalier_error own = {0};
    c_out out = {.name = j->program->name, .error = &own};
    writer *files[FILES] = {NULL};
    espalier_status status = ESPALIER_OK;
    for (size_t i = 0; i < FILES && status == ESPALIER_OK; i++)
        status = write_file(&out, j, i, &files[i]);
    if (status == ESPALIER_OK)
        status = own.status;
    for (size_t i = 0; i < FILES; i++) {
        if (status == ESPALIER_OK && files[i])
            status = writer_commit(files[i], &own);
        else
            writer_abandon(files[i]);
    }
    return status == ESPALIER_OK ? status : error_set(error, status, "%s", own.message);
}

/* ---- the whole -------------------------------------------------------- */

static espalier_status make(const espalier_network *network, job *j, c_program *p,
                            espalier_error *error)
{
    c_figures figures;
    espalier_status status = ESPALIER_OK;
    if (p->type != ESPALIER_EXPORT_FLOAT)
        status = c_calibrate(p, j->options->data, error);
    if (status != ESPALIER_OK)
        return status;
    c_layout(p);
    status = c_figures_find(p, network, j->options->data, &figures, error);
    if (status != ESPALIER_OK)
        return status;
    j->program = p;
    figures.test_vectors = c_test_vectors(j->options);
    j->figures = &figures;
    status = write_files(j, error);
    if (status == ESPALIER_OK && j->options->figures)
        *j->options->figures = figures;
    return status;
}

espalier_status export_c(const espalier_network *network, const char *path,
                         const espalier_export_options *options, espalier_error *error)
{
    char name[C_NAME_BYTES];
    c_program *program = NULL;
    job j = {.options = options, .path = path};
    espalier_status status = check(network, options, error);
    if (status == ESPALIER_OK)
        status = c_name_find(path, options->name, name, error);
    if (status == ESPALIER_OK)
        status = c_paths_find(path, network->allocator, &j.paths, error);
    if (status == ESPALIER_OK)
        status = c_program_create(network, options, name, &program, error);
    if (status == ESPALIER_OK)
        status = make(network, &j, program, error);
    c_program_destroy(program);
    c_paths_clear(&j.paths, network->allocator);
    return status;
}
