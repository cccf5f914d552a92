// `/_aviary/faults`, `/_aviary/traffic`, `/_aviary/recordings`, `/_aviary/shadows`: failing on purpose.
#include <fmt/format.h>

#include <functional>
#include <variant>

#include "app/admin.hpp"
#include "app/admin_input.hpp"
#include "app/parts.hpp"

namespace aviary::app {
namespace {

using rehearsal::Checked;

/// What a person asked for and got, or why not.
wire::Response told(const Checked<Json>& made, int status = 201) {
  return made ? json_response(*made, status) : error_response(400, made.error().message);
}

wire::Response none_of(std::string_view kind, std::string_view id) {
  return error_response(404, fmt::format("There is no {} '{}'.", kind, id));
}

/// One of a list of `{"id": …}`; null: none.
Json one_of(const Json& list, std::string_view id) {
  for (const Json& one : list)
    if (one.at("id") == id) return one;
  return nullptr;
}

/// `GET` of a list, `GET` of one of it, `DELETE` of one, `DELETE` of all: the same for everything here.
struct Collection {
  std::string_view path;    ///< `/_aviary/faults`
  std::string_view member;  ///< `faults`
  std::string_view kind;    ///< `fault`
  std::function<Json()> list;
  std::function<Json(const std::string& id)> find;
  std::function<Json(const std::string& id)> remove;  ///< null: there is none; true: nothing more to say
};

void add_collection(Admin& admin, const Collection& of) {
  const std::string path(of.path);
  const std::string below = path + "/*";
  admin.add("GET", path, [of](const wire::Request&) {
    return json_response({{std::string(of.member), of.list()}});
  });
  admin.add("GET", below, [of](const wire::Request& request) {
    const std::string id = below_path(request, of.path);
    const Json found = of.find(id);
    return found.is_null() ? none_of(of.kind, id) : json_response(found);
  });
  admin.add("DELETE", path, [of](const wire::Request&) {
    const Json all = of.list();
    for (const Json& one : all) of.remove(one.at("id").get<std::string>());
    return json_response({{"removed", all.size()}});
  });
  admin.add("DELETE", below, [of](const wire::Request& request) {
    const std::string id = below_path(request, of.path);
    const Json gone = of.remove(id);
    if (gone.is_null()) return none_of(of.kind, id);
    return json_response(gone.is_object() ? gone : Json{{"removed", 1}});
  });
}

/// A handler that wants the body as a document.
using Take = std::function<wire::Response(const wire::Request&, const Json&)>;
Admin::Now with_document(Take take) {
  return [take = std::move(take)](const wire::Request& request) {
    auto body = read_document(request);
    if (auto* refusal = std::get_if<wire::Response>(&body)) return std::move(*refusal);
    return take(request, std::get<Json>(body));
  };
}

void add_fault_routes(Parts& parts) {
  rehearsal::FaultRules& faults = *parts.faults;
  Admin& admin = parts.admin;
  add_collection(admin, {.path = "/_aviary/faults",
                         .member = "faults",
                         .kind = "fault",
                         .list = [&faults] { return faults.describe(); },
                         .find = [&faults](const std::string& id) { return one_of(faults.describe(), id); },
                         .remove = [&faults](const std::string& id) -> Json {
                           return faults.remove(id) ? Json(true) : Json(nullptr);
                         }});
  const auto set = [](const Checked<Json>& made, int status) {
    return made ? json_response({{"faults", *made}}, status) : error_response(400, made.error().message);
  };
  admin.add("POST", "/_aviary/faults", with_document([&faults, set](const wire::Request&, const Json& body) {
              return set(faults.add(body), 201);
            }));
  admin.add("PUT", "/_aviary/faults", with_document([&faults, set](const wire::Request&, const Json& body) {
              return set(faults.replace_all(body), 200);
            }));
}

void add_traffic_routes(Parts& parts) {
  rehearsal::Traffic& traffic = *parts.traffic;
  Admin& admin = parts.admin;
  add_collection(admin, {.path = "/_aviary/traffic",
                         .member = "traffic",
                         .kind = "traffic",
                         .list = [&traffic] { return traffic.describe(); },
                         .find = [&traffic](const std::string& id) { return one_of(traffic.describe(), id); },
                         .remove = [&traffic](const std::string& id) { return traffic.remove(id); }});
  admin.add("POST", "/_aviary/traffic",
            with_document([&parts](const wire::Request& request, const Json& body) {
              const rehearsal::RecordedEvents recorded = [&parts](const std::string& id) {
                return parts.tape->events(id);
              };
              return told(parts.traffic->start(body, scope_in(parts, request), recorded));
            }));
}

/// `POST /_aviary/recordings/ID/stop`, `POST /_aviary/recordings/ID/replay`.
Task<wire::Response> use_recording(Parts& parts, wire::Request request) {
  const std::string below = below_path(request, "/_aviary/recordings");
  const std::size_t slash = below.rfind('/');
  const std::string id = below.substr(0, slash);
  const std::string what = slash == std::string::npos ? std::string() : below.substr(slash + 1);
  if (what != "stop" && what != "replay")
    co_return error_response(
        404, fmt::format("There is no {}: POST a recording's /stop or /replay.", request.path()));
  if (!parts.tape->recording_exists(id)) co_return none_of("recording", id);
  if (what == "stop") co_return json_response(parts.tape->stop_recording(id));
  auto body = read_document(request);
  if (auto* refusal = std::get_if<wire::Response>(&body)) co_return std::move(*refusal);
  auto replaying = parts.tape->replay(id, std::move(std::get<Json>(body)));
  const Checked<Json> report = co_await std::move(replaying);
  co_return told(report, 200);
}

void add_tape_routes(Parts& parts) {
  rehearsal::Tape& tape = *parts.tape;
  Admin& admin = parts.admin;
  add_collection(admin, {.path = "/_aviary/recordings",
                         .member = "recordings",
                         .kind = "recording",
                         .list = [&tape] { return tape.recordings(); },
                         .find = [&tape](const std::string& id) { return tape.recording(id); },
                         .remove = [&tape](const std::string& id) -> Json {
                           return tape.remove_recording(id) ? Json(true) : Json(nullptr);
                         }});
  admin.add("POST", "/_aviary/recordings", with_document([&tape](const wire::Request&, const Json& body) {
              return told(tape.start_recording(body));
            }));
  admin.add_task("POST", "/_aviary/recordings/*",
                 [&parts](wire::Request request) { return use_recording(parts, std::move(request)); });
  add_collection(admin, {.path = "/_aviary/shadows",
                         .member = "shadows",
                         .kind = "shadow",
                         .list = [&tape] { return tape.shadows(); },
                         .find = [&tape](const std::string& id) { return one_of(tape.shadows(), id); },
                         .remove = [&tape](const std::string& id) -> Json {
                           Json last = one_of(tape.shadows(), id);
                           tape.remove_shadow(id);
                           return last;
                         }});
  admin.add("POST", "/_aviary/shadows", with_document([&tape](const wire::Request&, const Json& body) {
              return told(tape.start_shadow(body));
            }));
}

}  // namespace

void add_rehearsal_routes(Parts& parts) {
  add_fault_routes(parts);
  add_traffic_routes(parts);
  add_tape_routes(parts);
}

}  // namespace aviary::app
