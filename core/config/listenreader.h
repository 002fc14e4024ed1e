#pragma once

#include "config/rules.h"

#include <QList>

namespace Quern::config {

/// One address or a list of them; what is wrong with one is told to \a reading, and it is left out. \a present is the
/// mend for an empty list, and the result if nothing is right. Whether one is listed twice is not looked at.
QList<ListenAddress> readListen(const Reading &reading, const QList<ListenAddress> &present);

/// An address with its place in the file.
struct WrittenAddress
{
    ListenAddress address;
    int line = 0;  ///< 0: it is a default
    QString shown; ///< for messages: in quotes, or the mask
};

/// Those in \a value, one or a list, that are right, in their order.
QList<WrittenAddress> writtenAddresses(const TomlValue &value, const QString &directory);

/// As TOML: the address alone, or a list of several.
QString listenText(const QList<ListenAddress> &addresses);

} // namespace Quern::config
