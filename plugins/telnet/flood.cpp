#include "flood.h"

#include <Quern/server.h>

#include <algorithm>
#include <chrono>

using Quern::ConnectionId;
using Quern::Error;
using Quern::Result;
using std::chrono::milliseconds;

namespace {

/// For one turn of the event loop. Between two turns the worker hears that a buffer is full, and others get their turn.
constexpr qsizetype pieceSize = 16 * 1024;

} // namespace

Flood::Flood()
{
    m_turn.setSingleShot(true);
    connect(&m_turn, &QTimer::timeout, this, qOverload<>(&Flood::sendSome));
}

bool Flood::start(ConnectionId id, int lines)
{
    if (m_streams.contains(id))
        return false;
    m_streams.insert(id, {0, lines, false});
    m_turn.start(milliseconds(0));
    return true;
}

void Flood::hold(ConnectionId id)
{
    if (const auto found = m_streams.find(id); found != m_streams.end())
        found->isHeld = true;
}

void Flood::resume(ConnectionId id)
{
    if (const auto found = m_streams.find(id); found != m_streams.end()) {
        found->isHeld = false;
        m_turn.start(milliseconds(0));
    }
}

void Flood::stop(ConnectionId id)
{
    m_streams.remove(id);
}

void Flood::sendSome()
{
    for (auto each = m_streams.begin(); each != m_streams.end();)
        each = each->isHeld || sendSome(each.key(), *each) ? std::next(each) : m_streams.erase(each);
    const bool isWanted =
        std::any_of(m_streams.cbegin(), m_streams.cend(), [](const Stream &stream) { return !stream.isHeld; });
    if (isWanted && !m_turn.isActive())
        m_turn.start(milliseconds(0));
}

bool Flood::sendSome(ConnectionId id, Stream &stream)
{
    QByteArray piece;
    int sent = stream.sent;
    while (sent < stream.lines && piece.size() < pieceSize)
        piece += "line " + QByteArray::number(++sent) + " of " + QByteArray::number(stream.lines) + "\r\n";
    const Result<void> done = Quern::server().send(id, piece);
    if (done)
        stream.sent = sent;
    else if (done.error().code() == Error::Busy)
        stream.isHeld = true; // resume() will be called
    else
        return false;
    return stream.sent < stream.lines;
}
