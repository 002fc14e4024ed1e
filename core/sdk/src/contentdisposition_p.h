#pragma once

#include <Quern/global.h>

#include <QByteArray>
#include <QChar>
#include <QString>

namespace Quern {

/// The marks LRE to RLO, LRI to PDI, LRM, RLM and ALM: with them "exe.txt" shows as "txt.exe".
constexpr bool turnsDirection(QChar c)
{
    const char16_t code = c.unicode();
    return (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) || code == 0x200e ||
           code == 0x200f || code == 0x061c;
}

/// The value of a Content-Disposition field (RFC 6266) that offers a body under \a fileName, which is a name and no
/// path: separators, control characters and marks that turn the direction of writing become underscores. A name beyond
/// ASCII is sent twice: as filename*, in UTF-8 (RFC 8187), and as filename, made of what ASCII can show of it. With an
/// empty name, the type alone. \a attachment: to be saved; else to be shown.
QUERN_EXPORT QByteArray contentDisposition(bool attachment, const QString &fileName);

} // namespace Quern
