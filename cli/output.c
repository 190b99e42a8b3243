/* Output files. Model files are written by the library itself; here are the
 * checks that come before the work, and texts. */
#define _XOPEN_SOURCE 700
#include "output.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "interrupt.h"

static int refuse(const char *command, const char *output, const char *input)
{
    return usage_error(command, "%s: output and input are the same file (%s)", output, input);
}

int output_given(const char *command, const char *output)
{
    return output ? EXIT_NONE : usage_error(command, "expected -o FILE, found no output");
}

int output_is_model(const char *command, const char *output)
{
    static const char *const others[] = {".onnx", ".c", ".h", ".npy", ".npz", ".pt"};
    if (output && strcmp(output, "-") == 0)
        return usage_error(command, "-o: expected a file for a model, found -: none is written to standard "
                                    "output");
    const char *const dot = output ? strrchr(output, '.') : NULL;
    for (size_t i = 0; dot && i < sizeof others / sizeof *others; i++)
        if (strcasecmp(dot, others[i]) == 0)
            return usage_error(command, "-o: expected a file for a model (.safetensors), found '%s'; "
                                        "'espalier export' writes .onnx and .c", output);
    return output_given(command, output);
}

int output_differs(const char *command, const char *output, const char *input)
{
    return same_file(output, input) ? refuse(command, output, input) : EXIT_NONE;
}

int output_differs_from_data(const char *command, const char *output, const char *source,
                             const data_settings *settings)
{
    char folder[4096], path[4400];
    const char *test = settings->table.options.test_path;
    if (test && output_differs(command, output, test) != EXIT_NONE)
        return EXIT_USAGE;
    if (!data_folder(source, settings, folder, sizeof folder))
        return output_differs(command, output, source);
    DIR *directory = opendir(folder);
    int code = EXIT_NONE;
    for (struct dirent *entry; directory && code == EXIT_NONE && (entry = readdir(directory));) {
        /* A model kept beside the data may be overwritten; data may not. */
        if (!strstr(entry->d_name, "idx") && !strstr(entry->d_name, "ubyte") &&
            !strstr(entry->d_name, ".npy"))
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        code = output_differs(command, output, path);
    }
    if (directory)
        closedir(directory);
    return code;
}

/* A name beside `output` that mkstemp can fill in; false if it is too long. */
static bool name_aside(const char *output, char *aside, size_t size)
{
    const char *slash = strrchr(output, '/');
    int folder = slash ? (int)(slash - output) + 1 : 0;
    return (size_t)snprintf(aside, size, "%.*s.espalier-XXXXXX", folder, output) < size;
}

/* The file that a path leads to, symbolic links followed, also where it is not there yet; the
 * path itself where it is no link. */
static const char *follow(const char *path, char real[PATH_MAX])
{
    enum { LINKS_MOST = 40 }; /* as Linux has it */
    char next[PATH_MAX], from[PATH_MAX];
    if (realpath(path, real))
        return real;
    for (int i = 0; i < LINKS_MOST; i++) {
        const ssize_t length = readlink(path, next, sizeof next - 1);
        if (length < 0)
            break;
        next[length] = '\0';
        const char *slash = next[0] == '/' ? NULL : strrchr(path, '/');
        const int folder = slash ? (int)(slash - path) + 1 : 0;
        if (snprintf(from, sizeof from, "%.*s%s", folder, path, next) >= (int)sizeof from)
            break;
        path = strcpy(real, from);
    }
    return path;
}

/* /dev/stdout, a FIFO: written straight, as the library does. */
static bool is_special(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

static bool can_write(const char *output)
{
    char aside[PATH_MAX + 32], real[PATH_MAX];
    if (is_special(output))
        return access(output, W_OK) == 0;
    int descriptor = -1;
    errno = ENAMETOOLONG;
    if (name_aside(follow(output, real), aside, sizeof aside))
        descriptor = mkstemp(aside);
    if (descriptor < 0)
        return false;
    close(descriptor);
    unlink(aside);
    return true;
}

/* The first `length` characters of a path without links and dots; what its last part names may
 * be still to be made. */
static bool place_of(const char *path, size_t length, char real[PATH_MAX])
{
    char copy[PATH_MAX], parent[PATH_MAX];
    while (length > 1 && path[length - 1] == '/')
        length--;
    if (length == 0 || length >= sizeof copy)
        return false;
    memcpy(copy, path, length);
    copy[length] = '\0';
    if (realpath(copy, real))
        return true;
    char *const slash = strrchr(copy, '/');
    const char *const name = slash ? slash + 1 : copy;
    if (slash)
        *slash = '\0';
    const char *const before = !slash ? "." : *copy ? copy : "/";
    return realpath(before, parent) && snprintf(real, PATH_MAX, "%s/%s", parent, name) < PATH_MAX;
}

bool output_lies_in(const char *output, const char *folder)
{
    char here[PATH_MAX], there[PATH_MAX];
    const char *slash = strrchr(output, '/');
    return folder && place_of(folder, strlen(folder), there) &&
           place_of(slash ? output : ".", slash ? (size_t)(slash - output) + 1 : 1, here) &&
           strcmp(here, there) == 0;
}

int output_writable(const char *output)
{
    struct stat status;
    if (stat(output, &status) == 0 && S_ISDIR(status.st_mode)) {
        message("%s: expected a file to write, found a folder", output);
        return EXIT_FAILED;
    }
    if (can_write(output))
        return EXIT_NONE;
    message("%s: cannot write there: %s", output, strerror(errno));
    return EXIT_FAILED;
}

int folder_free(const char *command, const char *path)
{
    DIR *directory = opendir(path);
    if (!directory && errno == ENOENT)
        return EXIT_NONE;
    if (!directory && errno == ENOTDIR)
        return usage_error(command, "--run: expected a new or empty folder, found the file %s", path);
    if (!directory) {
        message("%s: cannot look into this folder: %s", path, strerror(errno));
        return EXIT_FAILED;
    }
    bool empty = true;
    for (struct dirent *entry; empty && (entry = readdir(directory));)
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
                strncmp(entry->d_name, ".espalier-", 10) == 0; /* left by a killed process */
    closedir(directory);
    return empty ? EXIT_NONE
                 : usage_error(command, "--run: expected a new or empty folder, but %s holds files",
                               path);
}

int folder_make(const char *path)
{
    if (mkdir(path, 0777) == 0 || errno == EEXIST)
        return EXIT_NONE;
    message("%s: cannot make this folder: %s", path, strerror(errno));
    return EXIT_FAILED;
}

void folder_discard(const char *path)
{
    rmdir(path);
}

/* ---- texts ---------------------------------------------------------------- */

/* That of the file which is there, or of a new one. */
static mode_t mode_of(const char *target)
{
    struct stat status;
    if (stat(target, &status) == 0)
        return status.st_mode & 0777;
    const mode_t mask = umask(0);
    umask(mask);
    return 0666 & ~mask;
}

/* Opens the stream: on a special file itself, else on a new one beside the target. */
static bool open_stream(text_file *file)
{
    if (is_special(file->path)) {
        file->stream = fopen(file->path, "w");
        return file->stream;
    }
    char real[PATH_MAX];
    int descriptor = -1;
    errno = ENAMETOOLONG;
    if ((size_t)snprintf(file->target, sizeof file->target, "%s", follow(file->path, real)) <
            sizeof file->target &&
        name_aside(file->target, file->aside, sizeof file->aside))
        descriptor = mkstemp(file->aside);
    if (descriptor < 0) {
        file->aside[0] = '\0';
        return false;
    }
    interrupt_remove(file->aside);
    file->stream = fdopen(descriptor, "w");
    return file->stream && fchmod(descriptor, mode_of(file->target)) == 0;
}

static int text_failed(text_file *file)
{
    message("%s: cannot write: %s", file->path, strerror(errno));
    text_abandon(file);
    return EXIT_FAILED;
}

bool output_is_standard(const char *output)
{
    return !output || strcmp(output, "-") == 0 || strcmp(output, "/dev/stdout") == 0;
}

int text_open(text_file *file, const char *path)
{
    path = output_is_standard(path) ? NULL : path;
    *file = (text_file){.path = path, .stream = path ? NULL : stdout};
    return !path || open_stream(file) ? EXIT_NONE : text_failed(file);
}

/* A rename lasts only once its folder is on disk, too. */
static void sync_folder(const char *target)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(target, '/');
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - target) + 1 : 1,
             slash ? target : ".");
    int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor >= 0) {
        fsync(descriptor);
        close(descriptor);
    }
}

int text_commit(text_file *file)
{
    if (!file->path)
        return finish_stdout(EXIT_NONE);
    if (ferror(file->stream) || fflush(file->stream) ||
        (*file->aside && fsync(fileno(file->stream))))
        return text_failed(file);
    FILE *stream = file->stream;
    file->stream = NULL;
    if (fclose(stream) || (*file->aside && rename(file->aside, file->target)))
        return text_failed(file);
    if (*file->aside)
        sync_folder(file->target);
    interrupt_remove(NULL);
    return EXIT_NONE;
}

void text_abandon(text_file *file)
{
    if (!file->path)
        return;
    if (file->stream)
        fclose(file->stream);
    if (*file->aside)
        unlink(file->aside);
    interrupt_remove(NULL);
}

int write_text(const char *directory, const char *name, const char *text)
{
    char path[4200];
    text_file file;
    if (snprintf(path, sizeof path, "%s/%s", directory, name) >= (int)sizeof path) {
        message("%s: the path is too long", directory);
        return EXIT_FAILED;
    }
    int code = text_open(&file, path);
    if (code != EXIT_NONE)
        return code;
    size_t length = strlen(text);
    fprintf(file.stream, "%s%s", text, length && text[length - 1] == '\n' ? "" : "\n");
    return text_commit(&file);
}

uint64_t file_bytes(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 ? (uint64_t)status.st_size : 0;
}
