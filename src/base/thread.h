// What a thread says of itself to the operating system.
#pragma once

namespace fm {

enum class ThreadPriority {
  kNormal,
  kBackground,  // work that can wait for hours: takes what the other threads leave
};

// The calling thread's name in tools such as top and gdb, up to 15 letters: "fm-receive".
void name_thread(const char* name, ThreadPriority priority = ThreadPriority::kNormal);

}  // namespace fm
