# Tests of the command line: what a user types, and exactly what comes back.
if(NOT TARGET espalier)
  return()
endif()
find_package(Python3 REQUIRED COMPONENTS Interpreter)

file(GLOB cli_tests CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/test_*.py)
# What other programs and compilers make of exported files is the same for every build, and slow
# under a sanitizer; writing them is tested there by tests/export/ and cli/export.
set(peers onnx onnxruntime opencv torch)
if(ESPALIER_SANITIZE)
  list(FILTER cli_tests EXCLUDE REGEX "/test_(peer_[a-z]+|export_c)\\.py$")
  set(peers)
endif()
foreach(test ${cli_tests})
  get_filename_component(name ${test} NAME_WE)
  string(REGEX REPLACE "^test_" "" name ${name})
  add_test(NAME cli/${name}
           COMMAND Python3::Interpreter ${test} $<TARGET_FILE:espalier>
           WORKING_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})
  set_tests_properties(cli/${name} PROPERTIES TIMEOUT 300)
endforeach()
# Other programs on exported files, each where it is installed: skipped, and said, where not.
foreach(peer ${peers})
  set_tests_properties(cli/peer_${peer} PROPERTIES TIMEOUT 900 SKIP_RETURN_CODE 77)
endforeach()
