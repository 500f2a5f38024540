#include "lbconverge/model/setting.hpp"
#include "sections.hpp"

#include <algorithm>
#include <map>

namespace lbconverge::config {

namespace {

using Sources = std::map<std::string, Source, std::less<>>;

/// Every part is a name, so that the path stays below /proc/sys/net.
bool is_sane(std::string_view path) {
    if (path.find('\0') != std::string_view::npos) return false;
    for (std::size_t begin = 0; begin <= path.size();) {
        const std::size_t end = std::min(path.find('/', begin), path.size());
        const std::string_view part = path.substr(begin, end - begin);
        if (part.empty() || part == "." || part == "..") return false;
        begin = end + 1;
    }
    return true;
}

std::string collapse(std::string_view text) {
    std::string result;
    for (const char c : text) {
        const bool space = c == ' ' || c == '\t' || c == '\n' || c == '\r';
        if (!space) result += c;
        if (space && !result.empty() && result.back() != ' ') result += ' ';
    }
    if (!result.empty() && result.back() == ' ') result.pop_back();
    return result;
}

std::optional<std::string> value_of(const toml::node& node) {
    if (const auto* number = node.as_integer()) return std::to_string(number->get());
    if (const auto* boolean = node.as_boolean()) return boolean->get() ? "1" : "0";
    if (const auto* text = node.as_string()) {
        std::string value = collapse(text->get());
        if (!value.empty() && value.find('\0') == std::string::npos) return value;
    }
    return std::nullopt;
}

/// One table of settings. `use`: whether they are this node's; they are checked in any case. A key in `above` has a
/// value from the node's own table, which counts.
void read_settings(const toml::table* table, bool use, const Sources& above, Sources& seen, Context& context) {
    if (table == nullptr) return;
    for (const auto& [key, node] : *table) {
        const bool section = node.is_table() && !key.str().starts_with("net");
        if (section) continue;
        const Source source = place(key.source());
        std::string path = path_of_sysctl(key.str());
        if (!path.starts_with("net/") && path != "net") {
            context.problems.error(source, "unknown key " + in_quotes(key.str()) + " in [sysctl]",
                                   "only settings whose name begins with \"net.\" are taken");
            continue;
        }
        if (node.is_table()) {
            context.problems.error(source, "a setting's name in [sysctl] needs quotes", "\"net.ipv4.ip_forward\" = 1");
            continue;
        }
        const auto value = value_of(node);
        if (!is_sane(path) || !value) {
            context.problems.error(source, value ? in_quotes(key.str()) + " is not the name of a setting"
                                                 : "the value of " + in_quotes(key.str()) +
                                                       " must be a number, a string, " + "true or false, not " +
                                                       std::string(kind_of(node)));
            continue;
        }
        if (!use || above.contains(path)) continue;
        const auto [at, is_new] = seen.emplace(path, source);
        if (!is_new) {
            context.problems.error(source, "setting " + in_quotes(key.str()) + " is there twice", "remove one of them")
                .other = at->second;
            continue;
        }
        context.config.sysctls.push_back({std::move(path), *value, source});
    }
}

bool is_role(std::string_view key) {
    Role role{};
    return from_text(key, role);
}

/// The general table and those per role of one layer.
void read_layer(const toml::table* table, const Sources& above, Sources& seen, Context& context) {
    if (table == nullptr) return;
    read_settings(table, true, above, seen, context);
    for (const EnumName<Role>& role : names_of(Role{})) {
        const toml::node* node = table->get(role.name);
        if (node == nullptr) continue;
        if (node->is_table()) {
            read_settings(node->as_table(), role.value == context.config.role, above, seen, context);
        }
    }
    for (const auto& [key, node] : *table) {
        if (!node.is_table() || is_role(key.str()) || key.str().starts_with("net")) continue;
        std::vector<std::string_view> known;
        for (const EnumName<Role>& role : names_of(Role{})) known.push_back(role.name);
        context.problems.error(place(key.source()), "unknown table " + in_quotes(key.str()) + " in [sysctl]",
                               suggestion(key.str(), known));
    }
}

}  // namespace

void read_sysctls(Reader& top, Context& context) {
    const auto in = top.table("sysctl", "[sysctl]");
    if (!in) return;
    Sources of_node;
    Sources of_file;
    read_layer(in->layers().over, {}, of_node, context);
    read_layer(in->layers().base, of_node, of_file, context);
}

}  // namespace lbconverge::config
