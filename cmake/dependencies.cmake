# What the library stands on, gathered in one interface target. A missing
# optional library drops a feature: a definition tells the code.
add_library(espalier_dependencies INTERFACE)
set(ESPALIER_PC_LIBS "-lm")
set(ESPALIER_PC_REQUIRES "jansson")

find_package(PkgConfig REQUIRED)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)
target_link_libraries(espalier_dependencies INTERFACE PkgConfig::JANSSON m)

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
target_link_libraries(espalier_dependencies INTERFACE Threads::Threads)
string(APPEND ESPALIER_PC_LIBS " -pthread")

find_package(ZLIB)
if(ZLIB_FOUND)
  target_compile_definitions(espalier_dependencies INTERFACE ESPALIER_HAVE_ZLIB)
  target_link_libraries(espalier_dependencies INTERFACE ZLIB::ZLIB)
  string(APPEND ESPALIER_PC_REQUIRES " zlib")
endif()

# libxsmm: small matrix products compiled at run time for the exact shapes.
find_path(XSMM_INCLUDE libxsmm.h)
find_library(XSMM_LIBRARY NAMES libxsmm.a xsmm)
if(XSMM_INCLUDE AND XSMM_LIBRARY)
  set(ESPALIER_HAVE_XSMM TRUE)
  target_compile_definitions(espalier_dependencies INTERFACE ESPALIER_HAVE_XSMM)
  target_include_directories(espalier_dependencies SYSTEM INTERFACE ${XSMM_INCLUDE})
  target_link_libraries(espalier_dependencies INTERFACE ${XSMM_LIBRARY} ${CMAKE_DL_LIBS} pthread)
  string(APPEND ESPALIER_PC_LIBS " -lxsmm -ldl -lpthread")
endif()

# OpenBLAS with LAPACKE: fallback products and singular values.
pkg_check_modules(OPENBLAS IMPORTED_TARGET openblas)
find_path(LAPACKE_INCLUDE lapacke.h)
find_library(LAPACKE_LIBRARY lapacke)
if(OPENBLAS_FOUND)
  set(ESPALIER_HAVE_CBLAS TRUE)
  target_compile_definitions(espalier_dependencies INTERFACE ESPALIER_HAVE_CBLAS)
  target_link_libraries(espalier_dependencies INTERFACE PkgConfig::OPENBLAS)
  if(LAPACKE_INCLUDE AND LAPACKE_LIBRARY)
    set(ESPALIER_HAVE_LAPACKE TRUE)
    target_compile_definitions(espalier_dependencies INTERFACE ESPALIER_HAVE_LAPACKE)
    target_include_directories(espalier_dependencies SYSTEM INTERFACE ${LAPACKE_INCLUDE})
    target_link_libraries(espalier_dependencies INTERFACE ${LAPACKE_LIBRARY})
    string(APPEND ESPALIER_PC_LIBS " -llapacke")
  endif()
  # Not as a required package: that one asks for Fortran's library, which only a
  # wholly static program needs.
  list(JOIN OPENBLAS_LDFLAGS " " openblas_flags)
  string(APPEND ESPALIER_PC_LIBS " ${openblas_flags}")
endif()

# popt: the command line only.
pkg_check_modules(POPT IMPORTED_TARGET popt)
