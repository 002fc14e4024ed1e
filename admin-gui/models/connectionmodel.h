#pragma once

#include "admin-gui/models/recordmodel.h"
#include "admin/protocol/connectionmessages.h"

#include <array>

namespace Quern::console {

/// A live connection as the console keeps it: a hundred thousand of them have to fit, and to sort by value. A value
/// type.
struct Connection
{
    using Kind = admin::ConnectionDescription::Kind;

    quint64 id = 0;
    Kind kind = Kind::WebSocket;
    int remotePort = 0;    ///< 0: a Unix socket
    QString port;          ///< that it came in by
    QString address;       ///< of the client, without its port; empty: a Unix socket
    QString user;          ///< that it is bound to; empty: to none
    qint64 openedMs = 0;   ///< since the epoch, as QDateTime has it
    qint64 receivedMs = 0; ///< the same, when something came last
    qint64 bytesReceived = 0;
    qint64 bytesSent = 0;
    qint64 pendingBytes = 0;
    std::array<quint64, 2> addressValue = {}; ///< of IPv6, or of IPv4 as it is mapped there; 0 if it is neither
    QString haystack;                         ///< all that a filter may look for, folded, the user last
    int userAt = 0;                           ///< in haystack
    quint32 sweep = 0;                        ///< the last in which it was met

    static Connection of(const admin::ConnectionDescription &description);
    /// "10.0.0.7:40000", "[::1]:40000", "Unix socket"
    QString place() const;
    QStringView foldedUser() const { return QStringView(haystack).mid(userAt); }
};

/// An admin::ConnectionPage, made into what is kept by whoever reads it: for Session::ask().
struct ConnectionBatch
{
    QList<Connection> connections;
    QString next; ///< empty: these are the last

    static Result<ConnectionBatch> fromJson(const QJsonObject &json);
};

/// "WebSocket", in the user's language.
QString connectionKindText(Connection::Kind kind);

/// The live connections. They come by page, in sweeps that each meet all that are there. Lives in the main thread.
class ConnectionModel final : public RecordModel<Connection, quint64>
{
    Q_OBJECT
public:
    enum Column { Id, Kind, Port, Address, User, Opened, Received, BytesIn, BytesOut, Waiting };

    /// Output that waits is nothing unusual below it.
    static constexpr qint64 SlowReaderBytes = 64 * 1024;

    explicit ConnectionModel(QObject *parent = nullptr);

    void beginSweep() { ++m_sweep; }
    void putPage(QList<Connection> page);
    /// All pages have been put: what was in none is gone.
    void endSweep();

    /// Those in whose row \a keys name it, in that order; without those that are gone.
    QList<Connection> connections(const QStringList &keys) const;

protected:
    bool matches(Slot slot) const override;

private:
    quint32 m_sweep = 0;
};

} // namespace Quern::console
