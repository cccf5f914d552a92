#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "execution/failure.hpp"
#include "ports/one_shot.hpp"
#include "ports/random.hpp"

namespace aviary::execution {

/// Where an extension is; names as AWS's refusals spell them.
enum class ExtensionState : std::uint8_t {
  Started,  ///< an external one, which has not registered yet
  Registered,
  Ready,    ///< waits in `next`
  Running,  ///< was given an event
  InitError,
  ExitError,
  LaunchError,
  Exited,
};
enum class ExtensionCall : std::uint8_t { Register, Next, InitError, ExitError };

/// The state that the call leads to, or nothing where it is refused [runtime interface emulator,
/// core/agentsmap.go and agentstates.go].
std::optional<ExtensionState> after(ExtensionState state, ExtensionCall call) noexcept;
std::string_view name(ExtensionState state) noexcept;

/// The extensions of one environment, as the Extensions API sees them: who is there, who waits for an event,
/// who has failed. Lives on the loop, owned by the environment.
class Extensions {
 public:
  /// Of both kinds together [developer guide, "Lambda quotas" and the runtime interface emulator].
  static constexpr std::size_t most = 10;

  struct Extension {
    std::string name;
    std::string id;
    bool external = false;
    bool invoke = false;    ///< wants INVOKE
    bool shutdown = false;  ///< wants SHUTDOWN
    ExtensionState state = ExtensionState::Started;
    std::optional<OneShot<bool>> waiter{};
    std::string event{};       ///< to be taken by `next`
    std::string error_type{};  ///< as it was reported
  };
  /// Why a call was not accepted: 403 with this type.
  struct Refusal {
    std::string_view type;
    std::string message;
  };

  /// Told after every change. It may end the environment, so nothing is done after a call.
  class Owner {
   public:
    virtual ~Owner() = default;
    /// Internal extensions register while the runtime starts, and not later.
    virtual bool registration_open() const = 0;
    /// Whether there are INVOKE events: not where invocations run side by side.
    virtual bool tells_invocations() const { return true; }
    virtual void extension_registered() = 0;
    virtual void extension_waits() = 0;
    virtual void extension_failed(Failure failure) = 0;
  };

  Extensions(Owner& owner, Random& random) : owner_(owner), random_(random) {}
  ~Extensions() { release_all(); }
  Extensions(const Extensions&) = delete;
  Extensions& operator=(const Extensions&) = delete;

  /// Anew: these programs are being started.
  void begin(const std::vector<std::string>& external);

  // The API's side.
  std::variant<std::string, Refusal> enrol(std::string_view name, const std::vector<std::string>& events);
  /// Null if nobody has this id.
  const Extension* find(std::string_view id) const;
  /// Set to true when there is an event to take, to false when there will be none.
  std::variant<OneShot<bool>, Refusal> wants_event(std::string_view id);
  std::optional<std::string> take_event(std::string_view id);
  std::optional<Refusal> fail(std::string_view id, std::string_view type, bool init);

  // The environment's side.
  void deliver_invoke(const std::string& event);
  /// To those that want it; false if there are none.
  bool deliver_shutdown(const std::string& event);
  void launch_failed(std::string_view name);
  void exited(std::string_view name);
  /// Whether one that was told to shut down still runs.
  bool shutting_down() const;
  bool all_registered() const;
  bool all_wait() const;
  bool any() const noexcept { return !all_.empty(); }
  const std::vector<Extension>& all() const noexcept { return all_; }
  /// For an event.
  std::string new_id() { return random_.uuid(); }
  /// Nobody gets an event any more.
  void release_all();

 private:
  Extension* mutable_find(std::string_view id);
  Extension* named(std::string_view name);
  Refusal refused(const Extension& extension, ExtensionCall call, std::string_view whose) const;
  static void release(Extension& extension, bool event);

  Owner& owner_;
  Random& random_;
  std::vector<Extension> all_;
};

/// `[INVOKE, SHUTDOWN]`: what an extension registered for, as the log shows it.
std::string event_list(const Extensions::Extension& extension);

}  // namespace aviary::execution
