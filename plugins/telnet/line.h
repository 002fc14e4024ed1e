#pragma once

#include <QByteArrayView>
#include <QString>

/// What somebody has typed: \a bytes without the commands of the telnet protocol (RFC 854: IAC and what follows it),
/// without line ends, space around it and whatever else no terminal shows, such as what would move another's cursor.
QString typedIn(QByteArrayView bytes);
