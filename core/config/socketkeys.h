#pragma once

#include "config/rules.h"

#include <QString>
#include <QStringList>

#include <span>

namespace Quern::config {

/// One key of a [[socket]] that [server] has not: everything that reading, describing and documenting it needs. The
/// others are those of keytable.h that are per port.
struct SocketKey
{
    QLatin1StringView name;
    void (*read)(const Reading &reading, SocketSettings &socket); ///< stores it, or tells what is wrong
    QString (*text)(const SocketSettings &socket);                ///< as TOML
    const char *doc;               ///< one sentence, English source text of its translation
    const char *derived = nullptr; ///< what the default is taken from, when it has no value of its own
    bool isFraming = false;        ///< how a stream is cut: of type "tcp" alone
};

/// A change of one of them takes effect when the server is started anew.
inline constexpr Change socketKeyChange = Change::Restart;

/// In the order in which people read them: the order of resources/quern.toml.
std::span<const SocketKey> socketKeys();

/// Null if there is no key \a name.
const SocketKey *findSocketKey(const QString &name);

/// All that may stand in a [[socket]], those of [server] included.
QStringList allSocketKeyNames();

/// "socket[0].listen".
QString socketPath(qsizetype index, QLatin1StringView key);

/// Whether entry \a index says itself what \a key is, instead of [server] or the default.
bool isWritten(const Settings &settings, qsizetype index, QLatin1StringView key);

/// The name that an entry has which says none: that of its handler, or its first address.
QString defaultSocketName(const SocketSettings &socket);

/// Where a package's own bytes begin if nobody says it: where its length ends.
int defaultBodyOffset(const FramingSettings &framing);

/// The bytes of a length that is written as \a type.
int lengthSize(char type);

/// "tcp", "udp" or "http".
QString socketTypeName(SocketType type);

} // namespace Quern::config
