// Files → configuration: what the core must not do, opening files and asking for the host name. Private to src/cli.
#pragma once

#include "lbconverge/config/document.hpp"
#include "lbconverge/model/result.hpp"

#include <string>
#include <vector>

namespace lbconverge::cli {

/// Without the domain.
std::string host_name();

std::string absolute(const std::string& path);

/// FILE and conf.d/*.toml beside it. The text of the files is gone on return: for a large table it is memory that the
/// next steps can use.
Result<config::Document> parse_files(const std::string& path, config::Diagnostics& diagnostics);
/// A line for each.
std::string listed(const config::Diagnostics& diagnostics, const std::vector<std::string>& files);

/// One node's configuration, free of errors. `node` may be empty: the host name then, if there is a [nodes] at all.
/// What is wrong is printed on stderr, all of it.
Result<config::Config> load_node(const std::string& path, const std::string& node);
/// The same; what is wrong is in `wrong`, and not printed.
Result<config::Config> load_node(const std::string& path, const std::string& node, std::string& wrong);

/// Reads the keys of an instance that names a file of them (auth_key_file). Who else may read or write the file makes
/// it an error.
Result<void> read_auth_keys(config::Vrrp& vrrp);

/// Copies FILE and its conf.d into that folder, as lbconverge.toml and conf.d; for root's eyes only, since there may be
/// passwords in it.
Result<void> copy_files(const std::string& path, const std::string& folder);

/// The configurations of all nodes of a file, free of errors.
Result<std::vector<config::Config>> load_cluster(const std::string& path);

}  // namespace lbconverge::cli
