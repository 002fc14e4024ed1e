#include "admin-gui/models/connectionmodel.h"

#include "admin-gui/models/format.h"

#include <QCoreApplication>
#include <QtEndian>

#include <arpa/inet.h>

#include <algorithm>

namespace Quern::console {

namespace {

struct Text
{
    Q_DECLARE_TR_FUNCTIONS(Quern::console::Connection)
};

std::array<quint64, 2> valueOf(const QString &address)
{
    constexpr quint64 mapped = 0xffff'0000'0000; // RFC 4291 §2.5.5.2
    const QByteArray text = address.toLatin1();
    uchar bytes[16];
    if (::inet_pton(AF_INET, text.constData(), bytes) == 1)
        return {0, mapped | qFromBigEndian<quint32>(bytes)};
    if (::inet_pton(AF_INET6, text.constData(), bytes) == 1)
        return {qFromBigEndian<quint64>(bytes), qFromBigEndian<quint64>(bytes + 8)};
    return {};
}

/// Bytes that are no text as hex, as keys of tables are shown.
QString userText(const QByteArray &bytes)
{
    return bytes.isValidUtf8() ? QString::fromUtf8(bytes) : QStringLiteral("hex:") + QString::fromLatin1(bytes.toHex());
}

QString momentText(qint64 ms)
{
    return format::moment(QDateTime::fromMSecsSinceEpoch(ms));
}

Column<Connection> momentColumn(const QString &title, qint64 Connection::*ms)
{
    Column<Connection> column{title, [ms](const Connection &each) { return momentText(each.*ms); }, by<Connection>(ms)};
    column.toolTip = [ms](const Connection &each) {
        return format::exactMoment(QDateTime::fromMSecsSinceEpoch(each.*ms));
    };
    return column;
}

Column<Connection> bytesColumn(const QString &title, qint64 Connection::*bytes)
{
    return numberColumn<Connection>(
        title, [bytes](const Connection &each) { return format::bytes(each.*bytes); }, bytes);
}

int compareAddresses(const Connection &a, const Connection &b)
{
    if (a.addressValue != b.addressValue)
        return a.addressValue < b.addressValue ? -1 : 1;
    return a.remotePort < b.remotePort ? -1 : a.remotePort > b.remotePort ? 1 : 0;
}

/// Without regard for the language, in whose order a hundred thousand names are put in seconds.
int compareUsers(const Connection &a, const Connection &b)
{
    const int order = a.foldedUser().compare(b.foldedUser());
    return order != 0 ? order : a.user.compare(b.user);
}

} // namespace

QString connectionKindText(Connection::Kind kind)
{
    return kind == Connection::Kind::WebSocket ? Text::tr("WebSocket") : Text::tr("stream");
}

Connection Connection::of(const admin::ConnectionDescription &description)
{
    Connection connection;
    connection.id = description.id.toULongLong();
    connection.kind = description.kind;
    connection.port = description.port;
    connection.address = description.remoteAddress;
    connection.remotePort = description.remotePort;
    connection.user = userText(description.user.bytes);
    connection.openedMs = description.openedAt.toMSecsSinceEpoch();
    connection.receivedMs = description.lastReceivedAt.toMSecsSinceEpoch();
    connection.bytesReceived = description.bytesReceived;
    connection.bytesSent = description.bytesSent;
    connection.pendingBytes = description.pendingBytes;
    connection.addressValue = valueOf(connection.address);
    const QString others =
        QStringList{description.id, connectionKindText(connection.kind), connection.port, connection.place(), {}}
            .join(u'\n')
            .toCaseFolded();
    connection.haystack = others + connection.user.toCaseFolded();
    connection.userAt = int(others.size());
    return connection;
}

QString Connection::place() const
{
    if (address.isEmpty())
        return Text::tr("Unix socket");
    const QString host = address.contains(u':') ? u'[' + address + u']' : address;
    return host + u':' + QString::number(remotePort);
}

Result<ConnectionBatch> ConnectionBatch::fromJson(const QJsonObject &json)
{
    const Result<admin::ConnectionPage> page = admin::ConnectionPage::fromJson(json);
    if (!page)
        return page.error();
    ConnectionBatch batch;
    batch.next = page->next;
    batch.connections.reserve(page->connections.size());
    for (const admin::ConnectionDescription &each : page->connections)
        batch.connections.append(Connection::of(each));
    return batch;
}

ConnectionModel::ConnectionModel(QObject *parent)
    : RecordModel<Connection, quint64>([](const Connection &each) { return each.id; }, parent)
{
    std::vector<console::Column<Connection>> columns(Waiting + 1);
    columns[Id] = {tr("Id"), [](const Connection &each) { return QString::number(each.id); },
                   by<Connection>(&Connection::id)};
    columns[Kind] = {tr("Kind"), [](const Connection &each) { return connectionKindText(each.kind); },
                     by<Connection>(&Connection::kind)};
    columns[Port] = {tr("Port"), [](const Connection &each) { return each.port; }, by<Connection>(&Connection::port)};
    columns[Address] = {tr("Address"), [](const Connection &each) { return each.place(); }, compareAddresses};
    columns[User] = {tr("User"), [](const Connection &each) { return each.user; }, compareUsers};
    columns[Opened] = momentColumn(tr("Opened"), &Connection::openedMs);
    columns[Received] = momentColumn(tr("Last received"), &Connection::receivedMs);
    columns[BytesIn] = bytesColumn(tr("Received"), &Connection::bytesReceived);
    columns[BytesOut] = bytesColumn(tr("Sent"), &Connection::bytesSent);
    columns[Waiting] = bytesColumn(tr("Waiting"), &Connection::pendingBytes);
    columns[Waiting].tone = [](const Connection &each) {
        return each.pendingBytes >= SlowReaderBytes ? Tone::Warning : each.pendingBytes > 0 ? Tone::Plain : Tone::Faint;
    };
    columns[Waiting].toolTip = [](const Connection &each) {
        return each.pendingBytes >= SlowReaderBytes ? tr("Its client reads more slowly than it is sent to") : QString();
    };
    setColumns(std::move(columns));
}

void ConnectionModel::putPage(QList<Connection> page)
{
    for (Connection &each : page)
        each.sweep = m_sweep;
    putRecords(page);
}

void ConnectionModel::endSweep()
{
    removeIf([this](const Connection &each) { return each.sweep != m_sweep; });
}

QList<Connection> ConnectionModel::connections(const QStringList &keys) const
{
    QList<Connection> found;
    for (const QString &key : keys) {
        if (const Connection *connection = find(key.toULongLong()))
            found.append(*connection);
    }
    return found;
}

bool ConnectionModel::matches(Slot slot) const
{
    const QString &haystack = recordIn(slot).haystack;
    return std::all_of(words().begin(), words().end(),
                       [&haystack](const QString &word) { return haystack.contains(word); });
}

} // namespace Quern::console
