#include "lbconverge/import/keepalived.hpp"

#include "compare.hpp"
#include "lbconverge/kernel/file.hpp"
#include "load.hpp"
#include "options.hpp"
#include "print.hpp"

#include <glob.h>

#include <set>

namespace lbconverge::cli {

namespace {

std::optional<std::string> open_file(const std::string& path) {
    Result<std::string> text = kernel::read_file(path);
    return text ? std::optional(std::move(*text)) : std::nullopt;
}

/// The names in their order, as keepalived gets them.
std::vector<std::string> glob_files(const std::string& pattern) {
    std::vector<std::string> paths;
    ::glob_t found{};
    if (::glob(pattern.c_str(), GLOB_BRACE | GLOB_MARK, nullptr, &found) == 0) {
        for (std::size_t i = 0; i < found.gl_pathc; ++i) {
            const std::string path = found.gl_pathv[i];
            if (!path.ends_with('/')) paths.push_back(path);
        }
    }
    ::globfree(&found);
    return paths;
}

/// "NAME=FILE" or "FILE". A name has no slash, so that a path with an equals sign stays one.
importer::NodeFile node_file_of(const std::string& word) {
    const std::size_t equals = word.find('=');
    const bool named = equals != std::string::npos && equals != 0 && word.find('/') > equals;
    if (!named) return {"", word};
    return {word.substr(0, equals), word.substr(equals + 1)};
}

/// Two files under one name, or a name without a file.
std::optional<Error> misnamed(const std::vector<std::string>& words) {
    std::set<std::string> used;
    for (std::size_t i = 1; i < words.size(); ++i) {
        const importer::NodeFile each = node_file_of(words[i]);
        if (each.path.empty())
            return Error{ErrorKind::usage, "\"" + words[i] + "\": there is no file after the name", ""};
        if (!each.node.empty() && !used.insert(each.node).second) {
            return Error{ErrorKind::usage, "the name \"" + each.node + "\" is given twice", "another NAME=FILE"};
        }
    }
    return std::nullopt;
}

importer::Imported imported_from(const std::string& what, const Options& options) {
    const importer::FileSystem files{open_file, glob_files};
    if (what == "ldirectord") return importer::import_ldirectord(options.arguments[1], files);
    if (what == "ipvsadm") return importer::import_ipvsadm(options.arguments[1], files);
    std::vector<importer::NodeFile> nodes;
    for (std::size_t i = 1; i < options.arguments.size(); ++i) nodes.push_back(node_file_of(options.arguments[i]));
    return importer::import_keepalived(nodes, files, options.node.empty() ? host_name() : options.node);
}

int compare_imported(const importer::Imported& imported, const Options& options) {
    const Result<config::Config> config = node_from_text("result", imported.toml, options.node);
    return config ? compare(*config) : report(config.error());
}

}  // namespace

int import_command(const Options& options) {
    const std::string& what = options.arguments.front();
    if (what != "keepalived" && what != "ldirectord" && what != "ipvsadm") {
        return report(Error{ErrorKind::usage, "there is no import of \"" + what + "\"",
                            "lbconverge import keepalived, ldirectord or ipvsadm FILE"});
    }
    if (what != "keepalived" && options.arguments.size() > 2) {
        return report(Error{ErrorKind::usage, "import " + what + " takes one file", "import one after the other"});
    }
    if (const auto error = misnamed(options.arguments); what == "keepalived" && error) return report(*error);
    const importer::Imported imported = imported_from(what, options);
    std::string said;
    for (const importer::Remark& each : imported.remarks) said += to_text(each, imported.files) + "\n";
    if (!imported.objections.empty()) said += "check refuses the result:\n" + imported.objections;
    print_errors(said);
    const bool good = imported.readable && imported.accepted;
    if (options.compare) return good ? compare_imported(imported, options) : exit_invalid;
    print(imported.toml);
    return good ? exit_good : exit_invalid;
}

}  // namespace lbconverge::cli
