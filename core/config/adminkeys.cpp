#include "config/adminkeys.h"

#include "config/adminrules.h"

#include <array>

using namespace Qt::Literals::StringLiterals;

namespace Quern::config {

namespace {

using S = ServerSettings;

constexpr quint64 kibibyte = 1024;
constexpr quint64 mebibyte = 1024 * kibibyte;

constexpr std::array keys = {
    Key{"enable"_L1, FlagRule{&S::adminEnable}, "",
        QT_TRANSLATE_NOOP("Quern::config",
                          "Whether the server is managed over HTTP and WebSocket as well, with tokens."),
        nullptr, Change::Restart},
    Key{"listen"_L1, ListenRule{&S::adminListen}, "",
        QT_TRANSLATE_NOOP("Quern::config", "Where to listen for that: one address or a list; \"127.0.0.1:5210\", "
                                           "\"[::1]:5210\", with TLS \"tls:0.0.0.0:5210\"."),
        nullptr, Change::Restart},
    Key{"insecure_remote"_L1, FlagRule{&S::adminInsecureRemote}, "",
        QT_TRANSLATE_NOOP("Quern::config", "Whether an address that other machines reach may go without TLS, since "
                                           "something else protects it."),
        nullptr, Change::Restart},
    Key{"hosts"_L1,
        ListRule{&S::adminHosts, isHostName,
                 QT_TRANSLATE_NOOP("Quern::config", "a host name such as \"ops.example.org\"")},
        "",
        QT_TRANSLATE_NOOP("Quern::config", "Names by which it may be asked, besides its addresses and those of "
                                           "loopback; others are answered 421."),
        nullptr, Change::Restart},
    Key{"origins"_L1,
        ListRule{&S::adminOrigins, isOrigin,
                 QT_TRANSLATE_NOOP("Quern::config", "an origin such as \"https://ops.example.org\"")},
        "",
        QT_TRANSLATE_NOOP("Quern::config",
                          "Origins of web pages from elsewhere that may ask; others are answered 403."),
        nullptr, Change::Restart},
    Key{"tls_cert_file"_L1, PathRule{&S::adminTlsCertFile, true}, "",
        QT_TRANSLATE_NOOP("Quern::config", "Certificate of its \"tls:\" addresses, in PEM, with those of its signers "
                                           "behind it.")},
    Key{"tls_key_file"_L1, PathRule{&S::adminTlsKeyFile, true}, "",
        QT_TRANSLATE_NOOP("Quern::config", "Private key of that certificate, in PEM.")},
    Key{"token_file"_L1, PathRule{&S::adminTokenFile, true}, "",
        QT_TRANSLATE_NOOP("Quern::config", "File of the tokens, made at the first start; \"\" for admin.tokens in "
                                           "runtime_dir."),
        nullptr, Change::Restart},
    Key{"audit_log"_L1, PathRule{&S::adminAuditLog, true}, "",
        QT_TRANSLATE_NOOP("Quern::config", "File that tells who has changed what, by whichever way; \"\" for audit.log "
                                           "in runtime_dir."),
        nullptr, Change::Restart},
    Key{"max_connections"_L1, IntegerRule<int>{&S::adminMaxConnections, 1, 10'000}, "",
        QT_TRANSLATE_NOOP("Quern::config",
                          "Connections of it at a time; with more, those without a token are closed, then idle ones."),
        nullptr, Change::Restart},
    Key{"max_body"_L1, SizeRule<quint64>{&S::adminMaxBody, kibibyte, 64 * mebibyte}, "bytes",
        QT_TRANSLATE_NOOP("Quern::config", "Largest body of one request; a larger one is answered 413."), nullptr,
        Change::Restart},
    Key{"request_timeout"_L1, DurationRule{&S::adminRequestTimeout}, "seconds",
        QT_TRANSLATE_NOOP("Quern::config", "How long a client may take to send one whole request, and for the "
                                           "handshake of TLS."),
        nullptr, Change::Restart},
};

} // namespace

std::span<const Key> adminKeys()
{
    return keys;
}

} // namespace Quern::config
