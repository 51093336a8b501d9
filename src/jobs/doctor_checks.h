// The single looks that `examine` takes. Each adds at least one finding.
#pragma once

#include <string>
#include <string_view>

#include "base/env.h"
#include "jobs/config.h"
#include "jobs/doctor.h"

namespace fm::jobs {

void examine_libraries(Env& env, DoctorReport& report);
void examine_universe(Env& env, const Config& config, DoctorReport& report);
void examine_time_zones(DoctorReport& report);
// Free space, and that files can be made there; for a lake also hard links and the atomic swap of
// directories.
void examine_folder(Env& env, std::string_view subject, const std::string& folder, bool is_lake,
                    DoctorReport& report);
void examine_state(Env& env, const Config& config, DoctorReport& report);
// The PostgreSQL database, where one is named: reached, of which version, with which tables and
// rights. Waits seconds at most.
void examine_database(Env& env, const Variables& variables, const Config& config,
                      DoctorReport& report);
void examine_clock(Env& env, const Config& config, DoctorReport& report);
// Credentials, bucket and tables in Google Cloud, where the configuration names any.
void examine_cloud(Env& env, const Variables& variables, const Config& config,
                   DoctorReport& report);

}  // namespace fm::jobs
