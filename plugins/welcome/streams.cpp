#include "streams.h"

#include "numbers.h"
#include "pace.h"

using Quern::EventStream;
using Quern::Request;
using Quern::Response;
using Quern::ResponseStream;
using std::chrono::milliseconds;

namespace {

constexpr int mostPieces = 100'000;
constexpr int longestPause = 60'000; ///< ms
constexpr int largestPiece = 1024 * 1024;
constexpr milliseconds reconnectAfter{2000};

QByteArray pieceOf(int number, qsizetype size)
{
    return ("piece " + QByteArray::number(number)).leftJustified(size - 1, '.') + '\n';
}

/// The number of the last event that the client has seen; 0 if it has seen none of ours.
int lastSeen(const Request &request)
{
    return qMax(0, request.lastEventId().toInt());
}

} // namespace

void streamPieces(const Request &request, Response &response, QObject *owner)
{
    const auto count = numberOf(request, response, {"n", 10, mostPieces});
    if (!count)
        return;
    const auto pause = numberOf(request, response, {"ms", 50, longestPause});
    if (!pause)
        return;
    const auto size = numberOf(request, response, {"size", 20, largestPiece});
    if (!size)
        return;

    response.setHeader("Cache-Control", "no-store");
    response.setHeader("Trailer", "Stream-Pieces");
    const ResponseStream stream = response.stream("text/plain; charset=utf-8");
    auto *pace = new Pace({1, *count, milliseconds(*pause)}, owner);
    stream.onDrain([pace] { pace->resume(); });
    stream.onClose([pace] { pace->deleteLater(); });
    pace->start([stream, size = *size](int number) { return stream.write(pieceOf(number, size)); },
                [stream, count = *count] {
                    stream.setTrailer("Stream-Pieces", QByteArray::number(count));
                    stream.end();
                });
}

void streamEvents(const Request &request, Response &response, QObject *owner)
{
    const auto count = numberOf(request, response, {"n", 5, mostPieces});
    if (!count)
        return;
    const auto pause = numberOf(request, response, {"ms", 100, longestPause});
    if (!pause)
        return;

    // A browser connects again when the stream has ended, and says what it has seen. 204 tells it that this was all
    // (HTML Living Standard §9.2.3).
    const int seen = lastSeen(request);
    if (seen >= *count) {
        response.setStatus(204);
        return;
    }
    const EventStream events = response.events({.retry = reconnectAfter});
    auto *pace = new Pace({seen + 1, *count, milliseconds(*pause)}, owner);
    events.onDrain([pace] { pace->resume(); });
    events.onClose([pace] { pace->deleteLater(); });
    pace->start(
        [events](int number) {
            const QByteArray text = QByteArray::number(number);
            return events.send({.data = "{\"tick\":" + text + '}', .event = "tick", .id = text});
        },
        [events] { events.end(); });
}
