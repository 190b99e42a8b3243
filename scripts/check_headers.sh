#!/usr/bin/env bash
# Fails on a header that does not compile alone, or not twice in a row: every one
# as C11, public ones as C++11, too, where there is a C++ compiler.
#
#   scripts/check_headers.sh [ROOT]
set -u
cd "${1:-.}" || exit 2

warnings=(-Wall -Wextra -Wpedantic -Wshadow -Werror -fsyntax-only)
count=0
bad=0

# try HEADER-AS-INCLUDED COMPILER OPTIONS…
try() {
    local header=$1
    shift
    count=$((count + 1))
    # The declaration stands for headers of macros alone: C forbids an empty unit.
    printf '#include "%s"\n#include "%s"\nextern int unit;\n' "$header" "$header" |
        "$@" "${warnings[@]}" - ||
        { echo "$header: does not compile alone with: $*"; bad=$((bad + 1)); }
}

for path in include/espalier/*.h; do
    try "${path#include/}" "${CC:-cc}" -x c -std=c11 -Iinclude
    if command -v "${CXX:-c++}" >/dev/null; then
        try "${path#include/}" "${CXX:-c++}" -x c++ -std=c++11 -Iinclude
    fi
done
for path in src/*/*.h; do
    try "${path#src/}" "${CC:-cc}" -x c -std=c11 -Iinclude -Isrc
done

echo "$count headers compiled, $bad failed"
[ "$bad" -eq 0 ] && [ "$count" -gt 0 ]
