# Flags that every target shares.
add_library(fm_flags INTERFACE)
target_compile_options(fm_flags INTERFACE
  -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor -Werror
  # A fused multiply-add rounds once where the specification rounds twice: rows must not depend on the CPU.
  -ffp-contract=off
  -fno-omit-frame-pointer
  # In C++23 the standard library's own stable_sort calls what it declares deprecated.
  $<$<CXX_COMPILER_ID:Clang>:-Wno-deprecated-declarations>
  # GCC 12 reports these for sound std::string, std::regex and std::expected code.
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
  $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64" AND FM_MARCH)
  target_compile_options(fm_flags INTERFACE -march=${FM_MARCH})
endif()
target_include_directories(fm_flags INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_compile_definitions(fm_flags INTERFACE FM_VERSION="${PROJECT_VERSION}")

# The checked builds are for finding faults: FM_DCHECK is on, and a short build matters more than fast code.
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1")

if(FM_SANITIZE)
  target_compile_options(fm_flags INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=all)
  target_link_options(fm_flags INTERFACE -fsanitize=address,undefined)
endif()
if(FM_TSAN)
  target_compile_options(fm_flags INTERFACE -fsanitize=thread)
  target_link_options(fm_flags INTERFACE
    -fsanitize=thread -Wl,--version-script=${CMAKE_SOURCE_DIR}/cmake/no_exports.map)
endif()
if(FM_FUZZ)
  target_compile_options(fm_flags INTERFACE -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all)
  target_link_options(fm_flags INTERFACE -fsanitize=address,undefined)
endif()

# The tests' own code: in the checked builds compiling it takes longer than running it. AddressSanitizer
# stops at a null pointer too; the rooms keep every check.
add_library(fm_test_flags INTERFACE)
if(FM_SANITIZE OR FM_TSAN)
  target_compile_options(fm_test_flags INTERFACE -O0)
endif()
if(FM_SANITIZE)
  target_compile_options(fm_test_flags INTERFACE -fno-sanitize=null,alignment,vptr,object-size)
endif()

find_program(FM_CCACHE ccache)
if(FM_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${FM_CCACHE})
endif()
find_program(FM_MOLD mold)
if(FM_MOLD)
  target_link_options(fm_flags INTERFACE -fuse-ld=mold)
endif()
