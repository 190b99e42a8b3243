/* Limits of the machine: online processors, affinity, control groups. */
#if defined(__linux__)
#define _GNU_SOURCE /* sched_getaffinity, CPU_ALLOC */
#else
#define _POSIX_C_SOURCE 200809L
#endif
#include "base/processors.h"

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    PATH_MOST = 4096,
    PROCESSORS_MOST = 1 << 16,
    NEAR_CACHE_LEAST = 32 * 1024,
    SECOND_CACHE_LEAST = 512 * 1024
};

size_t processor_near_cache(void)
{
#if defined(_SC_LEVEL1_DCACHE_SIZE)
    const long bytes = sysconf(_SC_LEVEL1_DCACHE_SIZE); /* glibc knows it from its start */
    return bytes > NEAR_CACHE_LEAST ? (size_t)bytes : NEAR_CACHE_LEAST;
#else
    return NEAR_CACHE_LEAST;
#endif
}

size_t processor_second_cache(void)
{
#if defined(_SC_LEVEL2_CACHE_SIZE)
    const long bytes = sysconf(_SC_LEVEL2_CACHE_SIZE);
    return bytes > SECOND_CACHE_LEAST ? (size_t)bytes : SECOND_CACHE_LEAST;
#else
    return SECOND_CACHE_LEAST;
#endif
}

static size_t online(void)
{
    const long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count > 0 ? (size_t)count : 1;
}

/* Processors in the affinity mask, which may be longer than the C library's own. */
static size_t in_affinity(void)
{
#if defined(__linux__)
    for (size_t room = 1024; room <= PROCESSORS_MOST; room *= 4) {
        cpu_set_t *set = CPU_ALLOC(room);
        const size_t bytes = CPU_ALLOC_SIZE(room);
        const bool known = set && sched_getaffinity(0, bytes, set) == 0;
        const int count = known ? CPU_COUNT_S(bytes, set) : 0;
        CPU_FREE(set);
        if (known)
            return count > 0 ? (size_t)count : 1;
    }
#endif
    return SIZE_MAX;
}

/* "<quota> <period>": the quota may be "max", in version 1 -1. */
static size_t quota_of(double quota, double period)
{
    if (!(quota > 0.0) || !(period > 0.0) || quota / period > PROCESSORS_MOST)
        return SIZE_MAX;
    const double share = quota / period;
    const size_t whole = (size_t)share;
    return whole + (share > (double)whole);
}

/* One number from a file, or -1. */
static double number_in(const char *folder, const char *name)
{
    char path[PATH_MOST];
    double value = -1.0;
    if ((size_t)snprintf(path, sizeof path, "%s/%s", folder, name) >= sizeof path)
        return value;
    FILE *file = fopen(path, "r");
    if (!file)
        return value;
    if (fscanf(file, "%lf", &value) != 1)
        value = -1.0;
    fclose(file);
    return value;
}

static size_t limit_of_folder(const char *folder)
{
    char path[PATH_MOST];
    double quota, period;
    size_t limit = SIZE_MAX;
    if ((size_t)snprintf(path, sizeof path, "%s/cpu.max", folder) < sizeof path) {
        FILE *file = fopen(path, "r");
        if (file && fscanf(file, "%lf %lf", &quota, &period) == 2)
            limit = quota_of(quota, period);
        if (file)
            fclose(file);
    }
    const size_t first = quota_of(number_in(folder, "cpu.cfs_quota_us"),
                                  number_in(folder, "cpu.cfs_period_us"));
    return first < limit ? first : limit;
}

/* The least limit of root/group and all folders above it, down to root. */
static size_t limit_along(const char *root, const char *group)
{
    char path[PATH_MOST];
    size_t least = SIZE_MAX, base = strlen(root);
    if ((size_t)snprintf(path, sizeof path, "%s%s", root, group) >= sizeof path || strstr(group, ".."))
        return limit_of_folder(root);
    for (;;) {
        const size_t limit = limit_of_folder(path);
        least = limit < least ? limit : least;
        char *slash = strrchr(path + base, '/');
        if (!slash)
            return least;
        *slash = '\0';
    }
}

/* Whether a list such as "cpu,cpuacct" names the controller cpu. */
static bool names_cpu(const char *controllers)
{
    for (const char *at = controllers; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
        if (strncmp(at, "cpu", 3) == 0 && (at[3] == ',' || at[3] == '\0'))
            return true;
    return false;
}

size_t processors_in_group(const char *membership, const char *root)
{
    FILE *file = fopen(membership, "r");
    char line[PATH_MOST], folder[2 * PATH_MOST];
    size_t least = SIZE_MAX;
    while (file && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        char *controllers = strchr(line, ':'), *group = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!group)
            continue;
        *group++ = '\0';
        controllers++;
        if (*controllers == '\0')
            snprintf(folder, sizeof folder, "%s", root);
        else if (names_cpu(controllers))
            snprintf(folder, sizeof folder, "%s/%s", root, controllers);
        else
            continue;
        const size_t limit = limit_along(folder, group);
        least = limit < least ? limit : least;
    }
    if (file)
        fclose(file);
    return least;
}

size_t processors_available(void)
{
    size_t count = online(), affinity = in_affinity();
    const size_t group = processors_in_group("/proc/self/cgroup", "/sys/fs/cgroup");
    count = affinity < SIZE_MAX ? affinity : count;
    return group < count ? group : count;
}
