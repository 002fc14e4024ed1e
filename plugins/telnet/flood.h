#pragma once

#include <Quern/connectionid.h>

#include <QHash>
#include <QObject>
#include <QTimer>

/// Sends clients many lines, as fast as they read them: little by little, and nothing while the server says that a
/// client's buffer is full. It lives in its worker alone: a flood ends with it.
class Flood final : public QObject
{
    Q_OBJECT
public:
    static constexpr int MaxLines = 1'000'000;

    Flood();

    /// False if \a id is being flooded already.
    bool start(Quern::ConnectionId id, int lines);
    void hold(Quern::ConnectionId id);   ///< its buffer is filling
    void resume(Quern::ConnectionId id); ///< there is room again
    void stop(Quern::ConnectionId id);   ///< it has gone, or wants no more

private:
    struct Stream
    {
        int sent = 0; ///< lines
        int lines = 0;
        bool isHeld = false;
    };

    void sendSome();
    /// False if there is nothing left to send to \a id.
    bool sendSome(Quern::ConnectionId id, Stream &stream);

    QHash<Quern::ConnectionId, Stream> m_streams;
    QTimer m_turn;
};
