#include "execution/extensions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace aviary::execution {
namespace {

struct ExtensionStep {
  ExtensionState from;
  ExtensionCall call;
  ExtensionState to;
};

// `next` again while waiting: an extension that lost its connection asks once more.
constexpr std::array extension_steps{
    ExtensionStep{ExtensionState::Started, ExtensionCall::Register, ExtensionState::Registered},
    ExtensionStep{ExtensionState::Registered, ExtensionCall::Next, ExtensionState::Ready},
    ExtensionStep{ExtensionState::Registered, ExtensionCall::InitError, ExtensionState::InitError},
    ExtensionStep{ExtensionState::Registered, ExtensionCall::ExitError, ExtensionState::ExitError},
    ExtensionStep{ExtensionState::Ready, ExtensionCall::Next, ExtensionState::Ready},
    ExtensionStep{ExtensionState::Ready, ExtensionCall::ExitError, ExtensionState::ExitError},
    ExtensionStep{ExtensionState::Running, ExtensionCall::Next, ExtensionState::Ready},
    ExtensionStep{ExtensionState::Running, ExtensionCall::ExitError, ExtensionState::ExitError},
};

constexpr std::array<std::string_view, 8> extension_state_names{
    "Started", "Registered", "Ready", "Running", "InitError", "ExitError", "LaunchError", "Exited"};

ExtensionState target_of(ExtensionCall call) {
  switch (call) {
    case ExtensionCall::Register:
      return ExtensionState::Registered;
    case ExtensionCall::Next:
      return ExtensionState::Ready;
    case ExtensionCall::InitError:
      return ExtensionState::InitError;
    case ExtensionCall::ExitError:
      break;
  }
  return ExtensionState::ExitError;
}

constexpr std::string_view invalid_state = "Extension.InvalidExtensionState";

}  // namespace

std::optional<ExtensionState> after(ExtensionState state, ExtensionCall call) noexcept {
  for (const ExtensionStep& step : extension_steps)
    if (step.from == state && step.call == call) return step.to;
  return std::nullopt;
}

std::string_view name(ExtensionState state) noexcept {
  return extension_state_names[static_cast<std::size_t>(state)];
}

void Extensions::begin(const std::vector<std::string>& external) {
  release_all();
  all_.clear();
  for (const std::string& name : external) {
    Extension made;
    made.name = name;
    made.id = random_.uuid();
    made.external = true;
    all_.push_back(std::move(made));
  }
}

Extensions::Refusal Extensions::refused(const Extension& extension, ExtensionCall call,
                                        std::string_view whose) const {
  return {invalid_state,
          fmt::format("State transition from {} to {} failed for extension {}. Error: State "
                      "transition is not allowed",
                      execution::name(extension.state), execution::name(target_of(call)), whose)};
}

std::variant<std::string, Extensions::Refusal> Extensions::enrol(std::string_view name,
                                                                 const std::vector<std::string>& events) {
  Extension* extension = named(name);
  const bool external = extension != nullptr && extension->external;
  const bool invocations = owner_.tells_invocations();
  if (!invocations && !external && !events.empty())
    return Refusal{"Extension.InvalidEventType", "No events allowed for internal extensions"};
  for (const std::string& event : events) {
    if ((event == "INVOKE" && invocations) || (event == "SHUTDOWN" && external)) continue;
    return Refusal{"Extension.InvalidEventType",
                   fmt::format("{}: {}", event,
                               event == "SHUTDOWN" ? "ShutdownEventNotSupportedForInternalExtension"
                                                   : "InvalidEventType")};
  }
  if (extension == nullptr) {
    if (!owner_.registration_open())
      return Refusal{"Extension.RegistrationClosed", "Extension registration closed already"};
    if (all_.size() >= most)
      return Refusal{"Extension.TooManyExtensions", fmt::format("Extension limit ({}) reached", most)};
    Extension made;
    made.name = name;
    made.id = random_.uuid();
    all_.push_back(std::move(made));
    extension = &all_.back();
  } else if (!external) {
    return Refusal{invalid_state, "Extension with this name already registered"};
  }
  const auto to = after(extension->state, ExtensionCall::Register);
  if (!to) return refused(*extension, ExtensionCall::Register, name);
  extension->state = *to;
  extension->invoke = std::find(events.begin(), events.end(), "INVOKE") != events.end();
  extension->shutdown = std::find(events.begin(), events.end(), "SHUTDOWN") != events.end();
  std::string id = extension->id;
  owner_.extension_registered();
  return id;
}

const Extensions::Extension* Extensions::find(std::string_view id) const {
  for (const Extension& extension : all_)
    if (extension.id == id) return &extension;
  return nullptr;
}

Extensions::Extension* Extensions::mutable_find(std::string_view id) {
  return const_cast<Extension*>(std::as_const(*this).find(id));
}

Extensions::Extension* Extensions::named(std::string_view name) {
  for (Extension& extension : all_)
    if (extension.name == name) return &extension;
  return nullptr;
}

void Extensions::release(Extension& extension, bool event) {
  if (!extension.waiter) return;
  const OneShot<bool> waiter = std::move(*extension.waiter);
  extension.waiter.reset();
  waiter.set(event);
}

void Extensions::release_all() {
  for (Extension& extension : all_) release(extension, false);
}

std::variant<OneShot<bool>, Extensions::Refusal> Extensions::wants_event(std::string_view id) {
  Extension* extension = mutable_find(id);
  if (extension == nullptr)
    return Refusal{"Extension.UnknownExtensionIdentifier", fmt::format("Unknown extension {}", id)};
  const auto to = after(extension->state, ExtensionCall::Next);
  if (!to) return refused(*extension, ExtensionCall::Next, id);
  release(*extension, false);
  extension->state = *to;
  OneShot<bool> waiter;
  if (!extension->event.empty()) {  // it was busy when the environment began to end
    extension->state = ExtensionState::Running;
    waiter.set(true);
    return waiter;
  }
  extension->waiter = waiter;
  owner_.extension_waits();
  return waiter;
}

std::optional<std::string> Extensions::take_event(std::string_view id) {
  Extension* extension = mutable_find(id);
  if (extension == nullptr || extension->event.empty()) return std::nullopt;
  return std::exchange(extension->event, {});
}

std::optional<Extensions::Refusal> Extensions::fail(std::string_view id, std::string_view type, bool init) {
  const ExtensionCall call = init ? ExtensionCall::InitError : ExtensionCall::ExitError;
  Extension* extension = mutable_find(id);
  if (extension == nullptr)
    return Refusal{"Extension.UnknownExtensionIdentifier", fmt::format("Unknown extension {}", id)};
  const auto to = after(extension->state, call);
  if (!to) return refused(*extension, call, id);
  extension->state = *to;
  extension->error_type = type;
  release(*extension, false);
  owner_.extension_failed(
      {InvocationEnd::Failure, init ? "Extension.InitError" : "Extension.ExitError", std::string(type)});
  return std::nullopt;
}

void Extensions::deliver_invoke(const std::string& event) {
  for (Extension& extension : all_) {
    if (!extension.invoke || extension.state != ExtensionState::Ready) continue;
    extension.state = ExtensionState::Running;
    extension.event = event;
    release(extension, true);
  }
}

bool Extensions::deliver_shutdown(const std::string& event) {
  bool any = false;
  for (Extension& extension : all_) {
    if (!extension.shutdown) continue;
    const bool there = extension.state == ExtensionState::Registered ||
                       extension.state == ExtensionState::Ready || extension.state == ExtensionState::Running;
    if (!there) continue;
    any = true;
    extension.event = event;
    if (extension.state == ExtensionState::Ready) extension.state = ExtensionState::Running;
    release(extension, true);
  }
  return any;
}

void Extensions::launch_failed(std::string_view name) {
  if (Extension* extension = named(name)) extension->state = ExtensionState::LaunchError;
}

void Extensions::exited(std::string_view name) {
  Extension* extension = named(name);
  if (extension == nullptr || !extension->external) return;
  if (extension->state != ExtensionState::InitError && extension->state != ExtensionState::ExitError)
    extension->state = ExtensionState::Exited;
  release(*extension, false);
}

bool Extensions::shutting_down() const {
  return std::any_of(all_.begin(), all_.end(), [](const Extension& extension) {
    return extension.shutdown &&
           (extension.state == ExtensionState::Registered || extension.state == ExtensionState::Ready ||
            extension.state == ExtensionState::Running);
  });
}

bool Extensions::all_registered() const {
  return std::none_of(all_.begin(), all_.end(),
                      [](const Extension& extension) { return extension.state == ExtensionState::Started; });
}

bool Extensions::all_wait() const {
  return std::all_of(all_.begin(), all_.end(),
                     [](const Extension& extension) { return extension.state == ExtensionState::Ready; });
}

std::string event_list(const Extensions::Extension& extension) {
  if (extension.invoke && extension.shutdown) return "[INVOKE, SHUTDOWN]";
  return extension.invoke ? "[INVOKE]" : extension.shutdown ? "[SHUTDOWN]" : "[]";
}

}  // namespace aviary::execution
