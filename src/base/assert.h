// Invariants. FM_ASSERT stays in release builds: a row that cannot be trusted is worse than a stop.
// FM_DCHECK is for per-record loops and vanishes in release builds. Neither is for bad input, which
// is an Error.
#pragma once

namespace fm {
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line);
}

#define FM_ASSERT(condition) \
  ((condition) ? static_cast<void>(0) : ::fm::assertion_failed(#condition, __FILE__, __LINE__))

#ifdef NDEBUG
#define FM_DCHECK(condition) static_cast<void>(0)
#else
#define FM_DCHECK(condition) FM_ASSERT(condition)
#endif
