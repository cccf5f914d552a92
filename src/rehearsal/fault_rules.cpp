#include "rehearsal/fault_rules.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "ports/random.hpp"
#include "rehearsal/yaml_document.hpp"

namespace aviary::rehearsal {
namespace {

using execution::Fault;

constexpr std::size_t most_rules = 1000;

}  // namespace

FaultRules::FaultRules(Surroundings around)
    : around_(std::move(around)), records_(around_.journal, "rehearsal.faults") {}

FaultRules::Phase FaultRules::phase_of(const Active& active, Instant now) {
  const FaultRule& rule = active.rule;
  if (active.struck >= rule.count) return Phase::Ended;
  if (rule.until && now >= *rule.until) return Phase::Ended;
  const Instant begins = active.since + rule.after_time;
  if (rule.lasts && now >= begins + *rule.lasts) return Phase::Ended;
  return now < begins || active.seen < rule.after_invokes ? Phase::Waiting : Phase::Active;
}

Json FaultRules::describe(const Active& active, Instant now) {
  static constexpr std::array<std::string_view, 3> phases{"waiting", "active", "ended"};
  Json json = active.rule.document;
  json["id"] = active.rule.id;
  json["since"] = iso8601(active.since);
  json["state"] = phases[static_cast<std::size_t>(phase_of(active, now))];
  json["seen"] = active.seen;
  Json struck = Json::object();
  for (std::size_t i = 0; i < fault_kinds.size(); ++i)
    if (active.rule.rates[i] > 0) struck[std::string(name_of(fault_kinds[i]))] = active.by_kind[i];
  if (active.rule.latency || active.rule.cold_start) struck["latency"] = active.slowed;
  json["struck"] = std::move(struck);
  return json;
}

Json FaultRules::describe() const {
  Json list = Json::array();
  for (const Active& active : rules_) list.push_back(describe(active, around_.clock.now()));
  return list;
}

Checked<std::vector<FaultRule>> FaultRules::read(const Json& document) const {
  const bool wrapped = document.is_object() && document.contains("faults");
  if (wrapped && document.size() != 1) return Refusal{"Beside 'faults' there is nothing else to say."};
  const Json& given = wrapped ? document["faults"] : document;
  std::vector<FaultRule> rules;
  const auto take = [&rules](const Json& one) -> std::optional<Refusal> {
    Checked<FaultRule> rule = FaultRule::parse(one);
    if (!rule) return rule.error();
    rules.push_back(std::move(*rule));
    return std::nullopt;
  };
  if (!given.is_array()) {
    if (wrapped) return Refusal{"faults is a list."};
    if (auto refusal = take(given)) return *refusal;
    return rules;
  }
  for (std::size_t i = 0; i < given.size(); ++i)
    if (auto refusal = take(given[i])) return Refusal{fmt::format("Fault {}: {}", i + 1, refusal->message)};
  return rules;
}

Json FaultRules::insert(std::vector<FaultRule> rules, bool from_file) {
  Json added = Json::array();
  for (FaultRule& rule : rules) {
    ++last_order_;
    for (auto number = last_order_; rule.id.empty(); ++number) {
      const std::string id = fmt::format("fault-{}", number);
      if (std::ranges::none_of(rules_, [&](const Active& active) { return active.rule.id == id; }))
        rule.id = id;
    }
    std::erase_if(rules_, [&](const Active& active) { return active.rule.id == rule.id; });
    rules_.push_back({.rule = std::move(rule),
                      .since = around_.clock.now(),
                      .order = last_order_,
                      .from_file = from_file});
    save(rules_.back());
    added.push_back(describe(rules_.back(), around_.clock.now()));
  }
  tell();
  return added;
}

Checked<Json> FaultRules::add(const Json& document) {
  Checked<std::vector<FaultRule>> rules = read(document);
  if (!rules) return rules.error();
  if (rules_.size() + rules->size() > most_rules)
    return Refusal{fmt::format("There may be {} faults at once.", most_rules)};
  return accepted(insert(std::move(*rules), false));
}

Checked<Json> FaultRules::replace_all(const Json& document) {
  Checked<std::vector<FaultRule>> rules = read(document);
  if (!rules) return rules.error();
  if (rules->size() > most_rules) return Refusal{fmt::format("There may be {} faults at once.", most_rules)};
  clear();
  return accepted(insert(std::move(*rules), false));
}

Checked<std::size_t> FaultRules::add_file(std::string_view text) {
  Checked<Json> document = read_yaml(text);
  if (!document) return document.error();
  if (document->is_null()) *document = Json::array();  // an empty file
  Checked<std::vector<FaultRule>> rules = read(*document);
  if (!rules) return rules.error();
  if (rules->size() > most_rules) return Refusal{fmt::format("There may be {} faults at once.", most_rules)};
  const std::size_t count = rules->size();
  for (std::size_t i = 0; i < count; ++i)
    if ((*rules)[i].id.empty()) (*rules)[i].id = fmt::format("file-{}", i + 1);
  std::vector<std::string> gone;
  for (const Active& active : rules_) {
    if (!active.from_file) continue;
    const auto same = std::ranges::find_if(*rules, [&](const FaultRule& rule) {
      return rule.id == active.rule.id && rule.document == active.rule.document;
    });
    if (same == rules->end())
      gone.push_back(active.rule.id);
    else
      rules->erase(same);
  }
  for (const std::string& id : gone) remove(id);
  insert(std::move(*rules), true);
  return count;
}

bool FaultRules::remove(std::string_view id) {
  const auto found = std::ranges::find_if(rules_, [&](const Active& active) { return active.rule.id == id; });
  if (found == rules_.end()) return false;
  records_.erase(id);
  rules_.erase(found);
  tell();
  return true;
}

void FaultRules::clear() {
  for (const Active& active : rules_) records_.erase(active.rule.id);
  rules_.clear();
  last_order_ = 0;  // what starts anew fails in the same places
  tell();
}

void FaultRules::tell() {
  const bool any = !rules_.empty();
  if (std::exchange(told_, any) != any) around_.changed(any);
}

void FaultRules::save(const Active& active) {
  if (!around_.journal.durable()) return;
  records_.save(active.rule.id, {{"document", active.rule.document},
                                 {"since", active.since.time_since_epoch().count()},
                                 {"order", active.order},
                                 {"from_file", active.from_file},
                                 {"seen", active.seen},
                                 {"struck", active.struck},
                                 {"by_kind", active.by_kind},
                                 {"slowed", active.slowed}});
}

void FaultRules::restore() {
  records_.load([this](std::string_view key, const Json& kept) {
    Checked<FaultRule> rule = FaultRule::parse(kept.at("document"));
    if (!rule) return;  // of a version that knew more
    rule->id = key;
    Active active{.rule = std::move(*rule), .since = Instant(Duration(kept.at("since").get<std::int64_t>()))};
    active.order = kept.at("order").get<std::uint64_t>();
    active.from_file = kept.at("from_file").get<bool>();
    active.seen = kept.at("seen").get<std::uint64_t>();
    active.struck = kept.at("struck").get<std::uint64_t>();
    active.by_kind = kept.at("by_kind").get<std::array<std::uint64_t, 5>>();
    active.slowed = kept.at("slowed").get<std::uint64_t>();
    last_order_ = std::max(last_order_, active.order);
    rules_.push_back(std::move(active));
  });
  std::ranges::sort(rules_, {}, &Active::order);
  tell();
}

/// One rule's part in what happens to an invocation. Which of the fatal kinds strikes is the first rule's
/// choice.
void FaultRules::strike(Active& active, Fault& fault, bool& any) const {
  const FaultRule& rule = active.rule;
  // The number is part of the seed, not of the stream's name: names that differ in digits alone are too
  // alike.
  constexpr std::uint64_t spread = 0xd1342543de82ef95ULL;
  SeededRandom random(around_.seed + active.seen * spread, "fault " + rule.id);
  bool struck = false;
  double drawn = random.uniform();
  const bool slow = random.uniform() < rule.latency_rate;
  for (std::size_t i = 0; i < fault_kinds.size() && fault.kind == Fault::Kind::None; ++i) {
    if (drawn >= rule.rates[i]) {
      drawn -= rule.rates[i];
      continue;
    }
    fault.kind = fault_kinds[i];
    fault.error_type = rule.error_type;
    fault.error_message = rule.error_message;
    fault.exit = rule.exit;
    ++active.by_kind[i];
    struck = true;
  }
  if (rule.latency && slow) fault.latency += rule.latency->draw(random);
  if (rule.cold_start) fault.cold_start += rule.cold_start->draw(random);
  if ((rule.latency && slow) || rule.cold_start) {
    ++active.slowed;
    struck = true;
  }
  if (!struck) return;
  ++active.struck;
  any = true;
  fault.pace = rule.wait ? (*rule.wait ? 1.0 : 0.0) : around_.pace();
}

std::unique_ptr<Fault> FaultRules::draw(const lambda::Invocation& invocation) {
  const Instant now = around_.clock.now();
  auto fault = std::make_unique<Fault>();
  bool any = false;
  for (Active& active : rules_) {
    if (!active.rule.function.matches(invocation)) continue;
    if (!active.rule.version.empty() && active.rule.version != invocation.version->number) continue;
    const Phase phase = phase_of(active, now);
    if (phase == Phase::Ended) continue;
    ++active.seen;
    if (phase == Phase::Active) strike(active, *fault, any);
    save(active);
  }
  if (!any) return nullptr;
  return fault;
}

}  // namespace aviary::rehearsal
