// From files to a configuration: opens the files and asks for the host name, which the core must not do. Private to
// src/cli.
#pragma once

#include "lbconverge/config/document.hpp"
#include "lbconverge/model/result.hpp"

#include <optional>
#include <string>
#include <vector>

namespace lbconverge::cli {

/// The name of this host, without the domain.
std::string host_name();

std::string absolute(const std::string& path);

/// Reads FILE and conf.d/*.toml beside it. The text of the files is freed on return: with a large table, the next steps
/// can use that memory.
Result<config::Document> parse_files(const std::string& path, config::Diagnostics& diagnostics);
/// The diagnostics as text, a line for each.
std::string listed(const config::Diagnostics& diagnostics, const std::vector<std::string>& files);

/// One node's configuration, without errors. If `node` is empty and the file has [nodes], the node is the one with the
/// host's name. Everything that is wrong is printed on stderr.
Result<config::Config> load_node(const std::string& path, const std::string& node);
/// The same, but what is wrong is put into `wrong` and not printed.
Result<config::Config> load_node(const std::string& path, const std::string& node, std::string& wrong);

/// The same of text that is in no file. `name` stands for the file in what is printed.
Result<config::Config> node_from_text(const std::string& name, const std::string& text, const std::string& node);

/// Reads the keys of an instance that names a file of them (auth_key_file). It is an error if other users may read or
/// write the file.
Result<void> read_auth_keys(config::Vrrp& vrrp);

/// Copies FILE and its conf.d into that folder, as lbconverge.toml and conf.d. Only root can read the copy, since it
/// may have passwords.
Result<void> copy_files(const std::string& path, const std::string& folder);

/// Whether FILE and its conf.d are others than that copy of them. It reads the files only if one of them has changed
/// since it was last asked.
class CopyWatch {
public:
    CopyWatch(std::string path, std::string folder) : path_(std::move(path)), folder_(std::move(folder)) {}
    /// nullopt: the copy cannot be read.
    std::optional<bool> differs();

private:
    std::string path_, folder_;
    std::string seen_;  ///< sizes and times of all files
    std::optional<bool> differs_;
};

/// The configurations of all nodes of a file, without errors.
Result<std::vector<config::Config>> load_cluster(const std::string& path);

}  // namespace lbconverge::cli
