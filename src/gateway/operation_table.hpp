#pragma once

#include <fmt/format.h>

#include <initializer_list>
#include <span>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/service.hpp"
#include "wire/protocol.hpp"

namespace aviary {

/// Which member of `S` answers which operation: the only list of its kind that a service has, for routes,
/// shapes and errors are the model's. Built once with the service; a call costs one look-up by index.
template <class S>
class OperationTable {
 public:
  using Now = Result<Reply> (S::*)(Call&);         ///< answers in one synchronous step
  using Later = Task<Result<Reply>> (S::*)(Call);  ///< waits for something on its way

  struct Entry {
    std::string_view operation;
    Now now = nullptr;
    Later later = nullptr;

    constexpr Entry(std::string_view name, Now handler) : operation(name), now(handler) {}
    constexpr Entry(std::string_view name, Later handler) : operation(name), later(handler) {}
  };

  /// `service_name` as people say it, for operations that are not there: "CloudWatch Logs". Throws
  /// std::logic_error for an operation that the model does not have.
  OperationTable(const models::Service& model, std::string_view service_name, std::span<const Entry> entries)
      : model_(&model), service_name_(service_name), handlers_(model.operations.size()) {
    for (const Entry& entry : entries) {
      const models::Operation* operation = model.find_operation(entry.operation);
      if (!operation) throw std::logic_error(fmt::format("the model has no operation {}", entry.operation));
      handlers_[index_of(operation)] = {entry.now, entry.later};
    }
  }

  Task<Result<Reply>> call(S& service, Call call) const {
    const Handler handler = handlers_[index_of(call.operation)];
    if (handler.later) {
      Result<Reply> reply = co_await (service.*handler.later)(std::move(call));
      co_return reply;
    }
    if (handler.now) co_return (service.*handler.now)(call);
    co_return AwsError(
        wire::errors::NotImplemented,
        fmt::format("{}'s operation {} is not part of Aviary yet.", service_name_, call.operation->name));
  }

  const models::Service& model() const { return *model_; }
  /// The operations that are answered, in the order of the model.
  std::vector<std::string_view> names() const {
    std::vector<std::string_view> names;
    for (std::size_t i = 0; i < handlers_.size(); ++i)
      if (handlers_[i].now || handlers_[i].later) names.push_back(model_->operations[i].name);
    return names;
  }

 private:
  struct Handler {
    Now now = nullptr;
    Later later = nullptr;
  };
  std::size_t index_of(const models::Operation* operation) const {
    return static_cast<std::size_t>(operation - model_->operations.data());
  }

  const models::Service* model_;
  std::string_view service_name_;
  std::vector<Handler> handlers_;
};

}  // namespace aviary
