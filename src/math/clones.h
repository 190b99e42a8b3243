/* One source, several instruction sets: the loader picks at start. */
#ifndef MATH_CLONES_H
#define MATH_CLONES_H

/* Sanitizers run before the loader's choice is made, hence not with them. */
#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define VECTOR_CLONES \
    __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define VECTOR_CLONES
#endif

#endif
