#include "base/thread.h"

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

namespace fm {

void name_thread(const char* name, ThreadPriority priority) {
  constexpr int kBackgroundNice = 15;
  const bool is_background = priority == ThreadPriority::kBackground;
#if defined(__APPLE__)
  ::pthread_setname_np(name);
  if (is_background) ::setpriority(PRIO_DARWIN_THREAD, 0, PRIO_DARWIN_BG);
  static_cast<void>(kBackgroundNice);
#else
  ::pthread_setname_np(::pthread_self(), name);
  // On Linux a thread has its own nice value. Where it may not be changed, it stays as it is.
  if (is_background) ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kBackgroundNice);
#endif
}

}  // namespace fm
