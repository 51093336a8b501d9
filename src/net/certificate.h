// A certificate for this machine, signed by itself.
#pragma once

#include <string>

#include "base/env.h"
#include "base/error.h"

namespace fm::net {

struct CertificateFiles {
  std::string certificate;  // PEM; clients name it as their authority
  std::string key;          // PEM, mode 0600
};

// DIRECTORY/localhost.crt and localhost.key for localhost, 127.0.0.1 and ::1, valid for a year. A
// pair that is there and good for another week is kept. Errors: those of Env; kInternal.
[[nodiscard]] Result<CertificateFiles> make_local_certificate(Env& env,
                                                              const std::string& directory);

}  // namespace fm::net
