// What an archive keeps in memory. Private to the room.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "gateway/archive.h"
#include "gateway/symbology_builder.h"

namespace fm::gateway {

struct Dataset {
  std::vector<std::size_t> files;  // indices into State::files, in their order
  SymbologyBuilder builder;        // what opening the files taught; spent by the first symbology()
  std::unique_ptr<Symbology> symbology;
};

struct Archive::State {
  Env* env = nullptr;
  std::vector<ArchiveFile> files;
  std::map<std::string, Dataset, std::less<>> datasets;
  std::mutex mutex;  // of every builder and symbology
};

// A stream over some of the files, in their order.
[[nodiscard]] RecordStream open_stream(Env& env, std::vector<ArchiveFile> files,
                                       ReadRequest request);

}  // namespace fm::gateway
