#include "lbconverge/import/keepalived.hpp"

#include "cluster.hpp"
#include "interpreter.hpp"
#include "ipvsadm.hpp"
#include "lbconverge/config/document.hpp"
#include "lbconverge/config/lint.hpp"
#include "lbconverge/wire/json.hpp"
#include "ldirectord.hpp"

#include <algorithm>
#include <set>

namespace lbconverge::importer {

namespace {

/// Comments that begin the file, apart from what comes next by an empty line.
std::vector<std::string> header_of(const std::vector<ConfLine>& lines) {
    std::vector<std::string> header;
    for (const ConfLine& each : lines) {
        if (!each.words.empty()) return {};
        if (!each.has_comment || each.comment.empty()) break;
        if (is_prose(each.comment)) header.push_back(comment_text(each.comment));
    }
    return header;
}

/// TOML is UTF-8, and a file of keepalived need not be.
FileSystem as_utf8(const FileSystem& files, Remarks& remarks, const std::vector<std::string>& read) {
    FileSystem system = files;
    system.open = [&files, &remarks, &read](const std::string& path) {
        auto text = files.open(path);
        if (!text) return text;
        std::string valid = wire::valid_utf8(*text);
        if (valid != *text) {
            remarks.changed({static_cast<std::uint32_t>(read.size()), 0}, "",
                            "is not UTF-8: other octets became U+FFFD", "iconv -t UTF-8 before the import");
            *text = std::move(valid);
        }
        return text;
    };
    return system;
}

/// Names for the nodes that have none, or that of another one.
void name_nodes(std::vector<NodeModel>& nodes, Remarks& remarks) {
    if (nodes.size() < 2) return;
    std::set<std::string> used;
    for (NodeModel& each : nodes) {
        if (each.name.empty() || used.insert(each.name).second) continue;
        remarks.broken({each.file, 0}, each.name, "is the name of two nodes", "another NAME=FILE");
        each.name.clear();
    }
    for (std::size_t n = 0; n < nodes.size(); ++n) {
        if (!nodes[n].name.empty()) continue;
        const std::string& id = nodes[n].router_id;
        const bool fits = !id.empty() && id.find_first_of(" \t\"'\\") == id.npos && !used.contains(id);
        nodes[n].name = fits ? id : "node" + std::to_string(n + 1);
        const bool twice = !id.empty() && used.contains(id);
        for (std::size_t more = nodes.size(); !used.insert(nodes[n].name).second; ++more) {
            nodes[n].name = "node" + std::to_string(more + 1);
        }
        if (fits) continue;
        remarks.changed({nodes[n].file, 0}, "router_id",
                        (id.empty() ? std::string("is missing")
                                    : quoted(id) + (twice ? " is that of two nodes" : " is no name of a host")) +
                            ": the node is called " + nodes[n].name,
                        "NAME=FILE with the name of the host, which picks the node");
    }
}

/// A result that says nothing would look like success. Of a file of another program nothing is known at all.
bool says_something(const NodeModel& model, bool known, Imported& result, Remarks& remarks) {
    if (!model.empty()) return true;
    const std::string what = "nothing in it has a place in the result";
    if (known) {
        remarks.changed({model.file, 0}, "", what, "is there another file that it includes?");
        return true;
    }
    result.readable = false;
    remarks.broken({model.file, 0}, "", what, "is it the file of that program?");
    return false;
}

bool is_known(const std::vector<Statement>& statements) {
    return std::any_of(statements.begin(), statements.end(),
                       [](const Statement& each) { return each.keyword != nullptr; });
}

/// What check says of the result.
void judge(Imported& result) {
    config::Diagnostics diagnostics;
    const auto document = config::Document::parse({{"result", result.toml}}, diagnostics);
    std::vector<std::string> names = document.nodes();
    if (names.empty()) names.emplace_back();
    std::vector<config::Config> configs;
    for (const std::string& each : names) {
        if (auto config = document.config_for(each, diagnostics)) configs.push_back(std::move(*config));
    }
    config::lint(configs, diagnostics);
    diagnostics.finish();
    for (const config::Diagnostic& each : diagnostics.all()) {
        if (each.severity == config::Severity::error) result.objections += to_text(each, document.files()) + "\n";
    }
    result.accepted = result.objections.empty();
}

}  // namespace

Imported import_keepalived(const std::vector<NodeFile>& nodes, const FileSystem& files, const std::string& host) {
    Imported result;
    Remarks remarks;
    const FileSystem system = as_utf8(files, remarks, result.files);
    std::vector<NodeModel> models;
    for (const NodeFile& each : nodes) {
        LineReader reader(system, each.node.empty() ? host : each.node, result.files, remarks);
        const auto first = static_cast<std::uint32_t>(result.files.size());
        if (!reader.read(each.path)) {
            result.readable = false;
            result.files.push_back(each.path);
            remarks.broken({first, 0}, "", "cannot be read");
            continue;
        }
        const std::vector<Statement> statements = tree_of(reader.lines(), remarks);
        NodeModel model = model_of(statements, each.node, remarks);
        model.file = first;
        model.header = header_of(reader.lines());
        if (says_something(model, is_known(statements), result, remarks)) models.push_back(std::move(model));
    }
    name_nodes(models, remarks);
    align_names(models, remarks);
    std::vector<Draft> drafts;
    drafts.reserve(models.size());
    for (NodeModel& each : models) drafts.push_back(draft_of(each, remarks));
    const Cluster cluster = drafts.empty() ? Cluster{} : cluster_of(std::move(drafts), remarks);
    result.remarks = remarks.take();
    if (!result.readable) return result;  // a cluster without one of its nodes would look like a whole one
    result.toml = toml_of(cluster);
    judge(result);
    return result;
}

namespace {

using ModelOf = NodeModel (*)(std::string_view text, std::uint32_t file, Remarks& remarks);

/// One file with the table of one node.
Imported import_table(const std::string& path, const FileSystem& files, ModelOf model_of) {
    Imported result;
    Remarks remarks;
    result.files = {path};
    const auto text = files.open(path);
    if (!text) {
        result.readable = false;
        remarks.broken({0, 0}, "", "cannot be read");
    } else if (NodeModel model = model_of(*text, 0, remarks); says_something(model, false, result, remarks)) {
        std::vector<Draft> drafts;
        drafts.push_back(draft_of(model, remarks));
        result.toml = toml_of(cluster_of(std::move(drafts), remarks));
        judge(result);
    }
    result.remarks = remarks.take();
    return result;
}

}  // namespace

Imported import_ldirectord(const std::string& path, const FileSystem& files) {
    return import_table(path, files, model_of_ldirectord);
}

Imported import_ipvsadm(const std::string& path, const FileSystem& files) {
    return import_table(path, files, model_of_ipvsadm);
}

}  // namespace lbconverge::importer
