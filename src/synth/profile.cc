#include "synth/profile.h"

#include <array>

#include "base/assert.h"

namespace fm::synth {
namespace {

constexpr std::string_view kQuarterly = "HMUZ";
constexpr std::string_view kMonthly = "FGHJKMNQUVXZ";

constexpr Price units(std::int64_t whole, std::int64_t billionths = 0) {
  return whole * kPriceScale + billionths;
}

//   root    months       price                     step                  weight level carry
constexpr std::array kProfiles{
    Profile{"ES", kQuarterly, units(6000), units(0, 250'000'000), 100, 36, 216},
    Profile{"NQ", kQuarterly, units(21800), units(0, 250'000'000), 90, 5, 860},
    Profile{"RTY", kQuarterly, units(2140), units(0, 100'000'000), 35, 12, 190},
    Profile{"MES", kQuarterly, units(6000), units(0, 250'000'000), 60, 60, 216},
    Profile{"MNQ", kQuarterly, units(21800), units(0, 250'000'000), 70, 14, 860},
    Profile{"M2K", kQuarterly, units(2140), units(0, 100'000'000), 15, 24, 190},
    Profile{"CL", kMonthly, units(68), units(0, 10'000'000), 60, 14, -62},
    Profile{"BZ", kMonthly, units(71), units(0, 10'000'000), 4, 6, -55},
    Profile{"QM", kMonthly, units(68), units(0, 25'000'000), 3, 4, -24},
    Profile{"HO", kMonthly, units(2, 350'000'000), units(0, 100'000), 15, 4, -45},
    Profile{"RB", kMonthly, units(2, 150'000'000), units(0, 100'000), 15, 4, -60},
    Profile{"NG", kMonthly, units(3, 600'000'000), units(0, 1'000'000), 40, 16, 85},
    Profile{"GC", "GJMQVZ", units(3400), units(0, 100'000'000), 55, 8, 280},
    Profile{"SI", "HKNUZ", units(36, 500'000'000), units(0, 5'000'000), 25, 6, 62},
    Profile{"HG", "HKNUZ", units(4, 800'000'000), units(0, 500'000), 20, 8, 70},
    Profile{"PL", "FJNV", units(1250), units(0, 100'000'000), 6, 4, 70},
    Profile{"PA", kQuarterly, units(1050), units(0, 500'000'000), 2, 2, 14},
    Profile{"ZC", "HKNUZ", units(440), units(0, 250'000'000), 30, 110, 28},
    Profile{"ZW", "HKNUZ", units(545), units(0, 250'000'000), 22, 40, 62},
    Profile{"ZS", "FHKNQUX", units(1050), units(0, 250'000'000), 30, 40, 22},
    Profile{"ZM", "FHKNQUVZ", units(292), units(0, 100'000'000), 18, 22, 38},
    Profile{"ZL", "FHKNQUVZ", units(48), units(0, 10'000'000), 25, 18, 21},
    Profile{"ZO", "HKNUZ", units(360), units(0, 250'000'000), 1, 3, 12},
    Profile{"ZR", "FHKNUX", units(14), units(0, 5'000'000), 1, 2, 18},
    Profile{"LE", "GJMQVZ", units(212), units(0, 25'000'000), 8, 14, -70},
    Profile{"HE", "GJKMNQVZ", units(101), units(0, 25'000'000), 6, 12, 95},
    Profile{"GF", "FHJKQUVX", units(301), units(0, 25'000'000), 3, 5, -20},
    Profile{"6E", kQuarterly, units(1, 155'000'000), units(0, 50'000), 35, 45, 110},
    Profile{"6A", kQuarterly, units(0, 652'000'000), units(0, 50'000), 15, 50, 14},
    Profile{"6B", kQuarterly, units(1, 350'000'000), units(0, 100'000), 16, 40, 4},
    Profile{"6C", kQuarterly, units(0, 735'000'000), units(0, 50'000), 12, 45, 60},
    Profile{"6J", kQuarterly, units(0, 6'900'000), units(0, 500), 20, 50, 135},
    Profile{"6L", kMonthly, units(0, 180'000'000), units(0, 50'000), 1, 10, -26},
    Profile{"CNH", kQuarterly, units(7, 180'000'000), units(0, 100'000), 1, 8, -340},
};
constexpr Profile kPlain{"", kQuarterly, units(1000), units(0, 10'000'000), 5, 12, 25};

constexpr unsigned kQuarterlyHandoverDay = 8;
constexpr unsigned kOtherHandoverDay = 18;

bool lists(const Profile& profile, unsigned month) {
  return profile.months.find(market::letter_of_month(month)) != std::string_view::npos;
}

market::YearMonth month_after(market::YearMonth of) {
  if (of.month == 12) return {static_cast<std::int16_t>(of.year + 1), 1};
  return {of.year, static_cast<std::uint8_t>(of.month + 1)};
}

}  // namespace

const Profile& profile_of(std::string_view root) {
  for (const Profile& profile : kProfiles) {
    if (profile.root == root) return profile;
  }
  return kPlain;
}

market::YearMonth next_delivery(const Profile& profile, market::YearMonth delivery) {
  FM_ASSERT(!profile.months.empty());
  do {
    delivery = month_after(delivery);
  } while (!lists(profile, delivery.month));
  return delivery;
}

Date handover_date(const Profile& profile, market::YearMonth delivery) {
  if (profile.months == kQuarterly) return {delivery.year, delivery.month, kQuarterlyHandoverDay};
  if (delivery.month == 1) return {delivery.year - 1, 12, kOtherHandoverDay};
  return {delivery.year, delivery.month - 1U, kOtherHandoverDay};
}

market::YearMonth busiest_delivery(const Profile& profile, Date date) {
  market::YearMonth delivery{static_cast<std::int16_t>(date.year() - 1), 12};
  do {
    delivery = next_delivery(profile, delivery);
  } while (handover_date(profile, delivery) <= date);
  return delivery;
}

}  // namespace fm::synth
