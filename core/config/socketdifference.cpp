#include "config/socketdifference.h"

#include "config/keytable.h"
#include "config/socketkeys.h"

#include <algorithm>
#include <array>

namespace Quern::config {

namespace {

constexpr std::array certificateKeys = {QLatin1StringView("ssl_cert_file"), QLatin1StringView("ssl_key_file")};

qsizetype indexOf(const Settings &settings, const QString &name)
{
    const auto it = std::find_if(settings.sockets.begin(), settings.sockets.end(),
                                 [&name](const SocketSettings &socket) { return socket.name == name; });
    return it == settings.sockets.end() ? -1 : it - settings.sockets.begin();
}

QString label(const SocketSettings &socket)
{
    return QStringLiteral("socket ") + socket.name;
}

QStringList addedOrRemoved(const Settings &running, const Settings &loaded)
{
    QStringList labels;
    for (const SocketSettings &socket : running.sockets) {
        if (indexOf(loaded, socket.name) < 0)
            labels += label(socket);
    }
    for (const SocketSettings &socket : loaded.sockets) {
        if (indexOf(running, socket.name) < 0)
            labels += label(socket);
    }
    return labels;
}

bool speaksTls(const QList<ListenAddress> &addresses)
{
    return std::any_of(addresses.begin(), addresses.end(), [](const ListenAddress &address) { return address.tls; });
}

/// Writes down where \a key of entry \a index comes from, as \a source says of its own entry \a from.
void takeOverOrigin(const Settings &source, qsizetype from, QLatin1StringView key, qsizetype index, Settings &settings)
{
    const QString path = socketPath(from, key);
    const QString newPath = socketPath(index, key);
    if (source.origins.contains(path))
        settings.origins.insert(newPath, source.origins.value(path));
    // What stands in a table has places of its own.
    const QString within = path + u'.';
    for (auto it = source.origins.lowerBound(within); it != source.origins.end() && it.key().startsWith(within); ++it)
        settings.origins.insert(newPath + it.key().sliced(path.size()), it.value());
    if (source.secrets.contains(path))
        settings.secrets.insert(newPath);
}

void forgetOrigins(Settings &settings)
{
    const QString beginning = QStringLiteral("socket[");
    for (auto it = settings.origins.begin(); it != settings.origins.end();)
        it = it.key().startsWith(beginning) ? settings.origins.erase(it) : ++it;
    settings.secrets.removeIf([&beginning](const QString &path) { return path.startsWith(beginning); });
}

/// Whether \a settings, where \a listen speaks TLS, had to take over the certificate of \a running: without one the
/// port would refuse everybody.
bool keepCertificate(const QList<ListenAddress> &listen, const ServerSettings &running, ServerSettings &settings)
{
    if (!speaksTls(listen) || !settings.sslCertFile.isEmpty())
        return false;
    settings.sslCertFile = running.sslCertFile;
    settings.sslKeyFile = running.sslKeyFile;
    return true;
}

} // namespace

QStringList changedSocketKeys(const Settings &running, const Settings &loaded, Change kind)
{
    QStringList changed;
    if (kind == socketKeyChange)
        changed = addedOrRemoved(running, loaded);
    for (qsizetype i = 0; i < running.sockets.size(); ++i) {
        const SocketSettings &before = running.sockets.at(i);
        const qsizetype index = indexOf(loaded, before.name);
        if (index < 0)
            continue;
        const SocketSettings &after = loaded.sockets.at(index);
        const QString beginning = label(before) + QStringLiteral(": ");
        for (const SocketKey &key : socketKeys()) {
            if (kind == socketKeyChange && key.text(before) != key.text(after))
                changed += beginning + key.name;
        }
        for (const Key &key : serverKeys()) {
            // What both take from [server] is told of there.
            const bool isOwn = isWritten(running, i, key.name) || isWritten(loaded, index, key.name);
            if (key.perPort && key.change == kind && isOwn &&
                valueText(key.rule, before.own) != valueText(key.rule, after.own)) {
                changed += beginning + key.name;
            }
        }
    }
    return changed;
}

void takeOverSockets(const Settings &running, const Settings &loaded, Settings &settings)
{
    if (keepCertificate(settings.server.listen, running.server, settings.server)) {
        for (const QLatin1StringView key : certificateKeys) {
            const QString path = QStringLiteral("server.") + key;
            settings.origins.insert(path, running.origins.value(path));
        }
    }
    forgetOrigins(settings);
    settings.sockets = running.sockets;
    for (qsizetype i = 0; i < settings.sockets.size(); ++i) {
        SocketSettings &socket = settings.sockets[i];
        const qsizetype index = indexOf(loaded, socket.name);
        const Settings &source = index < 0 ? running : loaded;
        const qsizetype from = index < 0 ? i : index;
        for (const SocketKey &key : socketKeys())
            takeOverOrigin(running, i, key.name, i, settings);
        socket.own = settings.server;
        for (const Key &key : serverKeys()) {
            const bool isKept = key.change == Change::Restart;
            const Settings &decisive = isKept ? running : source;
            const qsizetype entry = isKept ? i : from;
            if (key.perPort && isWritten(decisive, entry, key.name)) {
                copyValue(key.rule, decisive.sockets.at(entry).own, socket.own);
                takeOverOrigin(decisive, entry, key.name, i, settings);
            }
        }
        if (keepCertificate(socket.listen, running.sockets.at(i).own, socket.own)) {
            for (const QLatin1StringView key : certificateKeys)
                takeOverOrigin(running, i, key, i, settings);
        }
    }
}

} // namespace Quern::config
