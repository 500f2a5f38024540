#include "reader.hpp"

#include "lbconverge/model/fields.hpp"

#include <algorithm>
#include <cassert>
#include <charconv>

namespace lbconverge::config {

namespace {

constexpr std::string_view duration_hint = "write a number with its unit: \"500ms\", \"2s\", \"5m\", \"1h\"";

std::string range_text(std::int64_t min, std::int64_t max) {
    return "a number from " + std::to_string(min) + " to " + std::to_string(max);
}

}  // namespace

Source place(const toml::source_region& region) {
    Source source;
    source.line = region.begin.line;
    source.column = static_cast<std::uint16_t>(std::min<std::uint32_t>(region.begin.column, 0xffff));
    if (region.path) std::from_chars(region.path->data(), region.path->data() + region.path->size(), source.file);
    return source;
}

std::string_view kind_of(const toml::node& node) {
    switch (node.type()) {
        case toml::node_type::none:
            return "nothing";
        case toml::node_type::table:
            return "a table";
        case toml::node_type::array:
            return "a list";
        case toml::node_type::string:
            return "a string";
        case toml::node_type::integer:
            return "a number";
        case toml::node_type::floating_point:
            return "a number with a fraction";
        case toml::node_type::boolean:
            return "true or false";
        case toml::node_type::date:
        case toml::node_type::time:
        case toml::node_type::date_time:
            return "a date or time";
    }
    return "something else";
}

const toml::node* Layers::find(std::string_view key) const {
    const toml::node* node = over != nullptr ? over->get(key) : nullptr;
    return node == nullptr && base != nullptr ? base->get(key) : node;
}

Source Layers::place() const {
    const toml::table* table = over != nullptr ? over : base;
    return table != nullptr ? config::place(*table) : Source{};
}

const toml::node* Reader::take(std::string_view key) {
    const auto end = known_.begin() + static_cast<std::ptrdiff_t>(known_count_);
    if (std::find(known_.begin(), end, key) == end) {
        assert(known_count_ < most_keys);
        known_[known_count_++] = key;
    }
    return layers_.find(key);
}

Source Reader::place(std::string_view key) const {
    const toml::node* node = layers_.find(key);
    return node != nullptr ? config::place(*node) : place();
}

void Reader::wrong_type(const toml::node& node, std::string_view key, std::string_view wanted, std::string hint) {
    std::string what = in_quotes(key).append(" of ").append(what_).append(" must be ").append(wanted);
    problems_.error(config::place(node), what.append(", not ").append(kind_of(node)), std::move(hint));
}

bool Reader::boolean(std::string_view key, bool& out) {
    const toml::node* node = take(key);
    if (node == nullptr) return false;
    const auto* value = node->as_boolean();
    if (value == nullptr) {
        wrong_type(*node, key, "true or false");
        return false;
    }
    out = value->get();
    return true;
}

bool Reader::integer(std::string_view key, std::int64_t& out, std::int64_t min, std::int64_t max) {
    const toml::node* node = take(key);
    if (node == nullptr) return false;
    const auto* value = node->as_integer();
    if (value == nullptr) {
        wrong_type(*node, key, range_text(min, max), node->is_string() ? "leave the quotes out" : "");
        return false;
    }
    if (value->get() < min || value->get() > max) {
        problems_.error(config::place(*node), in_quotes(key).append(" of ").append(what_).append(" must be ") +
                                                  range_text(min, max) + ", not " + std::to_string(value->get()));
        return false;
    }
    out = value->get();
    return true;
}

bool Reader::text(std::string_view key, std::string& out) {
    const toml::node* node = take(key);
    if (node == nullptr) return false;
    const auto* value = node->as_string();
    if (value == nullptr) {
        wrong_type(*node, key, "a string");
        return false;
    }
    const bool empty = value->get().empty();
    if (empty || value->get().find('\0') != std::string::npos) {
        problems_.error(config::place(*node),
                        in_quotes(key).append(" of ").append(what_) +
                            (empty ? " must not be empty" : " must not contain a NUL character"),
                        empty ? "leave the key out" : "");
        return false;
    }
    out = value->get();
    return true;
}

bool Reader::interface(std::string_view key, InterfaceName& out) {
    std::string name;
    if (!text(key, name)) return false;
    if (!InterfaceName::is_valid(name)) {
        problems_.error(place(key), in_quotes(name) + " is not the name of an interface",
                        "1 to 15 characters without blanks, slashes and colons, as in \"ip link\"");
        return false;
    }
    out = InterfaceName(name);
    return true;
}

bool Reader::address(std::string_view key, std::optional<IpAddress>& out) {
    std::string written;
    if (!text(key, written)) return false;
    const auto address = IpAddress::parse(written);
    if (!address) {
        problems_.error(place(key), in_quotes(written) + " is not an IP address",
                        "write one IPv4 or IPv6 address, without prefix, port or name");
        return false;
    }
    out = address;
    return true;
}

bool Reader::duration(std::string_view key, milliseconds& out, DurationRange range) {
    const toml::node* node = take(key);
    if (node == nullptr) return false;
    const auto* value = node->as_string();
    if (value == nullptr) {
        wrong_type(*node, key, "a duration", std::string(duration_hint));
        return false;
    }
    const auto duration = parse_duration(value->get());
    if (!duration) {
        problems_.error(config::place(*node), in_quotes(value->get()) + " is not a duration",
                        std::string(duration_hint));
        return false;
    }
    if (*duration < range.min || *duration > range.max) {
        problems_.error(config::place(*node), in_quotes(key).append(" of ").append(what_).append(" must be from ") +
                                                  to_text(range.min) + " to " + to_text(range.max));
        return false;
    }
    out = *duration;
    return true;
}

bool Reader::share(std::string_view key, std::uint8_t& out) {
    const toml::node* node = take(key);
    if (node == nullptr) return false;
    constexpr std::string_view hint = "write it in whole per cent: \"50%\"";
    const auto* value = node->as_string();
    if (value == nullptr) {
        wrong_type(*node, key, "a share", std::string(hint));
        return false;
    }
    std::string_view digits = value->get();
    std::uint8_t number = 0;
    const bool per_cent = digits.ends_with('%');
    if (per_cent) digits.remove_suffix(1);
    if (!per_cent || !from_text(digits, number) || number > 100) {
        problems_.error(config::place(*node), in_quotes(value->get()) + " is not a share", std::string(hint));
        return false;
    }
    out = number;
    return true;
}

bool Reader::seconds(std::string_view key, std::uint32_t& out, DurationRange range) {
    milliseconds duration{};
    if (!this->duration(key, duration, range)) return false;
    if (duration.count() % 1000 != 0) {
        problems_.error(place(key), in_quotes(key).append(" of ").append(what_).append(" must be whole seconds"));
        return false;
    }
    out = static_cast<std::uint32_t>(duration.count() / 1000);
    return true;
}

bool Reader::texts(std::string_view key, std::vector<std::string>& out) {
    const toml::node* node = take(key);
    if (node == nullptr) return false;
    const toml::array* array = node->as_array();
    if (array == nullptr) {
        wrong_type(*node, key, "a list of strings", node->is_string() ? "put it in brackets: [\"…\"]" : "");
        return false;
    }
    out.clear();
    out.reserve(array->size());
    for (const toml::node& element : *array) {
        const auto* value = element.as_string();
        if (value == nullptr || value->get().empty() || value->get().find('\0') != std::string::npos) {
            problems_.error(config::place(element),
                            "each element of " + in_quotes(key).append(" must be a string that is not empty"));
            continue;
        }
        out.push_back(value->get());
    }
    return true;
}

bool Reader::command(std::string_view key, std::vector<std::string>& out) {
    const toml::node* node = take(key);
    if (node == nullptr || !texts(key, out)) return false;
    if (node->as_array()->empty()) {
        problems_.error(config::place(*node), in_quotes(key).append(" of ").append(what_).append(" is an empty list"),
                        "the program and its arguments: [\"/usr/local/bin/program\", \"argument\"]");
    }
    return !out.empty();
}

bool Reader::word(std::string_view key, std::span<const std::string_view> words, std::size_t& index) {
    const toml::node* node = take(key);
    if (node == nullptr) return false;
    const auto* value = node->as_string();
    if (value == nullptr) {
        wrong_type(*node, key, one_of(words));
        return false;
    }
    const auto at = std::find(words.begin(), words.end(), value->get());
    if (at == words.end()) {
        problems_.error(config::place(*node),
                        in_quotes(key).append(" of ").append(what_).append(" must be ") + one_of(words) + ", not " +
                            in_quotes(value->get()),
                        nearest(value->get(), words).empty() ? "" : suggestion(value->get(), words));
        return false;
    }
    index = static_cast<std::size_t>(at - words.begin());
    return true;
}

std::optional<Reader> Reader::table(std::string_view key, std::string_view what) {
    const toml::node* node = take(key);
    if (node == nullptr) return std::nullopt;
    Layers below;
    const auto use = [&](const toml::table* from, const toml::table*& into) {
        const toml::node* found = from != nullptr ? from->get(key) : nullptr;
        if (found == nullptr) return;
        into = found->as_table();
        if (into == nullptr) wrong_type(*found, key, "a table");
    };
    use(layers_.base, below.base);
    use(layers_.over, below.over);
    if (below.base == nullptr && below.over == nullptr) return std::nullopt;
    return Reader(below, what, problems_);
}

const toml::array* Reader::tables_of(std::string_view key) {
    const toml::node* node = take(key);
    if (node == nullptr) return nullptr;
    const toml::array* array = node->as_array();
    if (array == nullptr) {
        wrong_type(*node, key, "a list of tables",
                   node->is_table() ? "write it with two pairs of brackets: [[" + std::string(key) + "]]" : "");
    }
    return array;
}

void Reader::report_unknown(const toml::table* table) {
    if (table == nullptr) return;
    const std::span<const std::string_view> known(known_.data(), known_count_);
    for (const auto& [key, node] : *table) {
        if (std::find(known.begin(), known.end(), key.str()) != known.end()) continue;
        problems_.error(config::place(key.source()), "unknown key " + in_quotes(key.str()).append(" in ").append(what_),
                        suggestion(key.str(), known));
    }
}

void Reader::finish() {
    report_unknown(layers_.base);
    report_unknown(layers_.over);
}

}  // namespace lbconverge::config
