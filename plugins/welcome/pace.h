#pragma once

#include <QObject>
#include <QTimer>

#include <chrono>
#include <functional>

/// Sends the pieces of a stream, a pause apart, and holds back while the client does not read. Connect resume() to the
/// stream's onDrain(), and deleteLater() to its onClose(). Deletes itself after the last piece.
class Pace final : public QObject
{
    Q_OBJECT
public:
    struct Plan
    {
        int next; ///< number of the first piece
        int last; ///< number of the last piece; none is sent if that is less
        std::chrono::milliseconds pause;
    };

    Pace(const Plan &plan, QObject *parent);

    /// Begins at once. \a send gets the number of a piece and returns what write() returned; \a finish is called after
    /// the last piece. They own the stream's handles.
    void start(std::function<bool(int number)> send, std::function<void()> finish);
    /// The client has caught up.
    void resume();

private:
    void sendNext();

    Plan m_plan;
    std::function<bool(int)> m_send;
    std::function<void()> m_finish;
    QTimer m_timer;
};
