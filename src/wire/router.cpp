#include "wire/router.hpp"

#include <algorithm>
#include <span>
#include <stdexcept>
#include <unordered_map>

#include "wire/query_string.hpp"

namespace aviary::wire {

using models::Operation;

namespace {

bool is_label(std::string_view segment) {
  return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}
bool is_greedy(std::string_view segment) { return is_label(segment) && segment[segment.size() - 2] == '+'; }

std::string_view label_name(std::string_view segment) {
  segment = segment.substr(1, segment.size() - 2);
  if (segment.ends_with('+')) segment.remove_suffix(1);
  return segment;
}

/// The segments behind the leading slash; `rest` becomes what follows the first one.
std::string_view next_segment(std::string_view& rest) {
  const std::size_t slash = rest.find('/');
  const std::string_view segment = rest.substr(0, slash);
  rest = slash == std::string_view::npos ? std::string_view{} : rest.substr(slash + 1);
  return segment;
}

bool has_parameter(std::string_view query, std::string_view wanted) {
  const std::size_t equals = wanted.find('=');
  const std::optional<std::string> value = query_value(query, wanted.substr(0, equals));
  return value && (equals == std::string_view::npos || *value == wanted.substr(equals + 1));
}

}  // namespace

struct Router::Node {
  struct End {
    const Operation* operation;
    std::vector<std::string_view> label_names;
    std::string_view suffix;  ///< behind a greedy label: the literal rest of the path, with its slash
  };
  std::vector<std::pair<std::string_view, std::unique_ptr<Node>>> literals;
  std::unique_ptr<Node> label;
  std::vector<End> ends;
  std::vector<End> greedy;
};

struct Router::Search {
  std::string_view method;
  std::string_view query;
  std::array<std::string_view, max_labels> values{};
  std::size_t count = 0;

  /// More required parameters first; the lists are sorted so.
  const Node::End* pick(const std::vector<Node::End>& ends) const {
    for (const Node::End& end : ends)
      if (end.operation->method == method &&
          std::ranges::all_of(end.operation->required_query,
                              [&](std::string_view wanted) { return has_parameter(query, wanted); }))
        return &end;
    return nullptr;
  }

  const Node::End* walk(const Node& node, std::string_view rest, bool more) {
    // `more`: a slash was read and a segment, perhaps an empty one, follows it.
    if (!more || rest.empty())
      if (const Node::End* end = pick(node.ends)) return end;
    if (!more) return nullptr;
    std::string_view behind = rest;
    const bool slash_follows = rest.find('/') != std::string_view::npos;
    const std::string_view segment = next_segment(behind);
    for (const auto& [literal, child] : node.literals)
      if (literal == segment)
        if (const Node::End* end = walk(*child, behind, slash_follows)) return end;
    if (node.label && !segment.empty() && count < max_labels) {
      values[count++] = segment;
      if (const Node::End* end = walk(*node.label, behind, slash_follows)) return end;
      --count;
    }
    if (!rest.empty() && count < max_labels) return walk_greedy(node, rest);
    return nullptr;
  }

  const Node::End* walk_greedy(const Node& node, std::string_view rest) {
    for (const Node::End& end : node.greedy) {
      if (!rest.ends_with(end.suffix) || rest.size() == end.suffix.size()) continue;
      if (end.operation->method != method) continue;
      if (!std::ranges::all_of(end.operation->required_query,
                               [&](std::string_view wanted) { return has_parameter(query, wanted); }))
        continue;
      values[count++] = rest.substr(0, rest.size() - end.suffix.size());
      return &end;
    }
    return nullptr;
  }
};

Router::Router(const models::Service& service) : root_(std::make_unique<Node>()) {
  for (const Operation& operation : service.operations) {
    if (operation.uri.empty()) continue;
    Node* node = root_.get();
    Node::End end{&operation, {}, {}};
    std::string_view rest = operation.uri.substr(1);
    bool greedy = false;
    while (!rest.empty() && !greedy) {
      const std::string_view segment = next_segment(rest);
      if (is_label(segment)) {
        end.label_names.push_back(label_name(segment));
        if (end.label_names.size() > max_labels) throw std::logic_error("too many labels in a URI");
      }
      if (is_greedy(segment)) {
        greedy = true;
        if (!rest.empty()) end.suffix = std::string_view(rest.data() - 1, rest.size() + 1);
      } else if (is_label(segment)) {
        if (!node->label) node->label = std::make_unique<Node>();
        node = node->label.get();
      } else {
        const auto found =
            std::ranges::find(node->literals, segment, [](const auto& pair) { return pair.first; });
        if (found != node->literals.end()) {
          node = found->second.get();
        } else {
          node = node->literals.emplace_back(segment, std::make_unique<Node>()).second.get();
        }
      }
    }
    std::vector<Node::End>& ends = greedy ? node->greedy : node->ends;
    const auto behind = std::ranges::find_if(ends, [&](const Node::End& other) {
      return std::pair(other.suffix.size(), other.operation->required_query.size()) <
             std::pair(end.suffix.size(), operation.required_query.size());
    });
    ends.insert(behind, std::move(end));
  }
}

Router::~Router() = default;

Router::Found Router::find(std::string_view method, std::string_view path, std::string_view query) const {
  Found found;
  if (!path.starts_with('/')) return found;
  Search search{.method = method, .query = query};
  const Node::End* end = search.walk(*root_, path.substr(1), true);
  if (end == nullptr) return found;
  found.operation = end->operation;
  found.label_count = end->label_names.size();
  for (std::size_t i = 0; i < found.label_count; ++i)
    found.labels[i] = {end->label_names[i], search.values[i]};
  const std::string_view uri = end->operation->uri;
  found.starts_literally = uri.size() > 1 && uri[1] != '{';
  return found;
}

const Router& Router::of(const models::Service& service) {
  thread_local std::unordered_map<const models::Service*, Router> routers;
  const auto found = routers.find(&service);
  return found != routers.end() ? found->second : routers.try_emplace(&service, service).first->second;
}

}  // namespace aviary::wire
