#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace aviary::cloudwatch {

enum class AlarmState : std::uint8_t { Ok, Alarm, InsufficientData };

constexpr std::string_view name_of(AlarmState state) {
  switch (state) {
    case AlarmState::Ok:
      return "OK";
    case AlarmState::Alarm:
      return "ALARM";
    case AlarmState::InsufficientData:
      break;
  }
  return "INSUFFICIENT_DATA";
}

constexpr std::optional<AlarmState> alarm_state_named(std::string_view name) {
  for (const AlarmState state : {AlarmState::Ok, AlarmState::Alarm, AlarmState::InsufficientData})
    if (name_of(state) == name) return state;
  return std::nullopt;
}

}  // namespace aviary::cloudwatch
