#include "config/socketreader.h"

#include "config/addressuse.h"
#include "config/keytable.h"
#include "config/portcheck.h"
#include "config/secrets.h"
#include "config/socketcheck.h"
#include "config/socketkeys.h"
#include "config/text.h"
#include "config/tlsrules.h"
#include "config/tomltext.h"

#include <algorithm>

using namespace Qt::Literals::StringLiterals;

namespace Quern::config {

namespace {

const QString tableName = QStringLiteral("socket");

/// Reads one [[socket]] entry after the other.
class SocketReader
{
public:
    SocketReader(const QString &fileName, Settings &settings, ListenerCheck &listeners, Problems &problems)
        : m_fileName(fileName)
        , m_settings(settings)
        , m_listeners(listeners)
        , m_problems(problems)
    {
    }

    void read(const TomlValue &table)
    {
        SocketSettings socket;
        socket.own = m_settings.server;
        m_lines.clear();
        for (const TomlEntry &entry : table.entries)
            readEntry(entry, socket);
        if (!m_lines.contains(u"package_body_offset"_s))
            socket.framing.packageBodyOffset = defaultBodyOffset(socket.framing);
        raiseBuffer(socket.own);
        const WrittenSocket written{socket, table, m_lines, m_settings.directory};
        checkSocket(written, m_problems);
        const QList<WrittenAddress> addresses = written.addresses();
        // Datagrams need no certificate: that TLS is none of theirs has been told.
        const bool isDatagram = socket.type == SocketType::Udp;
        checkPort({tableName, socket.own, m_lines, isDatagram ? QList<WrittenAddress>() : addresses}, m_problems);
        checkUseInSocket(table, socket.type, m_settings.directory, m_problems);
        if (socket.enabled)
            m_listeners.add(tableName + u".listen"_s, socket.type, addresses);
        addNamed(socket, table);
    }

private:
    void readEntry(const TomlEntry &entry, SocketSettings &socket)
    {
        const QString path = tableName + u'.' + tomlKey(entry.key);
        const SocketKey *key = findSocketKey(entry.key);
        const Key *shared = key ? nullptr : findServerKey(entry.key);
        if (!key && !shared) {
            m_problems.addUnknownKey(entry.line, path, entry.key, allSocketKeyNames());
            return;
        }
        m_lines.insert(entry.key, entry.line);
        // What only [server] may have, checkSocket() tells of.
        if (shared && !shared->perPort)
            return;
        const Reading reading{tableName, entry.key, entry.value, m_settings.directory, m_problems};
        // A variable in it could not be read: that has been told.
        if (!m_problems.concern(path, entry.value.line)) {
            if (key)
                key->read(reading, socket);
            else
                readValue(shared->rule, reading, socket.own);
        }
        const QString origin = socketPath(m_settings.sockets.size(), key ? key->name : shared->name);
        m_settings.origins.insert(origin, originText(m_fileName, entry));
        addSniOrigins(origin, entry, m_fileName, m_settings.origins);
        if (holdsSecret(entry.value))
            m_settings.secrets.insert(origin);
    }

    /// A message of the length that is allowed must fit, where nobody has said how much may wait.
    void raiseBuffer(ServerSettings &own) const
    {
        const QString key = u"socket_buffer_size"_s;
        const QString origin = m_settings.origins.value(u"server."_s + key, u"default"_s);
        if (!m_lines.contains(key) && origin == u"default")
            own.socketBufferSize = std::max(own.socketBufferSize, own.packageMaxLength);
    }

    void addNamed(SocketSettings &socket, const TomlValue &table)
    {
        QString key = u"name"_s;
        if (!m_lines.contains(key)) {
            socket.name = defaultSocketName(socket);
            key = socket.handler.isEmpty() ? u"listen"_s : u"handler"_s;
            const qsizetype index = m_settings.sockets.size();
            if (m_settings.secrets.contains(u"socket[%1].%2"_s.arg(index).arg(key)))
                m_settings.secrets.insert(socketPath(index, "name"_L1));
        }
        const bool isTwice = std::any_of(m_settings.sockets.cbegin(), m_settings.sockets.cend(),
                                         [&socket](const auto &other) { return other.name == socket.name; });
        const TomlValue *value = table.find(key);
        if (isTwice && value && !socket.name.isEmpty()) {
            m_problems.add(m_lines.value(key), tableName + u'.' + key,
                           Text::tr("another socket is called %1 already; write name = \"socket-%2\"")
                               .arg(quotedOrMask(*value, socket.name))
                               .arg(m_settings.sockets.size() + 1));
        }
        m_settings.sockets.append(socket);
    }

    const QString &m_fileName;
    Settings &m_settings;
    ListenerCheck &m_listeners;
    Problems &m_problems;
    QMap<QString, int> m_lines; ///< of the keys of the entry that is read
};

} // namespace

void readSockets(const TomlValue &value, const QString &fileName, Settings &settings, ListenerCheck &listeners,
                 Problems &problems)
{
    if (!value.isArray()) {
        problems.add(
            value.line, tableName,
            Text::tr("must be a list of tables, not %1; write [[socket]], in double brackets").arg(value.shown()));
        return;
    }
    SocketReader reader(fileName, settings, listeners, problems);
    for (const TomlValue &element : value.elements) {
        if (element.isTable()) {
            reader.read(element);
        } else {
            problems.add(element.line, tableName,
                         Text::tr("must be a list of tables, not of %1; write [[socket]], in double brackets")
                             .arg(element.shown()));
        }
    }
}

} // namespace Quern::config
