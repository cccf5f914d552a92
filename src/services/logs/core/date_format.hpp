#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

namespace aviary::logs {

/// A date in the pattern letters of Java's DateTimeFormatter: `yyyy-MM-dd'T'HH:mm:ss.SSSZ`. Months and days
/// have their English names.
class DateFormat {
 public:
  /// Refuses letters that are not known.
  static Result<DateFormat> parse(std::string_view pattern);
  /// The moment that a text says; `zone` counts where the text says none. Nothing if it is not of the form.
  std::optional<Instant> read(std::string_view text, std::chrono::minutes zone) const;
  std::string write(Instant at, std::chrono::minutes zone) const;

 private:
  struct Part {
    char letter;  ///< 0: `text` as it is
    int count;
    std::string text;
  };
  std::vector<Part> parts_;
};

/// What a dateTimeConverter does.
class DateConversion {
 public:
  /// `matchPatterns`, `targetFormat`, `sourceTimezone`, `targetTimezone`, `locale`.
  static Result<DateConversion> parse(const Json& settings);
  /// Nothing if no pattern fits.
  std::optional<std::string> convert(std::string_view text) const;

 private:
  std::vector<DateFormat> sources_;
  DateFormat target_;
  std::chrono::minutes source_zone_{0};
  std::chrono::minutes target_zone_{0};
};

}  // namespace aviary::logs
