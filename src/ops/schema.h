// The SQLite schema, as the steps that lead to it. A step that was released never changes: files
// made by it exist.
#pragma once

#include "base/error.h"
#include "ops/sqlite.h"

namespace fm::ops {

[[nodiscard]] int newest_schema();
// Errors: kUnsupported when the file's schema is newer than this program.
[[nodiscard]] Status migrate(Sqlite& sqlite);
// Errors: kUnsupported when the file's schema is not the newest.
[[nodiscard]] Status expect_newest_schema(Sqlite& sqlite);

}  // namespace fm::ops
