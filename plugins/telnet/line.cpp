#include "line.h"

#include <QByteArray>
#include <QChar>
#include <QList>

namespace {

// RFC 854, "Telnet command structure".
constexpr uchar se = 240;   ///< ends a subnegotiation
constexpr uchar sb = 250;   ///< begins one
constexpr uchar will = 251; ///< the first of four commands with an option behind them
constexpr uchar iac = 255;

/// Where what begins with the IAC at \a start ends. One that is cut off ends with \a bytes.
qsizetype endOfCommand(QByteArrayView bytes, qsizetype start)
{
    constexpr char subnegotiationEnd[] = {char(iac), char(se)};
    const uchar command = start + 1 < bytes.size() ? uchar(bytes[start + 1]) : uchar(se);
    if (command == sb) {
        const qsizetype end = bytes.indexOf(QByteArrayView(subnegotiationEnd, 2), start);
        return end < 0 ? bytes.size() : end + 2;
    }
    return qMin(bytes.size(), start + (command >= will && command != iac ? 3 : 2));
}

QByteArray withoutCommands(QByteArrayView bytes)
{
    QByteArray text;
    text.reserve(bytes.size());
    qsizetype done = 0;
    for (qsizetype at = bytes.indexOf(char(iac)); at >= 0; at = bytes.indexOf(char(iac), done)) {
        text += bytes.sliced(done, at - done);
        done = endOfCommand(bytes, at);
    }
    return text += bytes.sliced(done);
}

} // namespace

QString typedIn(QByteArrayView bytes)
{
    const QList<uint> signs = QString::fromUtf8(withoutCommands(bytes)).toUcs4();
    QString line;
    line.reserve(signs.size());
    for (const uint sign : signs) {
        if (sign == '\t')
            line += u' ';
        else if (QChar::isPrint(sign))
            line += QChar::fromUcs4(sign);
    }
    return line.trimmed();
}
