#pragma once

#include <bitset>
#include <optional>
#include <string_view>

#include "base/time.hpp"

namespace aviary {

/// When something runs: `rate(5 minutes)` or `cron(0 10 ? * MON-FRI *)`, in UTC.
///
/// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cron-expressions.html
class Schedule {
 public:
  /// Nothing if it is none that AWS takes.
  static std::optional<Schedule> parse(std::string_view expression);
  /// The first moment after `after`; of a rate, counted from `start`. Nothing: never again.
  std::optional<Instant> next(Instant start, Instant after) const;

 private:
  struct Cron {
    std::bitset<60> minutes{};
    std::bitset<24> hours{};
    std::bitset<32> days{};     ///< of the month, from 1
    std::bitset<13> months{};   ///< from 1
    std::bitset<8> weekdays{};  ///< from 1, which is Sunday
    std::bitset<230> years{};   ///< from 1970
    bool last_day = false;      ///< `L` as the day of the month
    int nearest_weekday = 0;    ///< `15W`
    int last_weekday = 0;       ///< `6L`: the month's last Friday
    int nth_weekday = 0;        ///< `6#3`: the month's third Friday
    int nth = 0;
    bool any_day = false;      ///< `?` or `*` as the day of the month
    bool any_weekday = false;  ///< `?` or `*` as the day of the week
  };

  bool matches(std::chrono::sys_days day) const;
  static std::optional<Schedule> parse_cron(std::string_view fields);

  Duration rate_{};  ///< zero: a cron
  Cron cron_{};
};

}  // namespace aviary
