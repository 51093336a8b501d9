#include "dbn/field_list.h"

#include <fmt/core.h>

#include <algorithm>
#include <type_traits>

#include "dbn/text_fields.h"

namespace fm::dbn {
namespace {

struct Placed {
  std::size_t byte;
  FieldInfo info;
};

template <class Value>
FieldInfo info_of(std::string name) {
  if constexpr (std::is_class_v<Value>)  // an array of characters
    return {std::move(name), fmt::format("char[{}]", std::tuple_size_v<Value>), "string"};
  else if constexpr (std::is_same_v<Value, char>)
    return {std::move(name), "char", "string"};
  else if constexpr (std::is_enum_v<Value>)
    return info_of<std::underlying_type_t<Value>>(std::move(name));
  else
    return {std::move(name),
            fmt::format("{}int{}_t", std::is_signed_v<Value> ? "" : "u", 8 * sizeof(Value)),
            sizeof(Value) == 8 ? "string" : "int"};
}

// `base` is where the object lies in its record, `suffix` what numbers it.
template <class Object>
void add_fields(const Object& object, std::size_t base, const std::string& suffix,
                std::vector<Placed>& out) {
  for_each_field<Object>([&]<class Value>(const Field<Object, Value>& field) {
    const auto& value = object.*field.member;
    const std::size_t byte =
        base + static_cast<std::size_t>(reinterpret_cast<const std::byte*>(&value) -
                                        reinterpret_cast<const std::byte*>(&object));
    if constexpr (std::is_same_v<Value, RecordHeader>) {
      add_fields(value, byte, suffix, out);
    } else if constexpr (std::is_class_v<Value>) {
      if constexpr (std::is_class_v<typename Value::value_type>) {
        for (std::size_t i = 0; i < value.size(); ++i)
          add_fields(value[i], byte + i * sizeof value[i], fmt::format("_{:02}", i), out);
      } else {
        out.push_back({byte, info_of<Value>(std::string(field.name) + suffix)});
      }
    } else {
      out.push_back({byte, info_of<Value>(std::string(field.name) + suffix)});
    }
  });
}

template <class Record>
bool add_if_held(RType rtype, std::vector<Placed>& out) {
  if (!out.empty() || !Record::holds(rtype)) return false;
  add_fields(Record{}, 0, "", out);
  return true;
}

}  // namespace

std::vector<FieldInfo> fields_of(RType rtype, FieldOrder order) {
  std::vector<Placed> placed;
  // The newest form of a kind stands before its older ones.
  std::apply(
      [&](const auto&... record) {
        (add_if_held<std::decay_t<decltype(record)>>(rtype, placed), ...);
      },
      AllRecords{});
  if (order == FieldOrder::kBinary && !placed.empty()) {
    placed.push_back({0, {"length", "uint8_t", "int"}});
    std::ranges::sort(placed, {}, &Placed::byte);
  }
  std::vector<FieldInfo> out;
  out.reserve(placed.size());
  for (Placed& one : placed) out.push_back(std::move(one.info));
  return out;
}

}  // namespace fm::dbn
