#pragma once

#include "config/cronsettings.h"
#include "config/listenaddress.h"
#include "config/processsettings.h"
#include "config/serversettings.h"

#include <QByteArray>
#include <QList>
#include <QMap>
#include <QSet>
#include <QString>
#include <QStringList>
#include <QVariantMap>

#include <utility>

namespace Quern::config {

/// One [[plugin]] entry: exactly one of name and file is set.
struct PluginSettings
{
    QString name; ///< of a plugin in the installed plugin folder
    QString file; ///< absolute path of a plugin elsewhere
    bool enabled = true;
    QVariantMap settings; ///< the plugin's own; dates and times are ISO 8601 strings

    bool operator==(const PluginSettings &) const = default;
};

/// What a [[socket]] speaks.
enum class SocketType {
    Tcp,  ///< a stream of bytes or packages, over TCP or a Unix socket
    Udp,  ///< datagrams, over UDP or a Unix socket
    Http, ///< HTTP and WebSocket
};

/// How a stream is cut into packages, in Swoole's words; nothing set: it is not cut.
struct FramingSettings
{
    bool openEofCheck = false; ///< what has come is handed over once it ends with packageEof
    bool openEofSplit = false; ///< one package up to each packageEof, with or without openEofCheck
    QByteArray packageEof = QByteArrayLiteral("\r\n"); ///< 1 to 8 bytes
    bool openLengthCheck = false;                      ///< each package tells its length
    /// Of the length, as of pack() in PHP: c C, s S n v, l L N V, q Q J P. Small letters of c s l q: with a sign.
    char packageLengthType = 'N';
    int packageLengthOffset = 0; ///< of the length in the package
    /// From the beginning of the package to where the length counts from. Unless it is written: where the length ends.
    int packageBodyOffset = 4;

    bool operator==(const FramingSettings &) const = default;
};

/// One [[socket]] entry.
struct SocketSettings
{
    QString name; ///< unique; by default the handler's, or the first address
    QList<ListenAddress> listen;
    SocketType type = SocketType::Tcp;
    QString handler; ///< as a plugin registers it; never empty but for Http, where the application's routes are served
    bool enabled = true;     ///< whether it listens
    FramingSettings framing; ///< of Tcp
    ServerSettings own;      ///< [server] with what the entry overrides

    bool operator==(const SocketSettings &) const = default;
};

/// One column of a [[table]].
struct ColumnSettings
{
    enum class Type { Int, Float, String };

    QString name;
    Type type = Type::Int;
    int bytes = 8; ///< width of an Int: 1, 2, 4 or 8; greatest length of a String

    bool operator==(const ColumnSettings &) const = default;
};

/// One [[table]] entry.
struct TableSettings
{
    QString name;                  ///< unique
    quint32 size = 1024;           ///< rows
    QList<ColumnSettings> columns; ///< by name; never empty

    bool operator==(const TableSettings &) const = default;
};

/// One [[atomic]] entry.
struct AtomicSettings
{
    QString name;     ///< unique
    qint64 value = 0; ///< at the start

    bool operator==(const AtomicSettings &) const = default;
};

/// How many addresses [server] and the enabled sockets may listen on in all.
inline constexpr qsizetype mostListeners = 200;

/// Everything quern.toml decides. A plain value; any thread.
struct Settings
{
    QString filePath;  ///< absolute; empty without a file
    QString directory; ///< absolute: the file's, to which relative paths refer
    ServerSettings server;
    QList<SocketSettings> sockets;
    QList<ProcessSettings> processes;
    QList<CronSettings> crons;
    QList<PluginSettings> plugins;
    QList<TableSettings> tables;
    QList<AtomicSettings> atomics;
    bool defaultPlugin = true; ///< no [[plugin]] was listed, so that plugins holds the welcome plugin alone
    /// Where each value comes from: "server.worker_num" → "default", "quern.toml:12" or
    /// "quern.toml:12, WORKERS from .env:2". The files of ssl_sni_certs have places of their own, as sniPath() says.
    QMap<QString, QString> origins;
    /// Paths of the values that a variable with a secret name has a part in: "server.server", and below
    /// "plugin[0].settings" and "cron[0].parameters" as in secrets.h.
    QSet<QString> secrets;
    QStringList environmentFiles; ///< the .env files that were read, the one with precedence first
    /// What these set and the process environment has not: name and value, for child processes.
    QList<std::pair<QString, QString>> environment;
};

} // namespace Quern::config
