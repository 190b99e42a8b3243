#!/usr/bin/env bash
# The scripts that watch over the tree's order must object to disorder: each is
# shown a tree with one planted fault.
#
#   tests/test_bones.sh SOURCE_FOLDER
set -eu
scripts=$(cd "$1" && pwd)/scripts
scratch=$(mktemp -d "$PWD/bones.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

# A small tree that is in order.
fresh() {
    rm -rf tree
    mkdir -p tree/src/base tree/src/train tree/src/prune tree/include/espalier tree/cli
    echo '#include <stddef.h>' >tree/include/espalier/status.h
    echo '#include "espalier/status.h"' >tree/include/espalier/prune.h
    echo '#include "espalier/status.h"' >tree/src/base/error.h
    echo '#include "base/error.h"' >tree/src/train/step.h
    echo '#include "train/step.h"' >tree/src/prune/step.c
    echo '#include "espalier/espalier.h"' >tree/cli/main.c
}

# expect pass|fail SCRIPT ARGUMENTS…
expect() {
    local wanted=$1 got=pass
    shift
    "$@" >log 2>&1 || got=fail
    [ "$got" = "$wanted" ] && return
    cat log
    echo "expected to $wanted: $*" >&2
    exit 1
}

fresh
expect pass "$scripts/check_includes.py" tree
expect pass "$scripts/check_headers.sh" tree
expect pass "$scripts/check_text.py" tree

plant() { # FILE LINE SCRIPT
    fresh
    echo "$2" >>"tree/$1"
    expect fail "$scripts/$3" tree
}
plant src/train/step.h '#include "prune/step.h"' check_includes.py
plant src/train/step.h '#include "espalier/prune.h"' check_includes.py
plant src/train/step.h '#include <espalier/espalier.h>' check_includes.py
plant cli/main.c '#include "base/error.h"' check_includes.py
plant include/espalier/status.h '#include "espalier/prune.h"' check_includes.py
plant src/base/error.h 'int error_count(uint8_t count);' check_headers.sh
plant src/base/error.h 'static int twice(void);' check_headers.sh
plant include/espalier/status.h 'typedef struct thing { thing *next; } thing;' check_headers.sh
plant src/base/error.h '/* ''TO''DO */' check_text.py
plant src/base/error.h '/* see /ho''me/somebody */' check_text.py

# Libraries: an export without the prefix, a declared function that is missing,
# a mutable global, a name defined twice.
library() { # LINE-OF-C
    printf '#define API __attribute__((visibility("default")))\nAPI int espalier_one(void);\n' >one.c
    printf 'int espalier_one(void) { return 1; }\n%s\n' "$1" >>one.c
    "${CC:-cc}" -fPIC -fvisibility=hidden -c one.c -o one.o
    rm -f libone.a libhidden.a
    ar rc libone.a one.o
    objcopy --localize-hidden one.o hidden.o
    ar rc libhidden.a hidden.o
    "${CC:-cc}" -shared one.o -o libone.so
}
fresh
echo 'ESPALIER_API int espalier_one(void);' >tree/include/espalier/status.h
library ''
expect pass "$scripts/check_symbols.py" libone.so libhidden.a libone.a tree/include
library 'API int two(void); int two(void) { return 2; }'
expect fail "$scripts/check_symbols.py" libone.so libhidden.a libone.a tree/include
library 'int two(void); int two(void) { return 2; }'
expect pass "$scripts/check_symbols.py" libone.so libhidden.a libone.a tree/include
expect fail "$scripts/check_symbols.py" libone.so libone.a libone.a tree/include
library 'int counter = 3;'
expect fail "$scripts/check_symbols.py" libone.so libhidden.a libone.a tree/include
library 'static int counter; int next(void); int next(void) { return ++counter; }'
expect fail "$scripts/check_symbols.py" libone.so libhidden.a libone.a tree/include
library ''
echo 'ESPALIER_API int espalier_three(void);' >>tree/include/espalier/status.h
expect fail "$scripts/check_symbols.py" libone.so libhidden.a libone.a tree/include
echo 'ESPALIER_API int espalier_one(void);' >tree/include/espalier/status.h
library 'int one_more(void); int one_more(void) { return 2; }'
cp one.o two.o
ar rc libone.a two.o
expect fail "$scripts/check_symbols.py" libone.so libhidden.a libone.a tree/include
