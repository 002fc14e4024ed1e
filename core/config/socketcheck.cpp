#include "config/socketcheck.h"

#include "config/keytable.h"
#include "config/socketkeys.h"
#include "config/text.h"
#include "config/tomltext.h"
#include "config/units.h"

#include <algorithm>

using namespace Qt::Literals::StringLiterals;

namespace Quern::config {

namespace {

class SocketCheck
{
public:
    SocketCheck(const WrittenSocket &written, Problems &problems)
        : m_written(written)
        , m_socket(written.socket)
        , m_problems(problems)
    {
    }

    void run()
    {
        if (line(u"listen"_s) == 0)
            m_problems.add(m_written.table.line, u"socket"_s,
                           Text::tr("listens nowhere; write listen = \"127.0.0.1:5201\""));
        if (line(u"handler"_s) == 0 && m_socket.type != SocketType::Http && !isTold(u"type"_s))
            m_problems.add(m_written.table.line, u"socket"_s,
                           Text::tr("has no handler; write handler = \"telnet\", a name that a plugin registers with "
                                    "app.socket(), or type = \"http\""));
        for (auto it = m_written.lines.begin(); it != m_written.lines.end(); ++it)
            checkKey(it.key());
        const QList<WrittenAddress> addresses = m_written.addresses();
        for (const WrittenAddress &address : addresses)
            checkAddress(address);
        if (m_socket.type == SocketType::Tcp)
            checkFraming();
    }

private:
    void checkKey(const QString &key)
    {
        const QString type = socketTypeName(m_socket.type);
        const SocketKey *own = findSocketKey(key);
        const Key *shared = own ? nullptr : findServerKey(key);
        if (isTold(u"type"_s))
            return;
        if (own && own->isFraming && m_socket.type != SocketType::Tcp) {
            refuse(key, Text::tr("cuts a stream into packages, and a socket of type \"%1\" has none; remove it, or "
                                 "write type = \"tcp\"")
                            .arg(type));
        } else if (isAboutHttp(key) && m_socket.type != SocketType::Http && !limitsHandshakes(key)) {
            refuse(key, Text::tr("is about HTTP, which a socket of type \"%1\" does not speak; remove it, or write "
                                 "type = \"http\"")
                            .arg(type));
        } else if (shared && !shared->perPort) {
            refuse(key, Text::tr("holds for the whole server; write it below [server]"));
        } else if (shared && m_socket.type == SocketType::Udp && key != u"package_max_length" &&
                   key != u"unix_socket_mode") {
            refuse(key, Text::tr("is about connections, and a socket of type \"udp\" has none; remove it"));
        }
    }

    void checkAddress(const WrittenAddress &written)
    {
        const ListenAddress &address = written.address;
        if (address.tls && m_socket.type == SocketType::Udp) {
            m_problems.add(written.line, u"socket.listen"_s,
                           Text::tr("%1 asks for TLS, which datagrams have not; remove \"tls:\", or write type = "
                                    "\"tcp\"")
                               .arg(written.shown));
        }
        const TomlValue *type = m_written.table.find(u"type");
        const QString word = type ? type->scalar.toString() : QString();
        const bool isUnix = address.kind == ListenAddress::Unix;
        QString wanted;
        if (word.endsWith(u'6') && (isUnix || !address.host.contains(u':')))
            wanted = Text::tr("an IPv6 address");
        else if (word.startsWith(u"unix") && !isUnix)
            wanted = Text::tr("a path such as \"unix:/run/quern.sock\"");
        if (!wanted.isEmpty()) {
            m_problems.add(written.line, u"socket.listen"_s,
                           Text::tr("type = \"%1\" wants %2, not %3; write type = \"%4\" for any address")
                               .arg(word, wanted, written.shown, socketTypeName(m_socket.type)));
        }
    }

    void checkFraming()
    {
        const FramingSettings &framing = m_socket.framing;
        const QString check = u"open_eof_check"_s;
        const QString split = u"open_eof_split"_s;
        const QString length = u"open_length_check"_s;
        const QString end = u"package_eof"_s;
        if (line(end) > 0 && !isTold(end) && line(check) == 0 && line(split) == 0) {
            refuse(end, framing.openLengthCheck
                            ? Text::tr("ends no package, since each tells its length; remove it")
                            : Text::tr("ends no package unless the stream is cut at it; write open_eof_split = true "
                                       "beside it"));
        }
        if (framing.openLengthCheck && (framing.openEofCheck || framing.openEofSplit)) {
            const QString &eof = framing.openEofSplit ? split : check;
            refuse(
                line(eof) > line(length) ? eof : length,
                Text::tr("a package ends with package_eof, or it tells its length; remove %1 or %2").arg(eof, length));
        }
        checkOffsets(framing);
    }

    void checkOffsets(const FramingSettings &framing)
    {
        const QString length = u"package_length_offset"_s;
        const QString body = u"package_body_offset"_s;
        const quint64 longest = m_socket.own.packageMaxLength;
        const quint64 mostBefore = longest - quint64(lengthSize(framing.packageLengthType));
        if (line(length) > 0 && quint64(framing.packageLengthOffset) > mostBefore)
            refuse(length, beyond(length, framing.packageLengthOffset, mostBefore));
        if (line(body) > 0 && quint64(framing.packageBodyOffset) > longest)
            refuse(body, beyond(body, framing.packageBodyOffset, longest));
    }

    QString beyond(const QString &key, int offset, quint64 most) const
    {
        return Text::tr("%1 of %2 leaves no room within package_max_length of %3; write %1 = %4 or less")
            .arg(key)
            .arg(offset)
            .arg(sizeText(m_socket.own.packageMaxLength))
            .arg(most);
    }

    static bool isAboutHttp(const QString &key)
    {
        return key.startsWith(u"http_") || key.startsWith(u"websocket_") || key.startsWith(u"keepalive_");
    }

    /// One key of HTTP has a meaning for streams as well, if they speak TLS; an address that could not be read may.
    bool limitsHandshakes(const QString &key) const
    {
        const QList<WrittenAddress> addresses = m_written.addresses();
        const bool speaksTls =
            std::any_of(addresses.begin(), addresses.end(), [](const auto &written) { return written.address.tls; });
        return key == u"http_head_timeout" && m_socket.type == SocketType::Tcp &&
               (speaksTls || m_problems.concern(u"socket.listen"_s));
    }

    void refuse(const QString &key, const QString &text) { m_problems.add(line(key), u"socket."_s + key, text); }
    int line(const QString &key) const { return m_written.lines.value(key); }
    bool isTold(const QString &key) const { return line(key) > 0 && m_problems.concern(u"socket."_s + key, line(key)); }

    const WrittenSocket &m_written;
    const SocketSettings &m_socket;
    Problems &m_problems;
};

} // namespace

QList<WrittenAddress> WrittenSocket::addresses() const
{
    const TomlValue *listen = table.find(u"listen");
    return listen ? writtenAddresses(*listen, directory) : QList<WrittenAddress>();
}

void checkSocket(const WrittenSocket &written, Problems &problems)
{
    SocketCheck(written, problems).run();
}

} // namespace Quern::config
