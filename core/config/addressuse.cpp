#include "config/addressuse.h"

#include "config/keytable.h"
#include "config/listenreader.h"
#include "config/text.h"
#include "config/tomltext.h"

#include <algorithm>
#include <array>

using namespace Qt::Literals::StringLiterals;

namespace Quern::config {

namespace {

/// Keys that go with one kind of address.
struct Kind
{
    bool (*isKey)(const QString &key);         ///< in a [[socket]]
    bool (*isKeyOfServer)(const QString &key); ///< those of [server] that somebody must have a use for
    bool (*hasUse)(const ListenAddress &address);
    QString (*text)(bool isServer);
    /// What to write. \a addresses are not empty; \a listen is null for the default.
    QString (*mend)(const TomlValue *listen, const QList<WrittenAddress> &addresses);
};

QString mendTls(const TomlValue *listen, const QList<WrittenAddress> &addresses)
{
    const WrittenAddress &first = addresses.constFirst();
    // The text of a secret is not shown.
    if (first.shown != quotedToml(first.address.text))
        return Text::tr("write \"tls:\" before an address of its listen");
    const QString address = quotedToml(u"tls:"_s + first.address.text);
    return listen && listen->isArray() ? Text::tr("write %1 in its listen").arg(address)
                                       : Text::tr("write listen = %1").arg(address);
}

const std::array kinds = {
    Kind{
        [](const QString &key) { return key.startsWith(u"ssl_"); },
        [](const QString &key) { return key == u"ssl_cert_file" || key == u"ssl_key_file" || key == u"ssl_sni_certs"; },
        [](const ListenAddress &address) { return address.tls; },
        [](bool isServer) {
            return isServer ? Text::tr("is about TLS, which no address of the server speaks")
                            : Text::tr("is about TLS, which no address of this socket speaks");
        },
        mendTls},
    Kind{[](const QString &key) { return key == u"unix_socket_mode"; },
         [](const QString &key) { return key == u"unix_socket_mode"; },
         [](const ListenAddress &address) { return address.kind == ListenAddress::Unix; },
         [](bool isServer) {
             return isServer ? Text::tr("is about Unix sockets, and no address of the server is one")
                             : Text::tr("is about Unix sockets, and no address of this socket is one");
         },
         [](const TomlValue *, const QList<WrittenAddress> &) {
             return Text::tr("remove it, or let listen have a path such as \"unix:/run/quern.sock\"");
         }},
};

/// "" is as good as no key: a variable may leave TLS to one environment and not to another.
bool isGiven(const TomlEntry &entry)
{
    const TomlValue &value = entry.value;
    return !(value.isString() && value.scalar.toString().isEmpty()) && !(value.isArray() && value.elements.empty()) &&
           !(value.isTable() && value.entries.empty());
}

bool hasUse(const Kind &kind, const QList<ListenAddress> &addresses)
{
    return std::any_of(addresses.begin(), addresses.end(), kind.hasUse);
}

/// Whether a socket, which a key of [server] may be for, has a mistake of its own about such keys.
bool isToldOfSocket(const Kind &kind, const Problems &problems)
{
    const std::span<const Key> keys = serverKeys();
    return std::any_of(keys.begin(), keys.end(), [&](const Key &key) {
        return kind.isKey(key.name) && problems.concern(u"socket."_s + key.name);
    });
}

} // namespace

void checkUseInSocket(const TomlValue &table, SocketType type, const QString &directory, Problems &problems)
{
    const TomlValue *listen = table.find(u"listen");
    const QList<WrittenAddress> addresses = listen ? writtenAddresses(*listen, directory) : QList<WrittenAddress>();
    const std::size_t wanted = listen && listen->isArray() ? listen->elements.size() : 1;
    // One that could not be read may be that which has a use.
    if (addresses.isEmpty() || std::size_t(addresses.size()) < wanted)
        return;
    for (const Kind &kind : kinds) {
        if (std::any_of(addresses.begin(), addresses.end(),
                        [&kind](const WrittenAddress &written) { return kind.hasUse(written.address); }))
            continue;
        const auto entry = std::find_if(table.entries.begin(), table.entries.end(), [&](const TomlEntry &candidate) {
            return kind.isKey(candidate.key) && isGiven(candidate) &&
                   !problems.concern(u"socket."_s + candidate.key, candidate.line);
        });
        // Datagrams have no TLS whatever their addresses: that has been told.
        const bool isTold = type == SocketType::Udp && kind.isKey(u"ssl_cert_file"_s);
        if (entry != table.entries.end() && !isTold)
            problems.add(entry->line, u"socket."_s + entry->key,
                         kind.text(false) + u"; "_s + kind.mend(listen, addresses));
    }
}

void checkUseInServer(const TomlValue &table, const Settings &settings, Problems &problems)
{
    if (problems.concern(u"server.listen"_s) || problems.concern(u"socket.listen"_s))
        return;
    const TomlValue *listen = table.find(u"listen");
    const ListenAddress &own = settings.server.listen.constFirst();
    const QList<WrittenAddress> addresses =
        listen ? writtenAddresses(*listen, settings.directory) : QList<WrittenAddress>{{own, 0, quotedToml(own.text)}};
    for (const Kind &kind : kinds) {
        const bool isUsed = hasUse(kind, settings.server.listen) ||
                            std::any_of(settings.sockets.begin(), settings.sockets.end(),
                                        [&kind](const SocketSettings &socket) { return hasUse(kind, socket.listen); });
        if (isUsed || isToldOfSocket(kind, problems))
            continue;
        // The certificate comes before its key, wherever they stand.
        for (const Key &key : serverKeys()) {
            const auto entry = std::find_if(table.entries.begin(), table.entries.end(),
                                            [&key](const TomlEntry &candidate) { return candidate.key == key.name; });
            const QString path = u"server."_s + key.name;
            if (!kind.isKeyOfServer(key.name) || entry == table.entries.end() || !isGiven(*entry) ||
                problems.concern(path))
                continue;
            problems.add(entry->line, path, kind.text(true) + u"; "_s + kind.mend(listen, addresses));
            break;
        }
    }
}

} // namespace Quern::config
