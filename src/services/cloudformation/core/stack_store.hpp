#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "ports/journal.hpp"
#include "ports/random.hpp"
#include "services/cloudformation/core/stack.hpp"

namespace aviary::cloudformation {

/// All stacks, also those that are deleted, and how they last. Pointers are good until a stack is added.
class StackStore {
 public:
  StackStore(Journal& journal, Random& ids) : journal_(journal), ids_(ids) {}

  using Stacks = std::map<std::string, Stack, std::less<>>;
  const Stacks& all() const noexcept { return stacks_; }
  Stack& add(Stack stack);
  /// By ARN, also deleted ones.
  Stack* by_id(std::string_view id);
  /// By name or ARN; by name only what is not deleted. Null if there is none.
  Stack* find(std::string_view account, std::string_view region, std::string_view name_or_id);
  /// Forgets a stack: one that never came to be.
  void erase(std::string_view id);

  void save(const Stack& stack);
  void save_resource(const Stack& stack, const StackResource& resource);
  void erase_resource(Stack& stack, std::string_view logical_id);

  /// What happened to the stack itself, or to one of its resources.
  void set_status(Stack& stack, std::string status, std::string reason, Instant now);
  void set_status(Stack& stack, StackResource& resource, std::string status, std::string reason, Instant now);

  /// Is told of each new status of a stack, and of a stack that is forgotten, by its ARN.
  void watch(std::function<void(const std::string& id)> watcher) { watcher_ = std::move(watcher); }
  /// Is told of each event.
  using Listener = std::function<void(const Stack& stack, const StackEvent& event)>;
  void on_event(Listener listener) { listener_ = std::move(listener); }

  /// Value and stack of an export in the scope; null if there is none.
  const Output* find_export(std::string_view account, std::string_view region, std::string_view name,
                            const Stack** owner = nullptr) const;

  void restore(Instant now);
  void clear() { stacks_.clear(); }

 private:
  void add_event(Stack& stack, StackEvent event, Instant now);

  Journal& journal_;
  Random& ids_;
  Stacks stacks_;  ///< by ARN
  std::function<void(const std::string&)> watcher_;
  Listener listener_;
};

/// Everything that a template refers to, as the stack is now. `conditions` may be null while they are
/// evaluated. All references must outlive the result.
Lookups lookups_of(const StackStore& store, const Stack& stack, const Wish& wish,
                   const std::map<std::string, bool>* conditions);

}  // namespace aviary::cloudformation
