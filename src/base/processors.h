/* How many processors this process may use, and what one of them is like. */
#ifndef BASE_PROCESSORS_H
#define BASE_PROCESSORS_H

#include <stddef.h>

/* The least of what is online, what the affinity of the calling thread allows and
 * what its control group is given (a share of a processor counts as one). >= 1. */
size_t processors_available(void);

/* Bytes of the first-level data cache of a core; 32 KiB where that is not known or less. */
size_t processor_near_cache(void);

/* Bytes of its second-level cache; 512 KiB where that is not known or less. */
size_t processor_second_cache(void);

/* The processors that control groups leave to a process, rounded up; SIZE_MAX for
 * no limit. Files that are missing or make no sense are no limit.
 *   membership  a file like /proc/self/cgroup
 *   root        a folder like /sys/fs/cgroup: version 2, or one folder for each
 *               controller of version 1 */
size_t processors_in_group(const char *membership, const char *root);

#endif
