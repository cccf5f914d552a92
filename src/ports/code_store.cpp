#include "ports/code_store.hpp"

namespace aviary {

Task<CodeStore::Result<CodeHandle>> CodeStore::take(std::shared_ptr<BodySource> zip) {
  std::string bytes;
  while (true) {
    auto taking = zip->next();
    const BodyPiece piece = co_await std::move(taking);
    if (piece.bytes.empty()) {
      if (piece.end != BodyEnd::Complete) co_return CodeProblem::Disk;
      break;
    }
    bytes += piece.bytes;
  }
  auto storing = store(std::move(bytes));
  Result<CodeHandle> stored = co_await std::move(storing);
  co_return stored;
}

}  // namespace aviary
