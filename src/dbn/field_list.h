// The fields of a kind of record, for people who ask what a file will hold.
#pragma once

#include <string>
#include <vector>

#include "dbn/enums.h"

namespace fm::dbn {

enum class FieldOrder {
  kBinary,  // as they lie in the record, the header's length first, padding left out
  kText,    // as CSV has them; levels numbered
};

struct FieldInfo {
  std::string name;         // "bid_px_00"
  std::string binary_type;  // "int64_t", "char", "char[71]"
  std::string json_type;    // "string" or "int": 64-bit integers are strings in JSON
};

// Of the newest version; empty for a type that is not known.
[[nodiscard]] std::vector<FieldInfo> fields_of(RType rtype, FieldOrder order);

}  // namespace fm::dbn
