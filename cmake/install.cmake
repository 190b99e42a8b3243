# What `cmake --install` puts where: both libraries, headers, the tool, its man
# page, a pkg-config file and a CMake package (espalier::espalier is the shared
# library, espalier::static the static one).
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/espalier)

install(DIRECTORY include/espalier DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
if(TARGET espalier)
  install(TARGETS espalier DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
if(EXISTS ${PROJECT_SOURCE_DIR}/docs/espalier.1)
  install(FILES docs/espalier.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
endif()

# Two export sets: who links the shared library needs none of the libraries
# behind it.
set_target_properties(espalier_shared PROPERTIES EXPORT_NAME espalier)
set_target_properties(espalier_static PROPERTIES EXPORT_NAME static)
set_target_properties(espalier_dependencies PROPERTIES EXPORT_NAME dependencies)
install(TARGETS espalier_shared EXPORT espalier-shared LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS espalier_static espalier_dependencies EXPORT espalier-static
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
foreach(kind shared static)
  install(EXPORT espalier-${kind} NAMESPACE espalier:: DESTINATION ${package_dir}
          FILE espalier-${kind}.cmake)
endforeach()

# The imported targets behind the static library, which its user must find again.
get_target_property(espalier_static_needs espalier_dependencies INTERFACE_LINK_LIBRARIES)
list(TRANSFORM espalier_static_needs REPLACE "^.<INSTALL_INTERFACE:(.*)>$" "\\1")
list(FILTER espalier_static_needs INCLUDE REGEX "::")
configure_package_config_file(cmake/espalierConfig.cmake.in
  ${PROJECT_BINARY_DIR}/espalierConfig.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/espalierConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/espalierConfig.cmake ${PROJECT_BINARY_DIR}/espalierConfigVersion.cmake
        DESTINATION ${package_dir})

# Written from where the file lies, so that the installed tree can be moved.
string(REGEX REPLACE "[^/]+" ".." pc_to_prefix ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
configure_file(cmake/espalier.pc.in ${PROJECT_BINARY_DIR}/espalier.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/espalier.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
