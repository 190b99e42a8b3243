#!/usr/bin/env bash
# Installs a build into a fresh prefix, moves it, and builds and runs somebody
# else's program against it: by find_package and by pkg-config, shared and static.
#
#   tests/install/test_install.sh SOURCE_FOLDER BUILD_FOLDER
set -eu
source_dir=$(cd "$1" && pwd)
build_dir=$(cd "$2" && pwd)
scratch=$(mktemp -d "$PWD/install.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

quietly() {
    "$@" >log 2>&1 || { cat log; echo "failed: $*" >&2; exit 1; }
}

quietly cmake --install "$build_dir" --prefix "$scratch/first"
mv first prefix
prefix=$scratch/prefix

echo "-- by find_package"
quietly cmake -S "$source_dir/tests/install" -B user -G Ninja -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_PREFIX_PATH="$prefix"
quietly cmake --build user
user/user_shared
user/user_static

echo "-- by pkg-config"
pkgconfig_dir=$(dirname "$(find "$prefix" -name espalier.pc)")
export PKG_CONFIG_PATH=$pkgconfig_dir
library_dir=$(dirname "$pkgconfig_dir")
read -ra shared <<<"$(pkg-config --cflags --libs espalier)"
read -ra static <<<"$(pkg-config --static --cflags --libs espalier)"
program=$source_dir/tests/install/main.c
options=(-std=c11 -Wall -Wextra -Wpedantic -Werror)

words=" ${static[*]} "
if [[ $words == *" -lxsmm "* && ${words##* -lxsmm} != *" -lm "* ]]; then
    echo "expected -lm behind -lxsmm, which calls it, found$words" >&2
    exit 1
fi

quietly "${CC:-cc}" "${options[@]}" "$program" "${shared[@]}" -o by_pkgconfig_shared
LD_LIBRARY_PATH=$library_dir ./by_pkgconfig_shared
# Both libraries lie in one folder: the linker is told which one is meant.
quietly "${CC:-cc}" "${options[@]}" "$program" "${static[@]/#-lespalier/-l:libespalier.a}" \
    -o by_pkgconfig_static
./by_pkgconfig_static

echo "-- the tool and its man page"
for file in bin/espalier share/man/man1/espalier.1; do
    [ -s "$prefix/$file" ] || { echo "not installed: $file" >&2; exit 1; }
done
LD_LIBRARY_PATH=$library_dir "$prefix/bin/espalier" --version
