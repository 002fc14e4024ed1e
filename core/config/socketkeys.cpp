#include "config/socketkeys.h"

#include "config/choices.h"
#include "config/keytable.h"
#include "config/listenreader.h"
#include "config/text.h"
#include "config/tomltext.h"

#include <QRegularExpression>

#include <array>

using namespace Qt::Literals::StringLiterals;

namespace Quern::config {

namespace {

/// Above what any package has, so that package_max_length is what tells.
constexpr int largestOffset = 1 << 30;
constexpr qsizetype longestEof = 8;
constexpr qsizetype longestHandler = 64;

/// The first word of each type is its name; what the others ask of the addresses, socketreader.cpp knows.
constexpr std::array types = {
    Choice<SocketType>{SocketType::Tcp, "tcp"_L1},         Choice<SocketType>{SocketType::Udp, "udp"_L1},
    Choice<SocketType>{SocketType::Http, "http"_L1},       Choice<SocketType>{SocketType::Http, "websocket"_L1},
    Choice<SocketType>{SocketType::Tcp, "tcp6"_L1},        Choice<SocketType>{SocketType::Udp, "udp6"_L1},
    Choice<SocketType>{SocketType::Tcp, "unix_stream"_L1}, Choice<SocketType>{SocketType::Udp, "unix_dgram"_L1},
};

void readName(const Reading &reading, SocketSettings &socket)
{
    static const QRegularExpression permitted(u"\\A[A-Za-z0-9_][A-Za-z0-9_-]{0,63}\\z"_s);
    const QString text = reading.value.scalar.toString();
    if (reading.value.isString() && permitted.match(text).hasMatch())
        socket.name = text;
    else
        reading.refuse(Text::tr("a name of letters, digits, \"_\" and \"-\""), u"\"telnet\""_s);
}

void readHandler(const Reading &reading, SocketSettings &socket)
{
    const QString text = reading.value.scalar.toString();
    if (reading.value.isString() && !text.isEmpty() && text.trimmed() == text && text.size() <= longestHandler &&
        !hasControlCharacter(text)) {
        socket.handler = text;
    } else {
        reading.refuse(Text::tr("the name of a handler, of at most %1 characters").arg(longestHandler),
                       u"\"telnet\""_s);
    }
}

/// What \a text would be in double quotes, if it looks like such and has stood in single ones; else null.
QString unescaped(QString text)
{
    static const QRegularExpression form(u"\\A(?:\\\\[rnt0])+\\z"_s);
    if (!form.match(text).hasMatch())
        return {};
    text.replace(u"\\r"_s, u"\r"_s).replace(u"\\n"_s, u"\n"_s).replace(u"\\t"_s, u"\t"_s);
    return text.replace(u"\\0"_s, QString(QChar::Null));
}

void readEof(const Reading &reading, SocketSettings &socket)
{
    const QByteArray bytes = reading.value.scalar.toString().toUtf8();
    const QString meant = unescaped(reading.value.scalar.toString());
    if (reading.value.isString() && !meant.isEmpty())
        reading.refuseAt(reading.value.line,
                         Text::tr("is %1 characters, backslashes among them; write it in double quotes: %2 = %3")
                             .arg(reading.value.scalar.toString().size())
                             .arg(reading.name, quotedToml(meant)));
    else if (reading.value.isString() && !bytes.isEmpty() && bytes.size() <= longestEof)
        socket.framing.packageEof = bytes;
    else
        reading.refuse(Text::tr("a string of 1 to %1 bytes").arg(longestEof), u"\"\\r\\n\""_s);
}

void readLengthType(const Reading &reading, SocketSettings &socket)
{
    const QString text = reading.value.scalar.toString();
    if (reading.value.isString() && text.size() == 1 && lengthSize(text.front().toLatin1()) > 0) {
        socket.framing.packageLengthType = text.front().toLatin1();
    } else {
        reading.refuse(Text::tr("one of the letters c C s S n v l L N V q Q J P, as pack() of PHP has them"),
                       quotedToml(QString(QLatin1Char(socket.framing.packageLengthType))));
    }
}

template <int FramingSettings::*Member>
void readOffset(const Reading &reading, SocketSettings &socket)
{
    if (const auto number = readInteger(reading, 0, largestOffset, socket.framing.*Member))
        socket.framing.*Member = int(*number);
}

template <bool FramingSettings::*Member>
void readFramingFlag(const Reading &reading, SocketSettings &socket)
{
    readFlag(reading, socket.framing.*Member);
}

template <auto Member>
QString framingText(const SocketSettings &socket)
{
    return toTomlText(socket.framing.*Member);
}

template <int FramingSettings::*Member>
QString offsetText(const SocketSettings &socket)
{
    return QString::number(socket.framing.*Member);
}

using F = FramingSettings;

constexpr std::array keys = {
    SocketKey{"name"_L1, readName, [](const SocketSettings &socket) { return quotedToml(socket.name); },
              QT_TRANSLATE_NOOP("Quern::config", "What the log and the commands call it."),
              QT_TRANSLATE_NOOP("Quern::config", "the name of its handler, or its first address")},
    SocketKey{
        "listen"_L1,
        [](const Reading &reading, SocketSettings &socket) { socket.listen = readListen(reading, socket.listen); },
        [](const SocketSettings &socket) { return listenText(socket.listen); },
        QT_TRANSLATE_NOOP("Quern::config", "Where it listens: one address or a list, as in [server]."),
        QT_TRANSLATE_NOOP("Quern::config", "none, it must be there")},
    SocketKey{"type"_L1,
              [](const Reading &reading, SocketSettings &socket) { readChoice(types, reading, socket.type); },
              [](const SocketSettings &socket) { return quotedToml(socketTypeName(socket.type)); },
              QT_TRANSLATE_NOOP("Quern::config",
                                "What is spoken there: \"tcp\", \"udp\" or \"http\", which is \"websocket\" as well. "
                                "\"tcp6\", \"udp6\", \"unix_stream\" and \"unix_dgram\" take such addresses alone.")},
    SocketKey{"handler"_L1, readHandler, [](const SocketSettings &socket) { return quotedToml(socket.handler); },
              QT_TRANSLATE_NOOP("Quern::config",
                                "Who handles it: a name that a plugin registers with app.socket(). With "
                                "\"http\" it may be left out: then the application's routes are "
                                "served."),
              QT_TRANSLATE_NOOP("Quern::config", "none")},
    SocketKey{"enabled"_L1, [](const Reading &reading, SocketSettings &socket) { readFlag(reading, socket.enabled); },
              [](const SocketSettings &socket) { return toTomlText(socket.enabled); },
              QT_TRANSLATE_NOOP("Quern::config", "Whether it listens.")},
    SocketKey{"open_eof_check"_L1, readFramingFlag<&F::openEofCheck>, framingText<&F::openEofCheck>,
              QT_TRANSLATE_NOOP("Quern::config",
                                "Whether what has come is handed over once it ends with package_eof, be it one package "
                                "or several."),
              nullptr, true},
    SocketKey{"open_eof_split"_L1, readFramingFlag<&F::openEofSplit>, framingText<&F::openEofSplit>,
              QT_TRANSLATE_NOOP("Quern::config",
                                "Whether it is cut at each package_eof, and handed over package by package."),
              nullptr, true},
    SocketKey{"package_eof"_L1, readEof,
              [](const SocketSettings &socket) { return quotedToml(QString::fromUtf8(socket.framing.packageEof)); },
              QT_TRANSLATE_NOOP("Quern::config", "What ends a package, 1 to 8 bytes."), nullptr, true},
    SocketKey{"open_length_check"_L1, readFramingFlag<&F::openLengthCheck>, framingText<&F::openLengthCheck>,
              QT_TRANSLATE_NOOP("Quern::config", "Whether each package tells its length."), nullptr, true},
    SocketKey{
        "package_length_type"_L1, readLengthType,
        [](const SocketSettings &socket) { return quotedToml(QString(QLatin1Char(socket.framing.packageLengthType))); },
        QT_TRANSLATE_NOOP("Quern::config",
                          "How the length is written, in letters of PHP's pack(): 8 bits c C; 16 bits n, "
                          "little-endian v, as this machine s S; 32 bits N, V, l L; 64 bits J, P, q Q."),
        nullptr, true},
    SocketKey{"package_length_offset"_L1, readOffset<&F::packageLengthOffset>, offsetText<&F::packageLengthOffset>,
              QT_TRANSLATE_NOOP("Quern::config", "How many bytes stand before the length."), nullptr, true},
    SocketKey{"package_body_offset"_L1, readOffset<&F::packageBodyOffset>, offsetText<&F::packageBodyOffset>,
              QT_TRANSLATE_NOOP("Quern::config",
                                "From which byte on the length counts; 0 if it is that of the whole package."),
              QT_TRANSLATE_NOOP("Quern::config", "the byte behind the length"), true},
};

} // namespace

std::span<const SocketKey> socketKeys()
{
    return keys;
}

const SocketKey *findSocketKey(const QString &name)
{
    const auto it = std::find_if(keys.begin(), keys.end(), [&name](const SocketKey &key) { return name == key.name; });
    return it == keys.end() ? nullptr : &*it;
}

QStringList allSocketKeyNames()
{
    QStringList names;
    for (const SocketKey &key : keys)
        names += QString(key.name);
    return names + portKeyNames();
}

QString socketPath(qsizetype index, QLatin1StringView key)
{
    return u"socket[%1].%2"_s.arg(index).arg(key);
}

bool isWritten(const Settings &settings, qsizetype index, QLatin1StringView key)
{
    return settings.origins.contains(socketPath(index, key));
}

QString defaultSocketName(const SocketSettings &socket)
{
    if (!socket.handler.isEmpty() || socket.listen.isEmpty())
        return socket.handler;
    return socket.listen.constFirst().text;
}

int defaultBodyOffset(const FramingSettings &framing)
{
    return framing.packageLengthOffset + lengthSize(framing.packageLengthType);
}

int lengthSize(char type)
{
    switch (type) {
    case 'c':
    case 'C':
        return 1;
    case 's':
    case 'S':
    case 'n':
    case 'v':
        return 2;
    case 'l':
    case 'L':
    case 'N':
    case 'V':
        return 4;
    case 'q':
    case 'Q':
    case 'J':
    case 'P':
        return 8;
    default:
        return 0;
    }
}

QString socketTypeName(SocketType type)
{
    const auto it =
        std::find_if(types.begin(), types.end(), [type](const auto &choice) { return choice.value == type; });
    return QString(it->name);
}

} // namespace Quern::config
