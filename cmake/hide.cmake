# The static library as one object whose inner names are local, as they are in the shared one: a program
# may have its own `svd` or `text_add`. Sanitizers and fuzzers keep books by object, and what is compiled at
# link time only has no names yet: their static library is that of the tests, all objects as they are.
set(espalier_hidden ${espalier_all})
if(CMAKE_INTERPROCEDURAL_OPTIMIZATION OR "${CMAKE_C_FLAGS}" MATCHES "-flto" OR NOT CMAKE_OBJCOPY)
  message(STATUS "libespalier.a: inner names stay global (link-time optimisation, or no objcopy)")
elseif(NOT ESPALIER_SANITIZE AND NOT ESPALIER_FUZZ AND NOT "${CMAKE_C_FLAGS}" MATCHES "--coverage")
  set(espalier_hidden ${PROJECT_BINARY_DIR}/espalier.o)
  add_custom_command(
    OUTPUT ${espalier_hidden}
    COMMAND ${CMAKE_LINKER} -r -o ${espalier_hidden} --whole-archive $<TARGET_FILE:espalier_internals>
    COMMAND ${CMAKE_OBJCOPY} --localize-hidden --wildcard --keep-global-symbol=espalier_* ${espalier_hidden}
    DEPENDS espalier_internals
    COMMENT "One object with local names" VERBATIM)
  set_source_files_properties(${espalier_hidden} PROPERTIES EXTERNAL_OBJECT TRUE GENERATED TRUE)
endif()
