#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "gateway/operation_table.hpp"
#include "gateway/service.hpp"

namespace aviary {

/// A service that answers by its table: `S::operations()`, which names its model and its members.
template <class S>
class TableService : public Service {
 public:
  const models::Service& model() const final { return operations_.model(); }
  Task<Result<Reply>> call(Call call) override {
    return operations_.call(static_cast<S&>(*this), std::move(call));
  }
  std::vector<std::string_view> supported_operations() const override { return S::implemented_operations(); }
  static std::vector<std::string_view> implemented_operations() { return S::operations().names(); }

 protected:
  TableService() : operations_(S::operations()) {}

 private:
  OperationTable<S> operations_;
};

}  // namespace aviary
