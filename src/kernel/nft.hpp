// nftables through libnftables, in this process: one transaction per call, and listings as JSON. Private to src/kernel.
#pragma once

#include "lbconverge/model/result.hpp"
#include "lbconverge/wire/nft.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct nft_ctx;

namespace lbconverge::kernel {

/// libnftables has no error codes, only a text for a person. The kernel's error is a part of that text: the first one,
/// since the commands that need what could not be made fail as well.
int errno_in(std::string_view message);

class Nft {
public:
    /// For the network namespace of the calling thread. kernel_lacks: there is no netfilter. failed: libnftables, which
    /// most runs do not need, cannot be loaded.
    static Result<Nft> open();

    /// Runs nft(8) commands for our tables as one transaction. It first makes those tables again that another program
    /// has changed. 0 or errno; if the kernel refuses a part, nothing is changed.
    int run(const std::string& commands);
    /// What "list table FAMILY NAME" prints, as JSON; nullopt: there is no such table.
    Result<std::optional<std::string>> list(const std::string& command);
    /// All tables as JSON, with handles, and with numbers for protocols and priorities; nullopt: nftables is missing.
    Result<std::optional<std::string>> ruleset();
    /// Removes tables of ours that have no element, since they have no effect.
    void sweep();

private:
    struct Free {
        void operator()(nft_ctx* context) const;
    };
    Result<std::optional<std::string>> print(const std::string& command, unsigned flags);
    int transact(const std::string& commands);
    /// Our tables, as far as they are there.
    std::vector<wire::NftTable> ours();
    explicit Nft(std::unique_ptr<nft_ctx, Free> context) : context_(std::move(context)) {}

    std::unique_ptr<nft_ctx, Free> context_;
};

}  // namespace lbconverge::kernel
