#include "google/mirror_plan.h"

#include <gtest/gtest.h>

namespace fm::google {
namespace {

using ops::MirrorStage;

// "a b<x+y c": files a, b (merged from x and y) and c.
lake::Manifest manifest_of(std::string_view text) {
  lake::Manifest manifest;
  manifest.table = "market_data.candles_1m";
  manifest.partition = "p_root=ES/p_day=2025-06-16";
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    lake::DataFile file;
    file.name = word.substr(0, word.find('<'));
    if (word.contains('<')) {
      std::string_view from = word.substr(word.find('<') + 1);
      while (!from.empty()) {
        file.merged_from.emplace_back(from.substr(0, from.find('+')));
        from.remove_prefix(std::min(file.merged_from.back().size() + 1, from.size()));
      }
    }
    manifest.files.push_back(file);
  }
  return manifest;
}

// "a:v b:p c:s@": verified, planned; @: in a batch.
std::vector<ops::MirrorPart> known_of(std::string_view text) {
  const std::map<char, MirrorStage> stages = {
      {'p', MirrorStage::kPlanned}, {'u', MirrorStage::kUploaded}, {'s', MirrorStage::kSubmitted},
      {'l', MirrorStage::kLoaded},  {'v', MirrorStage::kVerified}, {'x', MirrorStage::kSuperseded}};
  std::vector<ops::MirrorPart> parts;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    ops::MirrorPart part;
    part.part = word.substr(0, word.find(':'));
    part.stage = stages.at(word[word.find(':') + 1]);
    if (word.ends_with('@')) part.batch_id = "batch";
    parts.push_back(std::move(part));
  }
  return parts;
}

template <class Range, class Name>
std::string words(const Range& range, Name name) {
  std::string text;
  for (const auto& each : range) text += (text.empty() ? "" : " ") + std::string(name(each));
  return text;
}

TEST(MirrorPlan, SaysWhatAPartitionNeeds) {
  struct {
    const char* what;
    const char* files;
    const char* known;
    bool ours;
    const char *fresh, *append, *adopted, *merged, *dropped;
    bool correct, wait;
  } const cases[] = {
      {"nothing anywhere", "", "", true, "", "", "", "", "", false, false},
      {"the first parts", "a b", "", true, "a b", "a b", "", "", "", false, false},
      {"all is there", "a b", "a:v@ b:v@", true, "", "", "", "", "", false, false},
      {"another minute", "a b", "a:v@", true, "b", "b", "", "", "", false, false},
      {"uploaded and not loaded", "a b", "a:v@ b:u", true, "", "b", "", "", "", false, false},
      {"under way", "a b", "a:v@ b:u@", true, "", "", "", "", "", false, true},
      {"under way, submitted", "b", "a:v@ b:s@", true, "", "", "", "", "", false, true},
      {"merged", "m<a+b c", "a:v@ b:v@", true, "m c", "c", "m", "a b", "", false, false},
      {"merged, but one of them is not there", "m<a+b", "a:v@", true, "m", "", "", "", "", true,
       false},
      {"merged, and one of them only uploaded", "m<a+b", "a:v@ b:u", true, "m", "", "", "", "b",
       true, false},
      {"merged before any was loaded", "m<a+b", "a:u b:p", true, "m", "m", "", "", "a b", false,
       false},
      {"merged twice, by what is between", "d<m+n", "a:v@ b:v@", true, "d", "", "", "", "", true,
       false},
      {"two merges of the same parts", "m<a+b n<a", "a:v@ b:v@", true, "m n", "n", "m", "a b", "",
       false, false},
      {"replaced", "b", "a:v@", true, "b", "", "", "", "", true, false},
      {"emptied", "", "a:v@", true, "", "", "", "", "", true, false},
      {"replaced before it was loaded", "b", "a:u", true, "b", "b", "", "", "a", false, false},
      {"superseded ones count for nothing", "a", "a:v@ b:x@", true, "", "", "", "", "", false,
       false},
      {"back again", "a", "a:x@ b:v@", true, "a", "", "", "", "", true, false},
      {"rows of somebody else may be there", "a", "", false, "a", "", "", "", "", true, false},
      {"and none here", "", "", false, "", "", "", "", "", false, false},
      {"they were replaced", "a b", "a:v@", false, "b", "b", "", "", "", false, false},
      {"rows of nobody knows where", "a", "a:u unknown:v", true, "", "", "", "", "", true, false},
  };
  for (const auto& c : cases) {
    const auto plan = plan_partition(manifest_of(c.files), known_of(c.known), c.ours);
    const auto file_name = [](const lake::DataFile& file) { return file.name; };
    const auto part_name = [](const ops::MirrorPart& part) { return part.part; };
    const auto itself = [](const std::string& name) { return name; };
    EXPECT_EQ(words(plan.fresh, file_name), c.fresh) << c.what;
    EXPECT_EQ(words(plan.append, itself), c.append) << c.what;
    EXPECT_EQ(words(plan.adopted, itself), c.adopted) << c.what;
    EXPECT_EQ(words(plan.merged, part_name), c.merged) << c.what;
    EXPECT_EQ(words(plan.dropped, part_name), c.dropped) << c.what;
    EXPECT_EQ(plan.correct, c.correct) << c.what;
    EXPECT_EQ(plan.wait, c.wait) << c.what;
  }
}

}  // namespace
}  // namespace fm::google
