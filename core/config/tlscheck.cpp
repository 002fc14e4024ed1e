#include "config/tlscheck.h"

#include "config/keytable.h"
#include "config/listenreader.h"
#include "config/text.h"
#include "config/tomltext.h"

#include <algorithm>
#include <array>

using namespace Qt::Literals::StringLiterals;

namespace Quern::config {

namespace {

/// What [server] has for its own addresses and those of the sockets. Its other keys about TLS only say how.
constexpr std::array certificateKeys = {"ssl_cert_file"_L1, "ssl_key_file"_L1, "ssl_sni_certs"_L1};

/// "" is as good as no key: a variable may leave TLS to one environment and not to another.
bool isGiven(const TomlEntry &entry)
{
    const TomlValue &value = entry.value;
    return !(value.isString() && value.scalar.toString().isEmpty()) && !(value.isArray() && value.elements.empty()) &&
           !(value.isTable() && value.entries.empty());
}

bool speaksTls(const QList<ListenAddress> &addresses)
{
    return std::any_of(addresses.begin(), addresses.end(), [](const ListenAddress &address) { return address.tls; });
}

/// Whether a socket, which the certificate may be for, has a mistake of its own about TLS.
bool isToldOfSocket(const Problems &problems)
{
    const std::span<const Key> keys = serverKeys();
    return std::any_of(keys.begin(), keys.end(), [&problems](const Key &key) {
        return key.name.startsWith("ssl_"_L1) && problems.concern(u"socket."_s + key.name);
    });
}

/// What to write, so that \a addresses, which \a listen has or which are the default, speak TLS.
QString mend(const TomlValue *listen, const QList<WrittenAddress> &addresses)
{
    const WrittenAddress &first = addresses.constFirst();
    // The text of a secret is not shown.
    if (first.shown != quotedToml(first.address.text))
        return Text::tr("write \"tls:\" before an address of its listen");
    const QString address = quotedToml(u"tls:"_s + first.address.text);
    return listen && listen->isArray() ? Text::tr("write %1 in its listen").arg(address)
                                       : Text::tr("write listen = %1").arg(address);
}

} // namespace

void checkTlsOfSocket(const TomlValue &table, const QString &directory, Problems &problems)
{
    const TomlValue *listen = table.find(u"listen");
    const QList<WrittenAddress> addresses = listen ? writtenAddresses(*listen, directory) : QList<WrittenAddress>();
    const std::size_t wanted = listen && listen->isArray() ? listen->elements.size() : 1;
    // One that could not be read may be that with TLS.
    if (addresses.isEmpty() || std::size_t(addresses.size()) < wanted)
        return;
    if (std::any_of(addresses.begin(), addresses.end(), [](const auto &written) { return written.address.tls; }))
        return;
    for (const TomlEntry &entry : table.entries) {
        const QString path = u"socket."_s + entry.key;
        if (!entry.key.startsWith(u"ssl_") || !isGiven(entry) || problems.concern(path, entry.line))
            continue;
        problems.add(entry.line, path,
                     Text::tr("is about TLS, which no address of this socket speaks; %1").arg(mend(listen, addresses)));
        return;
    }
}

void checkTlsOfServer(const TomlValue &table, const Settings &settings, Problems &problems)
{
    const QList<SocketSettings> &sockets = settings.sockets;
    const bool isUsed =
        speaksTls(settings.server.listen) ||
        std::any_of(sockets.begin(), sockets.end(), [](const auto &socket) { return speaksTls(socket.listen); });
    if (isUsed || problems.concern(u"server.listen"_s) || problems.concern(u"socket.listen"_s) ||
        isToldOfSocket(problems))
        return;
    const TomlValue *listen = table.find(u"listen");
    const ListenAddress &own = settings.server.listen.constFirst();
    const QList<WrittenAddress> addresses =
        listen ? writtenAddresses(*listen, settings.directory) : QList<WrittenAddress>{{own, 0, quotedToml(own.text)}};
    for (const QLatin1StringView key : certificateKeys) {
        const auto entry = std::find_if(table.entries.begin(), table.entries.end(),
                                        [key](const TomlEntry &candidate) { return candidate.key == key; });
        const QString path = u"server."_s + key;
        if (entry == table.entries.end() || !isGiven(*entry) || problems.concern(path))
            continue;
        problems.add(entry->line, path,
                     Text::tr("is about TLS, which no address of the server speaks; %1").arg(mend(listen, addresses)));
        return;
    }
}

} // namespace Quern::config
