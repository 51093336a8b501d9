# Every library that a room may name. A room names what it uses in its own CMakeLists.txt.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(simdjson REQUIRED)
find_package(CLI11 REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(date REQUIRED)
find_package(CURL REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(ZLIB REQUIRED)
find_package(Boost 1.81 REQUIRED)  # headers only: Asio and Beast
pkg_check_modules(zstd REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(xxhash REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(pq REQUIRED IMPORTED_TARGET libpq)
pkg_check_modules(cairo REQUIRED IMPORTED_TARGET cairo)
if(FM_TESTS)
  find_package(GTest REQUIRED)
  find_library(FM_RAPIDCHECK rapidcheck REQUIRED)
  add_library(fm_rapidcheck INTERFACE)
  target_link_libraries(fm_rapidcheck INTERFACE ${FM_RAPIDCHECK})
endif()

add_library(duckdb SHARED IMPORTED)
set_target_properties(duckdb PROPERTIES
  IMPORTED_LOCATION ${FM_DUCKDB_DIR}/libduckdb.so
  IMPORTED_NO_SONAME ON
  INTERFACE_INCLUDE_DIRECTORIES ${FM_DUCKDB_DIR})
