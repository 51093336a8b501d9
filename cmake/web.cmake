# fm_page(TARGET): builds web/ and compiles it into TARGET, which has server/page.h.
function(fm_page target)
  set(web ${CMAKE_SOURCE_DIR}/web)
  file(GLOB_RECURSE page_sources CONFIGURE_DEPENDS ${web}/src/*.ts ${web}/src/*.tsx ${web}/src/*.css ${web}/public/*)
  list(FILTER page_sources EXCLUDE REGEX "_test\\.ts$")
  set(dist ${CMAKE_BINARY_DIR}/web/dist)
  set(generated ${CMAKE_BINARY_DIR}/web/page_files.cc)
  add_custom_command(
    OUTPUT ${generated}
    COMMAND ${CMAKE_SOURCE_DIR}/tools/page build ${dist} ${generated}
    DEPENDS ${page_sources} ${web}/index.html ${web}/package-lock.json ${web}/vite.config.ts ${web}/tsconfig.json
      ${web}/tools/embed.mjs ${CMAKE_SOURCE_DIR}/tools/page
    COMMENT "Building the page"
    VERBATIM)
  target_sources(${target} PRIVATE ${generated})
endfunction()
