#pragma once

#include <string>
#include <vector>

#include "ports/body_source.hpp"

namespace aviary::testing {

/// Gives `pieces`, then ends as said.
struct ScriptedBody final : BodySource {
  std::vector<std::string> pieces;
  BodyEnd end = BodyEnd::Complete;
  Task<BodyPiece> next() override {
    BodyPiece piece{.bytes = {}, .end = end};
    if (!pieces.empty()) {
      piece.bytes = pieces.front();
      pieces.erase(pieces.begin());
    }
    co_return piece;
  }
};

}  // namespace aviary::testing
