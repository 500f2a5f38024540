#include "load.hpp"

#include "lbconverge/config/lint.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace lbconverge::cli {

namespace {

/// FILE, then conf.d/*.toml beside it in the order of their names.
Result<std::vector<config::InputFile>> read_files(const std::string& path) {
    namespace fs = std::filesystem;
    std::vector<std::string> paths{path};
    std::error_code error;
    std::vector<std::string> parts;
    for (fs::directory_iterator at(fs::path(path).parent_path() / "conf.d", error), end; !error && at != end;
         at.increment(error)) {
        if (at->path().extension() == ".toml") parts.push_back(at->path().string());
    }
    std::sort(parts.begin(), parts.end());
    paths.insert(paths.end(), parts.begin(), parts.end());
    std::vector<config::InputFile> files;
    for (const std::string& each : paths) {
        auto text = read_file(each);
        RETURN_IF_ERROR(text);
        files.push_back({each, std::move(*text)});
    }
    return files;
}

/// The names are those that a person may give to --node; a file without [nodes] is good for every node.
std::string node_to_use(const config::Document& document, const std::string& asked) {
    if (!asked.empty() || document.nodes().empty()) return asked;
    return host_name();
}

}  // namespace

Result<std::string> read_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::error_code ignored;
    if (!in || std::filesystem::is_directory(path, ignored)) {
        return fail(ErrorKind::invalid_input,
                    path + ": cannot be read: " + (in ? "it is a directory" : std::strerror(errno)),
                    "-c FILE names the configuration");
    }
    const auto size = std::filesystem::file_size(path, ignored);
    std::string text(ignored ? 0 : size, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(in.gcount()));
    text.append(std::istreambuf_iterator<char>(in), {});  // what has no size beforehand, such as a pipe
    return text;
}

std::string host_name() {
    char name[256] = "";
    ::gethostname(name, sizeof name - 1);
    const std::string_view text = name;
    return std::string(text.substr(0, text.find('.')));
}

std::string absolute(const std::string& path) {
    std::error_code error;
    const auto whole = std::filesystem::weakly_canonical(path, error);
    return error ? path : whole.string();
}

/// The text of the files is gone on return: for a large table it is memory that the next steps can use.
Result<config::Document> parse_files(const std::string& path, config::Diagnostics& diagnostics) {
    const auto files = read_files(path);
    RETURN_IF_ERROR(files);
    return config::Document::parse(*files, diagnostics);
}

std::string listed(const config::Diagnostics& diagnostics, const std::vector<std::string>& files) {
    std::string text;
    for (const config::Diagnostic& each : diagnostics.all()) text += to_text(each, files) + "\n";
    return text;
}

Result<config::Config> load_node(const std::string& path, const std::string& node) {
    config::Diagnostics diagnostics;
    const Result<config::Document> parsed = parse_files(path, diagnostics);
    RETURN_IF_ERROR(parsed);
    const config::Document& document = *parsed;
    auto config = document.config_for(node_to_use(document, node), diagnostics);
    std::vector<config::Config> configs;
    if (config) {
        config::report_unsupported(*config, config::Severity::error, diagnostics);
        config->files = document.files();
        configs.push_back(std::move(*config));
    }
    config::lint(configs, diagnostics);  // a mistake that check calls an error is not carried out either
    diagnostics.finish();
    if (configs.empty() || diagnostics.has_errors()) {
        std::fputs(listed(diagnostics, document.files()).c_str(), stderr);
        return fail(ErrorKind::invalid_input, path + ": the configuration has errors; nothing was done");
    }
    return std::move(configs.front());
}

Result<void> copy_files(const std::string& path, const std::string& folder) {
    namespace fs = std::filesystem;
    std::error_code error;
    fs::remove_all(folder, error);
    const fs::path parts = fs::path(path).parent_path() / "conf.d";
    if (!error) fs::create_directory(folder, error);
    if (!error) fs::permissions(folder, fs::perms::owner_all, error);
    if (!error && fs::is_directory(parts)) fs::copy(parts, fs::path(folder) / "conf.d", error);
    if (!error) fs::copy_file(path, fs::path(folder) / "lbconverge.toml", error);
    if (error) return fail(ErrorKind::failed, folder + ": " + error.message());
    return {};
}

Result<std::vector<config::Config>> load_cluster(const std::string& path) {
    config::Diagnostics diagnostics;
    const Result<config::Document> document = parse_files(path, diagnostics);
    RETURN_IF_ERROR(document);
    std::vector<config::Config> configs;
    for (const std::string& node : document->nodes()) {
        if (auto config = document->config_for(node, diagnostics)) configs.push_back(std::move(*config));
    }
    config::lint(configs, diagnostics);
    diagnostics.finish();
    if (diagnostics.has_errors()) {
        std::fputs(listed(diagnostics, document->files()).c_str(), stderr);
        return fail(ErrorKind::invalid_input, path + ": the configuration has errors; nothing was done");
    }
    return configs;
}

}  // namespace lbconverge::cli
