#include "lbconverge/config/document.hpp"

#include "depth.hpp"
#include "merge.hpp"
#include "sections.hpp"

#include <toml++/toml.h>

#include <utility>

namespace lbconverge::config {

struct Document::Tree {
    std::vector<std::string> files;
    toml::table root;
    bool sound = true;  ///< false: parse() reported an error, and a part of the files may not have been read
};

namespace {

/// The number of the file is the "path" of its nodes; the first has none, which spares a reference count per node.
std::string path_of(std::size_t file) { return file == 0 ? std::string() : std::to_string(file); }

/// nullopt: the file has a syntax error, or no parser should see it. Nothing of it is used, because half a
/// configuration is worse than none.
std::optional<toml::table> parse_file(const InputFile& file, std::size_t number, Diagnostics& problems) {
    if (const auto deep = too_deep(file.text)) {
        const Source& at = deep->place;
        problems.error({at.line, at.column, static_cast<std::uint16_t>(number)}, deep->what, deep->hint);
        return std::nullopt;
    }
    try {
        return toml::parse(std::string_view(file.text), path_of(number));
    } catch (const toml::parse_error& error) {
        Source source = place(error.source());
        source.file = static_cast<std::uint16_t>(number);
        problems.error(source, std::string(error.description()), "this is not TOML: see https://toml.io");
        return std::nullopt;
    }
}

/// The keys of the top level that are not sections, and what only [nodes.NAME] or only the top level has.
void read_head(Reader& top, bool sound, Context& context) {
    Config& config = context.config;
    const Source whole_file{1, 1, 0};
    if (top.choice("role", config.role)) {
        config.role_source = top.place("role");
    } else if (!top.has("role") && sound) {
        const Node* node = context.this_node();
        const bool named = node != nullptr;
        context.problems.error(
            named ? node->source : whole_file,
            named ? "node " + in_quotes(node->name) + " has no role" : "the role of this node is missing",
            "role = \"director\", \"real-server\" or \"both\"" +
                std::string(named ? ", here or at the top" : ", at the top of the file"));
    }
    top.interface("interface", config.interface);
}

/// Reports keys that may stand only in [nodes.NAME], or only at the top level.
void report_misplaced(const Layers& layers, Diagnostics& problems) {
    for (const std::string_view key : {"address", "priority"}) {
        const toml::node* node = layers.base->get(key);
        if (node == nullptr) continue;
        problems.error(place(*node), in_quotes(key) + " belongs to a node or a section, not to the top level",
                       "write it in [nodes.NAME]" + std::string(key == "priority" ? " or [[vrrp]]" : ""));
    }
    if (layers.over == nullptr || !layers.over->contains("nodes")) return;
    problems.error(place(*layers.over->get("nodes")), "a node cannot have nodes of its own",
                   "write it at the top level");
}

void read_sections(Reader& top, Context& context) {
    // In the order in which they need each other: services name VIPs and have defaults in
    // [ipvs], everything may name a node.
    read_vips(top, context);
    read_arp(top, context);
    read_sysctls(top, context);
    read_routes(top, context);
    read_ipvs(top, context);
    read_services(top, context);
    read_tracks(top, context);
    read_vrrp(top, context);
    read_hooks(top, context);
    read_daemon(top, context);
    read_limits(top, context);
}

/// The table of a node; nullptr with a report when there is none.
const toml::table* table_of(const toml::node& nodes, const std::string& name, const std::vector<Node>& known,
                            Diagnostics& problems) {
    const toml::table* all = nodes.as_table();
    const toml::node* node = all != nullptr ? all->get(name) : nullptr;
    if (node != nullptr) return node->as_table();  // no table: reported with the others
    std::vector<std::string_view> names;
    names.reserve(known.size());
    for (const Node& each : known) names.push_back(each.name);
    problems.error(place(nodes),
                   name.empty() ? "this file has several nodes, and none is chosen"
                                : "node " + in_quotes(name) + " is not in [nodes]",
                   "choose one with --node" + std::string(names.empty() ? "" : ": ") + one_of(names));
    return nullptr;
}

}  // namespace

Document::Document(std::unique_ptr<Tree> tree) : tree_(std::move(tree)) {}
Document::Document(Document&&) noexcept = default;
Document& Document::operator=(Document&&) noexcept = default;
Document::~Document() = default;

Document Document::parse(const std::vector<InputFile>& files, Diagnostics& diagnostics) {
    auto tree = std::make_unique<Tree>();
    Diagnostics problems;
    for (const InputFile& file : files) {
        const std::size_t number = tree->files.size();
        tree->files.push_back(file.path);
        auto root = parse_file(file, number, problems);
        if (!root) continue;
        if (tree->root.empty()) {
            tree->root = std::move(*root);
        } else {
            merge(tree->root, std::move(*root), problems);
        }
    }
    tree->sound = !problems.has_errors();
    diagnostics.append(problems);
    return Document(std::move(tree));
}

const std::vector<std::string>& Document::files() const { return tree_->files; }

std::vector<std::string> Document::nodes() const {
    Diagnostics unheard;  // config_for tells
    std::vector<std::string> names;
    for (Node& node : read_nodes(tree_->root, unheard)) names.push_back(std::move(node.name));
    return names;
}

std::optional<Config> Document::config_for(const std::string& node, Diagnostics& diagnostics) const {
    Diagnostics problems;
    std::optional<Config> result(std::in_place);
    Context context(*result, problems);
    const toml::node* nodes = tree_->root.get("nodes");
    result->node = node;
    result->nodes = read_nodes(tree_->root, problems);
    context.index_nodes();

    Layers layers{&tree_->root};
    if (nodes != nullptr) layers.over = table_of(*nodes, node, result->nodes, problems);
    if (nodes == nullptr || layers.over != nullptr) {
        Reader top(layers, nodes == nullptr ? "the file" : "the file or its node", problems);
        for (const std::string_view key : {"nodes", "address", "priority"}) top.has(key);
        report_misplaced(layers, problems);
        read_head(top, tree_->sound, context);
        read_sections(top, context);
        top.finish();
        resolve(context);
    }
    diagnostics.append(problems);
    if (problems.has_errors() || !tree_->sound) result.reset();
    return result;
}

}  // namespace lbconverge::config
