/* Messages, exit codes, models and JSON for all commands. Where data sets come
 * from is data.c's business, where results go is output.c's. */
#define _POSIX_C_SOURCE 200809L
#include "common.h"
#include "options.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Bytes of what a terminal would obey, up to U+001F and from U+007F to U+009F; 0 for any other. */
static size_t control_bytes(const char *c)
{
    const unsigned char byte = (unsigned char)c[0];
    if (byte == 0xc2 && (unsigned char)c[1] >= 0x80 && (unsigned char)c[1] <= 0x9f)
        return 2;
    return byte < ' ' || byte == 0x7f;
}

char *printable(char *text)
{
    for (char *c = text; *c; c++)
        if (control_bytes(c))
            memset(c, '?', control_bytes(c));
    return text;
}

void print_plain(const char *text)
{
    for (size_t control; *text; text += control ? control : 1) {
        control = control_bytes(text);
        if (control)
            fputs(control == 2 ? "??" : "?", stdout);
        else
            putchar(*text);
    }
}

static void say(const char *format, va_list arguments)
{
    char text[3 * 4096]; /* two paths and some words */
    vsnprintf(text, sizeof text, format, arguments);
    fprintf(stderr, "espalier: %s\n", printable(text));
}

void message(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(format, arguments);
    va_end(arguments);
}

int usage_error(const char *command, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(format, arguments);
    va_end(arguments);
    fprintf(stderr, "try 'espalier %s%s--help'\n", command ? command : "", command ? " " : "");
    return EXIT_USAGE;
}

int fail(const espalier_error *error)
{
    message("%s", error->message[0] ? error->message : espalier_status_text(error->status));
    return error->status == ESPALIER_ERROR_ARGUMENT ? EXIT_USAGE : EXIT_FAILED;
}

bool shows_progress(void)
{
    const char *kind = getenv("TERM");
    return isatty(STDERR_FILENO) && !(kind && strcmp(kind, "dumb") == 0);
}

static int stdout_failed(int why)
{
    message("cannot write to standard output: %s", why ? strerror(why) : "a write failed");
    return EXIT_FAILED;
}

int finish_stdout(int code)
{
    errno = 0;
    return fflush(stdout) == 0 && !ferror(stdout) ? code : stdout_failed(errno);
}

int print_stdout(const char *text)
{
    errno = 0;
    return fputs(text, stdout) >= 0 ? EXIT_NONE : stdout_failed(errno);
}

int read_model(const char *path, espalier_network **network)
{
    espalier_error error = {0};
    if (espalier_network_open(path, NULL, network, &error))
        return fail(&error);
    const char *order = espalier_network_metadata(*network, ESPALIER_GUESSED_ORDER);
    if (order) {
        message("note: %s: the names of the layers do not say their order, and several fit: taken are %s; "
                "if it is another, number the names, or use ONNX", path, order);
        espalier_network_set_metadata(*network, ESPALIER_GUESSED_ORDER, NULL);
    }
    return EXIT_NONE;
}

size_t layers_to_prune(const espalier_network *network)
{
    size_t count = 0;
    for (size_t l = 0; l + 1 < espalier_network_layer_count(network); l++)
        count += espalier_network_activation(network, l) != ESPALIER_LINEAR;
    return count;
}

int check_fit(const char *model, const espalier_network *network, const char *source,
              const espalier_dataset *dataset)
{
    size_t width = espalier_network_row_width(network);
    size_t classes = espalier_network_class_count(network);
    if (width != espalier_dataset_input_count(dataset)) {
        message("%s: the network takes %zu inputs, but the rows of %s have %zu", model, width,
                source, espalier_dataset_input_count(dataset));
        return EXIT_FAILED;
    }
    if (classes < espalier_dataset_class_count(dataset)) {
        message("%s: the network knows %zu classes, but %s has %zu", model, classes, source,
                espalier_dataset_class_count(dataset));
        return EXIT_FAILED;
    }
    return EXIT_NONE;
}

bool same_file(const char *a, const char *b)
{
    struct stat first, second;
    if (strcmp(a, b) == 0)
        return true;
    return stat(a, &first) == 0 && stat(b, &second) == 0 && first.st_dev == second.st_dev &&
           first.st_ino == second.st_ino;
}

void base_name(const char *path, char *name, size_t size)
{
    size_t end = strlen(path);
    while (end > 1 && path[end - 1] == '/')
        end--;
    size_t start = end;
    while (start > 0 && path[start - 1] != '/')
        start--;
    snprintf(name, size, "%.*s", (int)(end - start), path + start);
}

size_t threads_default(void)
{
    const char *text = getenv("OMP_NUM_THREADS");
    if (!text)
        return 0;
    char *end;
    const unsigned long count = strtoul(text, &end, 10);
    end += strspn(end, " ");
    if (strchr(text, '-') || end == text || (*end != '\0' && *end != ',') || count == 0) {
        message("OMP_NUM_THREADS: expected a number from 1, found '%s'; it is ignored", text);
        return 0;
    }
    return count < THREADS_MOST ? count : THREADS_MOST;
}

json_t *json_number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

char *json_text(const json_t *json)
{
    return json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(15));
}

json_t *read_json(const char *path, json_error_t *where)
{
    /* Without O_NONBLOCK a pipe would make us wait before we could refuse it. */
    struct stat facts;
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    json_t *value = NULL;
    where->line = 0;
    if (file < 0 || fstat(file, &facts) != 0)
        snprintf(where->text, sizeof where->text, "a file that opens: %s", strerror(errno));
    else if (!S_ISREG(facts.st_mode))
        snprintf(where->text, sizeof where->text, "a file, found something else");
    else
        value = json_loadfd(file, JSON_REJECT_DUPLICATES, where);
    if (file >= 0)
        close(file);
    return value;
}

int print_json(const json_t *json)
{
    char *text = json_text(json);
    if (!text) {
        message("out of memory");
        return EXIT_FAILED;
    }
    int code = print_stdout(text);
    free(text);
    putchar('\n');
    return code;
}
