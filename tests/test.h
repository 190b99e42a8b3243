/* What every test program includes: cmocka with what it asks for. */
#ifndef TESTS_TEST_H
#define TESTS_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Naive sums that results are compared with: sanitizers, which look at each number of them, made
 * some tests ten times as long. */
#define UNSANITIZED __attribute__((no_sanitize("address", "undefined")))

#endif
