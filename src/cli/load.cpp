#include "load.hpp"

#include "lbconverge/config/auth_keys.hpp"
#include "lbconverge/config/lint.hpp"
#include "lbconverge/daemon/trust.hpp"
#include "lbconverge/kernel/file.hpp"
#include "print.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace lbconverge::cli {

namespace fs = std::filesystem;

namespace {

constexpr const char* main_copy = "lbconverge.toml";

fs::path parts_folder(const std::string& path) { return fs::path(path).parent_path() / "conf.d"; }

/// Hidden files and the temporary files of editors are no part of the configuration. (Names like "#x.toml#" and
/// "x.toml~" do not end in .toml.)
bool is_part(const std::string& name) {
    return name.ends_with(".toml") && !name.starts_with('.') && !name.starts_with('#');
}

/// conf.d/*.toml beside FILE, in the order of their names. It is an error if the folder exists but cannot be listed:
/// otherwise what its files name would look as if it were removed from the configuration.
Result<std::vector<std::string>> list_parts(const std::string& path) {
    const fs::path folder = parts_folder(path);
    std::vector<std::string> parts;
    std::error_code error;
    const fs::file_type type = fs::symlink_status(folder, error).type();
    if (type == fs::file_type::not_found) return parts;
    if (type != fs::file_type::none) error.clear();
    fs::directory_iterator at;
    if (!error) at = fs::directory_iterator(folder, error);
    for (const fs::directory_iterator end; !error && at != end; at.increment(error)) {
        if (is_part(at->path().filename().string())) parts.push_back(at->path().string());
    }
    if (error) {
        return fail(ErrorKind::invalid_input, folder.string() + ": cannot be listed: " + error.message(),
                    "mend it, or remove it if no part of the configuration is there");
    }
    std::sort(parts.begin(), parts.end());
    return parts;
}

/// The user does not name the parts. Without this check, any user who can put a part beside FILE could configure this
/// host.
Result<void> must_be_trusted(const std::string& part, const std::string& path) {
    std::error_code error;
    const auto reason = daemon::distrust_beside(fs::absolute(part, error).string(), path);
    if (!reason || reason->missing) return {};
    return fail(ErrorKind::invalid_input, part + ": will not be read: " + reason->why,
                "conf.d and its files must belong to root, to you or to the owner of " + path +
                    ", and nobody else may write them");
}

/// Reads FILE, then its parts.
Result<std::vector<config::InputFile>> read_files(const std::string& path) {
    std::vector<config::InputFile> files;
    Result<std::string> first = kernel::read_file(path);
    if (!first) return fail(first.error().kind, first.error().what, "-c FILE names the configuration");
    files.push_back({path, std::move(*first)});
    const auto parts = list_parts(path);
    RETURN_IF_ERROR(parts);
    for (const std::string& part : *parts) {
        RETURN_IF_ERROR(must_be_trusted(part, path));
        Result<std::string> text = kernel::read_file(part);
        if (!text) return fail(text.error().kind, text.error().what, "every *.toml in conf.d is read");
        files.push_back({part, std::move(*text)});
    }
    return files;
}

/// The node that was asked for, else the one with the host's name. A file without [nodes] is for every node.
std::string node_to_use(const config::Document& document, const std::string& asked) {
    if (!asked.empty() || document.nodes().empty()) return asked;
    return host_name();
}

}  // namespace

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

/// The text of the files is freed on return: with a large table, the next steps can use that memory.
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
    std::string wrong;
    Result<config::Config> config = load_node(path, node, wrong);
    print_errors(wrong);
    return config;
}

namespace {

/// `path` is for the error. What is wrong is put into `wrong`.
Result<config::Config> node_of(const config::Document& document, config::Diagnostics& diagnostics,
                               const std::string& path, const std::string& node, std::string& wrong) {
    auto config = document.config_for(node_to_use(document, node), diagnostics);
    std::vector<config::Config> configs;
    if (config) {
        config::report_unsupported(*config, config::Severity::error, diagnostics);
        config->files = document.files();
        configs.push_back(std::move(*config));
    }
    config::lint(configs, diagnostics);  // a file with a mistake that check calls an error is not carried out
    diagnostics.finish();
    if (configs.empty() || diagnostics.has_errors()) {
        wrong = listed(diagnostics, document.files());
        return fail(ErrorKind::invalid_input, path + ": the configuration has errors; nothing was done");
    }
    return std::move(configs.front());
}

}  // namespace

Result<config::Config> load_node(const std::string& path, const std::string& node, std::string& wrong) {
    config::Diagnostics diagnostics;
    const Result<config::Document> document = parse_files(path, diagnostics);
    RETURN_IF_ERROR(document);
    return node_of(*document, diagnostics, path, node, wrong);
}

Result<config::Config> node_from_text(const std::string& name, const std::string& text, const std::string& node) {
    config::Diagnostics diagnostics;
    const config::Document document = config::Document::parse({{name, text}}, diagnostics);
    std::string wrong;
    Result<config::Config> config = node_of(document, diagnostics, name, node, wrong);
    print_errors(wrong);
    return config;
}

Result<void> read_auth_keys(config::Vrrp& vrrp) {
    constexpr std::size_t most = 65536;  // 255 keys, and what is said of each
    if (vrrp.auth_key_file.empty()) return {};
    const auto reason = daemon::distrust_secret(vrrp.auth_key_file);
    if (reason && !reason->missing) {
        return fail(ErrorKind::invalid_input, vrrp.auth_key_file + ": will not be used: " + reason->why,
                    "it and its directories must belong to root, and nobody else may write them or read the file: "
                    "chmod 600 " +
                        vrrp.auth_key_file);
    }
    const Result<std::string> text = kernel::read_file(vrrp.auth_key_file, {.most = most});
    if (!text) return fail(text.error().kind, text.error().what, "auth_key_file names the file of the keys");
    return config::take_auth_keys(*text, vrrp);
}

Result<void> copy_files(const std::string& path, const std::string& folder) {
    const auto files = read_files(path);
    RETURN_IF_ERROR(files);
    std::error_code error;
    fs::remove_all(folder, error);
    if (!error) fs::create_directory(folder, error);
    if (!error) fs::permissions(folder, fs::perms::owner_all, error);
    if (!error) fs::create_directory(fs::path(folder) / "conf.d", error);
    if (error) return fail(ErrorKind::failed, folder + ": " + error.message());
    for (const config::InputFile& each : *files) {
        const bool first = &each == &files->front();
        const fs::path copy = first ? fs::path(folder) / main_copy
                                    : parts_folder(fs::path(folder) / main_copy) / fs::path(each.path).filename();
        std::ofstream out(copy, std::ios::binary);
        out << each.text;
        out.flush();
        if (!out) return fail(ErrorKind::failed, copy.string() + ": cannot be written");
    }
    return {};
}

namespace {

/// Another text if one of the files has changed.
std::string marks_of(const std::string& path) {
    std::string text;
    const auto parts = list_parts(path);
    std::vector<std::string> files = parts ? *parts : std::vector<std::string>{};
    files.push_back(path);
    for (const std::string& each : files) {
        std::error_code error;
        const auto size = fs::file_size(each, error);
        const auto time = fs::last_write_time(each, error).time_since_epoch().count();
        text += each + " " + std::to_string(size) + " " + std::to_string(time) + "\n";
    }
    return text;
}

/// The copy has the same texts; of the parts also the same names.
bool is_copy(const std::vector<config::InputFile>& files, const std::vector<config::InputFile>& copies) {
    if (files.size() != copies.size()) return false;
    for (std::size_t i = 0; i < files.size(); ++i) {
        if (files[i].text != copies[i].text) return false;
        if (i > 0 && fs::path(files[i].path).filename() != fs::path(copies[i].path).filename()) return false;
    }
    return true;
}

}  // namespace

std::optional<bool> CopyWatch::differs() {
    const std::string copy = (fs::path(folder_) / main_copy).string();
    std::string marks = marks_of(path_) + marks_of(copy);
    if (marks == seen_) return differs_;
    const auto files = read_files(path_);
    const auto copies = read_files(copy);
    differs_ = copies ? std::optional(!files || !is_copy(*files, *copies)) : std::nullopt;
    seen_ = std::move(marks);
    return differs_;
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
        print_errors(listed(diagnostics, document->files()));
        return fail(ErrorKind::invalid_input, path + ": the configuration has errors; nothing was done");
    }
    return configs;
}

}  // namespace lbconverge::cli
