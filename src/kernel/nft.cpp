#include "nft.hpp"

#include "lbconverge/kernel/library.hpp"
#include "lbconverge/kinds/nft.hpp"

#include <linux/netlink.h>
#include <nftables/libnftables.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

namespace lbconverge::kernel {

namespace {

#define LBCONVERGE_NFT_FUNCTIONS(each) \
    each(nft_ctx_buffer_error);        \
    each(nft_ctx_buffer_output);       \
    each(nft_ctx_free);                \
    each(nft_ctx_get_error_buffer);    \
    each(nft_ctx_get_output_buffer);   \
    each(nft_ctx_new);                 \
    each(nft_ctx_output_set_flags);    \
    each(nft_run_cmd_from_buffer);

// These hide the functions of libnftables.h.
LBCONVERGE_NFT_FUNCTIONS(LBCONVERGE_LATE_DECLARE)

Result<void> load_nftables() {
    const auto library = Library::load(LBCONVERGE_NFTABLES);
    RETURN_IF_ERROR(library);
    bool complete = true;
    LBCONVERGE_NFT_FUNCTIONS(LBCONVERGE_LATE_FIND)
    if (complete) return {};
    return fail(ErrorKind::failed, LBCONVERGE_NFTABLES " lacks functions that are needed", "is it too old?");
}

}  // namespace

int errno_in(std::string_view message) {
    int first = EIO;
    std::size_t place = std::string_view::npos;
    for (const int error : {EPERM, EACCES, ENOENT, EEXIST, EBUSY, EOPNOTSUPP, EPROTONOSUPPORT, EAFNOSUPPORT, EINVAL,
                            EINTR, EAGAIN, ENOBUFS}) {
        const std::size_t at = message.find(std::strerror(error));
        if (at >= place) continue;
        first = error;
        place = at;
    }
    return first;
}

void Nft::Free::operator()(nft_ctx* context) const { nft_ctx_free(context); }

Result<Nft> Nft::open() {
    // Without such a socket libnftables ends the whole program.
    const int fd = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
    if (fd < 0) {
        return fail(ErrorKind::kernel_lacks, "the kernel has no nftables",
                    "modprobe nf_tables; is the module installed for this kernel (uname -r)?");
    }
    ::close(fd);
    static const Result<void> loaded = load_nftables();
    RETURN_IF_ERROR(loaded);
    std::unique_ptr<nft_ctx, Free> context(nft_ctx_new(NFT_CTX_DEFAULT));
    const bool quiet = context && nft_ctx_buffer_output(context.get()) == 0 && nft_ctx_buffer_error(context.get()) == 0;
    if (!quiet) return fail(ErrorKind::failed, "libnftables could not be started");
    return Nft(std::move(context));
}

int Nft::run(const std::string& commands) {
    std::string all;
    for (const wire::NftTable& table : ours()) all += kinds::nft_repair(table);
    return transact(all + commands);
}

int Nft::transact(const std::string& commands) {
    nft_ctx_output_set_flags(context_.get(), 0);
    const bool done = nft_run_cmd_from_buffer(context_.get(), commands.c_str()) == 0;
    nft_ctx_get_output_buffer(context_.get());  // this call also empties the buffer
    const std::string message = nft_ctx_get_error_buffer(context_.get());
    return done ? 0 : errno_in(message);
}

Result<std::optional<std::string>> Nft::list(const std::string& command) { return print(command, 0); }

Result<std::optional<std::string>> Nft::ruleset() {
    return print("list ruleset", NFT_CTX_OUTPUT_HANDLE | NFT_CTX_OUTPUT_NUMERIC_PROTO | NFT_CTX_OUTPUT_NUMERIC_PRIO);
}

Result<std::optional<std::string>> Nft::print(const std::string& command, unsigned flags) {
    nft_ctx_output_set_flags(context_.get(), NFT_CTX_OUTPUT_JSON | flags);
    const bool done = nft_run_cmd_from_buffer(context_.get(), command.c_str()) == 0;
    std::string text = nft_ctx_get_output_buffer(context_.get());
    const std::string message = nft_ctx_get_error_buffer(context_.get());
    if (done) return text;
    const int error = errno_in(message);
    if (error == EINTR || error == EAGAIN || error == ENOBUFS) {
        return fail(ErrorKind::world_moved, "the kernel's tables changed while being read");
    }
    // A kernel that cannot have the table does not have it. The error is reported when the table is made.
    if (error != EPERM && error != EACCES) return std::nullopt;
    return fail(ErrorKind::not_permitted, "reading nftables: not permitted", "run as root");
}

std::vector<wire::NftTable> Nft::ours() {
    std::vector<wire::NftTable> all;
    for (const char* family : {"arp", "ip", "ip6"}) {
        const auto listed = list(std::string("list table ") + family + " " + std::string(wire::nft_name));
        if (!listed || !*listed) continue;
        // libnftables 1.0.6 may print no JSON for a table that is switched off. For a table as we make it, it always
        // does.
        auto parsed = wire::parse_nft_table(**listed);
        all.push_back(parsed ? std::move(*parsed) : wire::NftTable{.family = family, .plain = false});
    }
    return all;
}

void Nft::sweep() {
    for (const wire::NftTable& table : ours()) {
        if (table.empty()) transact("delete table " + table.family + " " + std::string(wire::nft_name));
    }
}

}  // namespace lbconverge::kernel
