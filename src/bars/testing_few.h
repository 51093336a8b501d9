// Properties whose every case writes lakes: a disk takes its time, so there are fewer cases.
#pragma once

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <iostream>
#include <utility>

namespace fm::bars {

// As rc::check(), for 20 cases.
template <class Property>
[[nodiscard]] ::testing::AssertionResult holds_for_a_few(const char* description,
                                                         Property&& property) {
  rc::detail::TestParams params = rc::detail::configuration().testParams;
  params.maxSuccess = 20;
  rc::detail::TestMetadata metadata;
  metadata.id = metadata.description = description;
  const rc::detail::TestResult result =
      rc::detail::checkTestable(std::forward<Property>(property), metadata, params);
  rc::detail::printResultMessage(result, std::cerr);
  std::cerr << '\n';
  return result.is<rc::detail::SuccessResult>() ? ::testing::AssertionSuccess()
                                                : ::testing::AssertionFailure();
}

}  // namespace fm::bars
