#include "cluster.hpp"

#include <algorithm>

namespace lbconverge::importer {

namespace {

std::string key_text(const std::string& name) {
    const bool bare = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    });
    return bare ? name : toml_text(name);
}

class Printer {
public:
    std::string take() { return std::move(text_); }

    void header(const std::vector<std::string>& lines) {
        for (const std::string& each : lines) comment(each);
        if (!lines.empty()) text_ += "\n";
    }

    void key(std::string_view name, const std::string& value) {
        text_.append(name).append(" = ").append(value).append("\n");
    }

    /// The keys of the top level, or of a node, that stand before all tables.
    void top(const Draft& draft) {
        if (!draft.interface.empty()) key("interface", toml_text(draft.interface));
        if (!draft.vip.empty() && is_plain(draft.vip)) vips(draft.vip);
    }

    /// The tables; `prefix` is that of a node.
    void tables(const Draft& draft, const std::string& prefix) {
        table(draft.sysctl, prefix + "sysctl");
        table(draft.ipvs, prefix + "ipvs");
        table(draft.timeouts, prefix + "ipvs.timeouts");
        table(draft.sync, prefix + "ipvs.sync");
        table(draft.daemon, prefix + "daemon");
        if (!is_plain(draft.vip)) list(draft.vip, prefix + "vip");
        list(draft.track, prefix + "track");
        list(draft.vrrp, prefix + "vrrp");
        list(draft.group, prefix + "sync_group");
        list(draft.hook, prefix + "hook");
        list(draft.route, prefix + "route");
        list(draft.service, prefix + "service");
    }

    /// [nodes]: a line for each node, or a table where a node has tables itself.
    void nodes(const std::vector<Draft>& drafts) {
        const bool tables_needed = std::any_of(drafts.begin(), drafts.end(), has_tables);
        if (!tables_needed) text_ += "\n[nodes]\n";
        for (const Draft& each : drafts) {
            if (tables_needed) {
                text_ += "\n[nodes." + key_text(each.name) + "]\n";
                own_keys(each);
                top(each);
                tables(each, "nodes." + key_text(each.name) + ".");
            } else {
                line(each);
            }
        }
    }

private:
    static bool has_tables(const Draft& draft) {
        const bool lists = !draft.track.empty() || !draft.vrrp.empty() || !draft.group.empty() || !draft.hook.empty() ||
                           !draft.route.empty() || !draft.service.empty() || !draft.vip.empty();
        return lists || !draft.sysctl.keys.empty() || !draft.ipvs.keys.empty() || !draft.timeouts.keys.empty() ||
               !draft.sync.keys.empty() || !draft.daemon.keys.empty();
    }

    void own_keys(const Draft& draft) {
        if (draft.address) key("address", toml_text(to_text(*draft.address)));
        if (draft.priority) key("priority", std::to_string(*draft.priority));
    }

    void line(const Draft& draft) {
        std::string keys;
        const auto add = [&](std::string_view name, const std::string& value) {
            keys.append(keys.empty() ? " " : ", ").append(name).append(" = ").append(value);
        };
        if (draft.address) add("address", toml_text(to_text(*draft.address)));
        if (draft.priority) add("priority", std::to_string(*draft.priority));
        if (!draft.interface.empty()) add("interface", toml_text(draft.interface));
        key(key_text(draft.name), "{" + keys + (keys.empty() ? "}" : " }"));
    }

    static bool is_plain(const TomlTables& vips) {
        return std::all_of(vips.begin(), vips.end(),
                           [](const TomlTable& each) { return each.keys.size() == 1 && each.comments.above.empty(); });
    }

    void vips(const TomlTables& tables) {
        constexpr std::size_t width = 100;
        std::string line = "[";
        bool comments = false;
        for (const TomlTable& each : tables) {
            line.append(line.size() == 1 ? "" : ", ").append(each.get("address"));
            comments |= !each.comments.behind.empty();
        }
        if (!comments && line.size() < width) return key("vips", line + "]");
        text_ += "vips = [\n";
        for (const TomlTable& each : tables) {
            text_.append("    ").append(each.get("address")).append(",");
            behind(each.comments.behind);
        }
        text_ += "]\n";
    }

    void comment(const std::string& line) { text_ += line.empty() ? "#\n" : "# " + line + "\n"; }

    void behind(const std::string& comment) {
        if (!comment.empty()) text_ += "  # " + comment;
        text_ += "\n";
    }

    void table(const TomlTable& table, const std::string& name) {
        if (table.keys.empty()) return;
        body(table, "[" + name + "]");
    }

    void list(const TomlTables& tables, const std::string& name) {
        for (const TomlTable& each : tables) body(each, "[[" + name + "]]");
    }

    void body(const TomlTable& table, const std::string& heading) {
        text_ += "\n";
        for (const std::string& each : table.comments.above) comment(each);
        text_ += heading;
        behind(table.comments.behind);
        for (const auto& [name, value] : table.keys) key(name, value);
    }

    std::string text_;
};

}  // namespace

std::string toml_of(const Cluster& cluster) {
    Printer out;
    out.header(cluster.shared.header);
    out.key("role", "\"director\"");
    out.top(cluster.shared);
    if (!cluster.nodes.empty()) out.nodes(cluster.nodes);
    out.tables(cluster.shared, "");
    return out.take();
}

}  // namespace lbconverge::importer
