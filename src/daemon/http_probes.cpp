#include "http_probes.hpp"

#include "lbconverge/daemon/log.hpp"
#include "lbconverge/kernel/library.hpp"

#include <curl/curl.h>
#include <sys/socket.h>

#include <algorithm>
#include <map>
#include <utility>

namespace lbconverge::daemon {

using health::ProbeAnswer;
using health::ProbeRequest;

namespace {

#define LBCONVERGE_CURL_FUNCTIONS(each) \
    each(curl_easy_cleanup);            \
    each(curl_easy_getinfo);            \
    each(curl_easy_init);               \
    each(curl_easy_setopt);             \
    each(curl_easy_strerror);           \
    each(curl_global_cleanup);          \
    each(curl_global_init);             \
    each(curl_multi_add_handle);        \
    each(curl_multi_cleanup);           \
    each(curl_multi_info_read);         \
    each(curl_multi_init);              \
    each(curl_multi_remove_handle);     \
    each(curl_multi_setopt);            \
    each(curl_multi_socket_action);     \
    each(curl_slist_append);            \
    each(curl_slist_free_all);

// These names hide the functions of curl.h: libcurl is loaded at the first check over HTTP.
LBCONVERGE_CURL_FUNCTIONS(LBCONVERGE_LATE_DECLARE)

Result<void> load_curl() {
    const auto library = kernel::Library::load(LBCONVERGE_CURL);
    RETURN_IF_ERROR(library);
    bool complete = true;
    LBCONVERGE_CURL_FUNCTIONS(LBCONVERGE_LATE_FIND)
    if (complete) return {};
    return lbconverge::fail(ErrorKind::failed, LBCONVERGE_CURL " lacks functions that are needed", "is it too old?");
}

/// No more of a body is read, in octets. The expected text must be in this part.
constexpr std::size_t most_of_body = 64 * 1024;

}  // namespace

/// One transfer.
struct Transfer {
    ProbeRequest request;
    OnAnswer report;
    CURL* easy = nullptr;
    curl_slist* connect_to = nullptr;
    std::string body;
    char error[CURL_ERROR_SIZE] = "";

    Transfer(ProbeRequest asked, OnAnswer told)
        : request(std::move(asked)), report(std::move(told)), easy(curl_easy_init()) {}
    ~Transfer() {
        curl_easy_cleanup(easy);
        curl_slist_free_all(connect_to);
    }
    Transfer(const Transfer&) = delete;
    Transfer& operator=(const Transfer&) = delete;
};

namespace {

/// When the room is full, it takes less than it was given. Then libcurl ends the transfer, as it should.
std::size_t take_body(char* data, std::size_t size, std::size_t count, void* owner) {
    std::string& body = static_cast<Transfer*>(owner)->body;
    const std::size_t room = std::min(size * count, most_of_body - body.size());
    body.append(data, room);
    return room;
}

/// Sets the firewall mark on the socket of a check through the VIP.
int set_mark(void* request, curl_socket_t socket, curlsocktype) {
    const std::uint32_t mark = static_cast<const ProbeRequest*>(request)->mark;
    return ::setsockopt(socket, SOL_SOCKET, SO_MARK, &mark, sizeof mark) == 0 ? CURL_SOCKOPT_OK : CURL_SOCKOPT_ERROR;
}

std::string in_url(const IpAddress& address) {
    const std::string text = to_text(address);
    return address.family == Family::ipv6 ? "[" + text + "]" : text;
}

void set_up(Transfer& transfer) {
    const ProbeRequest& request = transfer.request;
    const config::Check& check = *request.check;
    CURL* easy = transfer.easy;
    const bool tls = check.type == config::CheckType::https;
    const bool through_vip = request.mark != 0;
    const std::string there = in_url(through_vip ? request.vip : request.address);
    const std::string port = std::to_string(request.port);
    // The name is used for Host, SNI and the certificate. The connection goes to the server that is asked.
    const std::string host = check.host.empty() ? there : check.host;
    const bool usual = request.port == (tls ? 443 : 80);
    const std::string url = std::string(tls ? "https" : "http") + "://" + host + (usual ? "" : ":" + port) +
                            (check.path.starts_with('/') ? "" : "/") + check.path;
    transfer.connect_to = curl_slist_append(nullptr, ("::" + there + ":" + port).c_str());
    curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
    curl_easy_setopt(easy, CURLOPT_CONNECT_TO, transfer.connect_to);
    if (through_vip) {
        curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, &set_mark);
        curl_easy_setopt(easy, CURLOPT_SOCKOPTDATA, &transfer.request);
        const auto source = source_towards(request.address);
        if (source) curl_easy_setopt(easy, CURLOPT_INTERFACE, ("host!" + to_text(*source)).c_str());
    }
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(check.timeout.count()));
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "lbconverge");
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, check.verify ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, check.verify ? 2L : 0L);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer.error);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, &transfer);
}

std::string why_failed(const Transfer& transfer, CURLcode code, long status) {
    long error = 0;
    curl_easy_getinfo(transfer.easy, CURLINFO_OS_ERRNO, &error);
    if (code == CURLE_COULDNT_CONNECT && error != 0) return "connect " + reason_text(static_cast<int>(error));
    curl_off_t connected = 0;
    curl_easy_getinfo(transfer.easy, CURLINFO_CONNECT_TIME_T, &connected);
    if (code == CURLE_OPERATION_TIMEDOUT) {
        return connected == 0 ? "connect timed out"
               : status == 0  ? "no answer in time"
                              : "the answer did not end in time";
    }
    return transfer.error[0] != '\0' ? transfer.error : curl_easy_strerror(code);
}

bool is_good(const config::Check& check, long status) {
    if (check.status.empty()) return status >= 200 && status <= 399;
    return std::find(check.status.begin(), check.status.end(), status) != check.status.end();
}

ProbeAnswer answer_of(const Transfer& transfer, CURLcode code) {
    const ProbeRequest& request = transfer.request;
    ProbeAnswer answer{request.id, request.run, false, {}, {}};
    long status = 0;
    curl_easy_getinfo(transfer.easy, CURLINFO_RESPONSE_CODE, &status);
    const bool cut = code == CURLE_WRITE_ERROR && transfer.body.size() == most_of_body;
    long error = 0;
    curl_easy_getinfo(transfer.easy, CURLINFO_OS_ERRNO, &error);
    if (code == CURLE_COULDNT_CONNECT && is_of_this_host(static_cast<int>(error))) answer.asked = false;
    if (code != CURLE_OK && !cut) {
        answer.what = why_failed(transfer, code, status);
    } else if (!is_good(*request.check, status)) {
        answer.what = "HTTP status " + std::to_string(status);
    } else if (transfer.body.find(request.check->expect) == std::string::npos) {
        answer.what = "the body has no \"" + request.check->expect + "\"";
    } else {
        answer.good = true;
        answer.what = "HTTP status " + std::to_string(status);
    }
    return answer;
}

}  // namespace

/// libcurl's multi interface says which sockets and which time to wait for, and the loop waits for them.
class HttpProbes::Curl {
public:
    explicit Curl(Loop& loop) : loop_(loop), timer_(loop) {
        curl_global_init(CURL_GLOBAL_DEFAULT);
        multi_ = curl_multi_init();
        curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &on_socket);
        curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
        curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &on_timer);
        curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
    }
    ~Curl() {
        for (const auto& [easy, transfer] : transfers_) curl_multi_remove_handle(multi_, easy);
        transfers_.clear();
        curl_multi_cleanup(multi_);
        curl_global_cleanup();
    }
    Curl(const Curl&) = delete;
    Curl& operator=(const Curl&) = delete;

    void ask(const ProbeRequest& request, const OnAnswer& report) {
        auto transfer = std::make_unique<Transfer>(request, report);
        set_up(*transfer);
        CURL* easy = transfer->easy;
        transfers_.emplace(easy, std::move(transfer));
        curl_multi_add_handle(multi_, easy);
    }

private:
    struct Watched {
        explicit Watched(Loop& loop, curl_socket_t socket) : descriptor(loop, socket) {}
        Descriptor descriptor;
        int wanted = 0;  ///< CURL_POLL_IN, OUT or both; 0: libcurl does not use the socket any more
        bool reading = false, writing = false;
    };
    using WatchedPtr = std::shared_ptr<Watched>;

    static int on_socket(CURL*, curl_socket_t socket, int what, void* self, void*) {
        static_cast<Curl*>(self)->watch(socket, what);
        return 0;
    }
    static int on_timer(CURLM*, long wait, void* self) {
        static_cast<Curl*>(self)->set_timer(wait);
        return 0;
    }

    void watch(curl_socket_t socket, int what) {
        const auto at = sockets_.find(socket);
        if (what == CURL_POLL_REMOVE) {
            if (at == sockets_.end()) return;
            at->second->wanted = 0;
            at->second->descriptor.release();  // libcurl closes it
            sockets_.erase(at);
            return;
        }
        const WatchedPtr watched =
            at != sockets_.end() ? at->second
                                 : sockets_.emplace(socket, std::make_shared<Watched>(loop_, socket)).first->second;
        watched->wanted = what;
        wait(socket, watched);
    }

    void wait(curl_socket_t socket, const WatchedPtr& watched) {
        const auto listen = [&](int flag, bool& waiting, auto when, int ready) {
            if ((watched->wanted & flag) == 0 || std::exchange(waiting, true)) return;
            (watched->descriptor.*when)([this, socket, watched, &waiting, flag, ready] {
                waiting = false;
                if ((watched->wanted & flag) == 0) return;
                act(socket, ready);
                if (watched->wanted != 0) wait(socket, watched);
            });
        };
        listen(CURL_POLL_IN, watched->reading, &Descriptor::when_readable, CURL_CSELECT_IN);
        listen(CURL_POLL_OUT, watched->writing, &Descriptor::when_writable, CURL_CSELECT_OUT);
    }

    /// libcurl must not be called from within its own callback. So the loop makes the call, even if it is due at once.
    void set_timer(long wait) {
        timer_.cancel();
        if (wait < 0) return;
        timer_.start(std::chrono::milliseconds(wait), [this] { act(CURL_SOCKET_TIMEOUT, 0); });
    }

    void act(curl_socket_t socket, int ready) {
        int running = 0;
        curl_multi_socket_action(multi_, socket, ready, &running);
        int left = 0;
        while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
            if (message->msg == CURLMSG_DONE) finish(message->easy_handle, message->data.result);
        }
    }

    void finish(CURL* easy, CURLcode code) {
        const auto at = transfers_.find(easy);
        const ProbeAnswer answer = answer_of(*at->second, code);
        const OnAnswer report = at->second->report;
        curl_multi_remove_handle(multi_, easy);
        transfers_.erase(at);
        report(answer);
    }

    Loop& loop_;
    Timer timer_;
    CURLM* multi_ = nullptr;
    std::map<curl_socket_t, WatchedPtr> sockets_;
    std::map<CURL*, std::unique_ptr<Transfer>> transfers_;
};

HttpProbes::HttpProbes(Loop& loop) : loop_(loop) {}

HttpProbes::~HttpProbes() = default;

void HttpProbes::ask(const ProbeRequest& request, const OnAnswer& report) {
    if (!curl_) {
        const auto loaded = load_curl();
        if (!loaded) {
            if (!std::exchange(complained_, true)) {
                log(Level::error, loaded.error().what + " (" + loaded.error().hint + ")");
            }
            return report(not_asked(request, loaded.error().what));
        }
        curl_ = std::make_unique<Curl>(loop_);
    }
    curl_->ask(request, report);
}

}  // namespace lbconverge::daemon
