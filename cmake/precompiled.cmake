# Precompiled headers, one for rooms and one for tests, for the checked builds: they save a fifth of the time.
# fm_precompile(TARGET room|test) is called after the target's libraries are named.
set(FM_PRECOMPILE OFF)
if((FM_SANITIZE OR FM_TSAN) AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  set(FM_PRECOMPILE ON)
endif()
if(FM_PRECOMPILE AND FM_CCACHE)
  # What ccache asks for before it stores what was compiled with a precompiled header.
  set(CMAKE_CXX_COMPILER_LAUNCHER
    ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${FM_CCACHE})
endif()

# GCC takes a precompiled header only where flags and macros are the same: rooms are -fPIC, tests -fPIE.
function(fm_add_precompiled kind)
  set(source ${CMAKE_BINARY_DIR}/precompiled_${kind}.cc)
  file(CONFIGURE OUTPUT ${source} CONTENT "")
  add_library(fm_precompiled_${kind} OBJECT ${source})
  target_link_libraries(fm_precompiled_${kind} PRIVATE fm_flags fmt::fmt ${ARGN})
  target_compile_options(fm_precompiled_${kind} PRIVATE -fpch-preprocess)
  target_precompile_headers(fm_precompiled_${kind} PRIVATE ${CMAKE_SOURCE_DIR}/cmake/precompiled_${kind}.h)
  if(FM_CCACHE)
    # GCC knows a `#pragma once` header within a precompiled one by its size and sum. ccache's look at the preprocessed
    # text does not see a changed comment and would bring back a precompiled header that no longer matches: everything
    # in it would be defined twice. By its dependencies alone it cannot.
    set_target_properties(fm_precompiled_${kind} PROPERTIES CXX_COMPILER_LAUNCHER
      "${CMAKE_COMMAND};-E;env;CCACHE_SLOPPINESS=pch_defines,time_macros;CCACHE_DEPEND=1;CCACHE_NAMESPACE=precompiled;${FM_CCACHE}")
  endif()
endfunction()

function(fm_precompile target kind)
  if(FM_PRECOMPILE)
    target_precompile_headers(${target} REUSE_FROM fm_precompiled_${kind})
    target_compile_options(${target} PRIVATE -fpch-preprocess)  # for ccache
  endif()
endfunction()

if(FM_PRECOMPILE)
  fm_add_precompiled(room)
  if(FM_TESTS)
    fm_add_precompiled(test fm_test_flags GTest::gtest)
    set_target_properties(fm_precompiled_test PROPERTIES POSITION_INDEPENDENT_CODE OFF)
    target_compile_options(fm_precompiled_test PRIVATE -fPIE)
  endif()
endif()
