#pragma once

#include "metrics/histogram.h"

#include <QByteArray>
#include <QByteArrayView>
#include <QHash>

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <vector>

namespace Quern::metrics {

/// The method of a request, as far as it is told apart: a client can send any word, and each would be a series.
enum class HttpMethod : quint8 { Get, Head, Post, Put, Patch, Delete, Options, Trace, Connect, Other };
HttpMethod httpMethod(QByteArrayView method);
/// "GET"; "other" for Other.
const char *httpMethodName(HttpMethod method);

/// Number of a route in a RequestMeter.
using RouteNumber = quint16;

struct RequestMeterSettings
{
    TimeBounds bounds;
    std::vector<int> ignoredStatuses; ///< requests that were answered so are not recorded
};

/// How long the requests of one reactor took, by method, route and status. A route is a pattern such as "/users/:id",
/// never a path. Its reactor's thread writes; any thread may read.
class RequestMeter
{
public:
    /// Series beyond it are one, whose method and route are "other".
    static constexpr std::size_t MostSeries = 1000;
    /// Patterns beyond it, those of generations before included, are "other".
    static constexpr std::size_t MostRoutes = 2000;
    /// Routes that are no patterns.
    static constexpr RouteNumber OtherRoute = 0;
    static constexpr RouteNumber NoRoute = 1;      ///< "unmatched": no pattern fits
    static constexpr RouteNumber StaticRoute = 2;  ///< "static": a file of document_root
    static constexpr RouteNumber RefusedRoute = 3; ///< "refused": the server has answered without a handler

    explicit RequestMeter(RequestMeterSettings settings);
    Q_DISABLE_COPY_MOVE(RequestMeter)

    /// The number of \a pattern, the same each time.
    RouteNumber routeOf(const QByteArray &pattern);
    void record(HttpMethod method, RouteNumber route, int status, std::chrono::nanoseconds time);

    struct Series
    {
        HttpMethod method;
        std::string route;
        int status;
        HistogramReading times;
    };
    /// In any thread.
    std::vector<Series> read() const;
    const TimeBounds &bounds() const { return m_settings.bounds; }

private:
    struct alignas(64) Cell
    {
        Cell(quint64 cellKey, const TimeBounds &bounds) : key(cellKey), times(bounds) {}
        const quint64 key;
        TimeHistogram times;
    };
    /// A power of two, twice as much as is used: a look finds its cell, or a free place, within a few steps.
    static constexpr std::size_t Places = 2048;

    static quint64 keyOf(HttpMethod method, RouteNumber route, int status);
    Cell *cellOf(quint64 key);

    RequestMeterSettings m_settings;
    QHash<QByteArray, RouteNumber> m_numbers;
    std::array<std::unique_ptr<const std::string>, MostRoutes> m_patterns; ///< each written once, before its number
    std::array<std::atomic<Cell *>, Places> m_places = {};
    std::vector<std::unique_ptr<Cell>> m_cells;
    Cell *m_last = nullptr; ///< requests of one kind often come in a row
};

/// Sums of what several meters have read, by method, route and status.
std::vector<RequestMeter::Series> sumOf(const std::vector<std::vector<RequestMeter::Series>> &readings);

} // namespace Quern::metrics
