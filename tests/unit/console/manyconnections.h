#pragma once

#include "admin/protocol/linedecoder.h"

#include <QByteArrayList>
#include <QMutex>
#include <QTemporaryDir>
#include <QThread>

#include <array>
#include <atomic>
#include <map>

class QLocalServer;
class QLocalSocket;

/// A server of many connections, as far as a console that lists them can tell: it speaks the management protocol, and
/// answers server.access, server.subscribe, listener.list, connection.list, and with {} what else it is asked. Its
/// pages are encoded before anybody asks, and its socket lives in a thread of its own, so that whoever is measured with
/// it is measured alone.
class ManyConnections
{
public:
    static constexpr int PageSize = 1000;

    /// Connections with the ids 1 to \a count.
    explicit ManyConnections(int count);
    ~ManyConnections();

    QString path() const { return m_folder.filePath(QStringLiteral("control.sock")); }

    /// Requests for pages so far, and the most of them that were under way at a time.
    int pagesAsked() const { return m_pagesAsked; }
    int mostAtATime() const { return m_mostAtATime; }
    /// What else was asked for, in its order, as {"method": …, "params": …}.
    QList<QJsonObject> otherRequests() const;
    /// From now on only the first \a pages are there.
    void keepPages(int pages) { m_pagesKept = pages; }
    /// Answers take as long.
    void setDelay(std::chrono::milliseconds delay) { m_delay = delay; }

private:
    void listen();
    void read(QLocalSocket *socket);
    void answer(QLocalSocket *socket, const QJsonObject &request);
    QByteArray page(const QJsonObject &params);

    QTemporaryDir m_folder;
    QThread m_thread;
    QLocalServer *m_server; ///< lives in m_thread
    std::map<QLocalSocket *, Quern::admin::LineDecoder> m_decoders;
    std::array<QByteArrayList, 2>
        m_sweeps; ///< pages in JSON; every other time it has transferred other numbers of bytes
    std::size_t m_sweep = 0;
    mutable QMutex m_mutex;
    QList<QJsonObject> m_otherRequests; ///< guarded by m_mutex
    std::atomic<int> m_pagesAsked = 0;
    std::atomic<int> m_underWay = 0;
    std::atomic<int> m_mostAtATime = 0;
    std::atomic<int> m_pagesKept;
    std::atomic<std::chrono::milliseconds> m_delay{};
};
