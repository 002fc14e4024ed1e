#include "metrics/requestmeter.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace Quern::metrics {

namespace {

constexpr std::array methodNames = {"GET",    "HEAD",    "POST",  "PUT",     "PATCH",
                                    "DELETE", "OPTIONS", "TRACE", "CONNECT", "other"};

} // namespace

HttpMethod httpMethod(QByteArrayView method)
{
    for (std::size_t i = 0; i < std::size_t(HttpMethod::Other); ++i) {
        if (method == methodNames[i])
            return HttpMethod(i);
    }
    return HttpMethod::Other;
}

const char *httpMethodName(HttpMethod method)
{
    return methodNames[std::size_t(method)];
}

RequestMeter::RequestMeter(RequestMeterSettings settings) : m_settings(std::move(settings))
{
    m_cells.reserve(MostSeries + 1);
    for (const char *name : {"other", "unmatched", "static", "refused"})
        routeOf(name);
}

RouteNumber RequestMeter::routeOf(const QByteArray &pattern)
{
    const auto known = m_numbers.constFind(pattern);
    if (known != m_numbers.cend())
        return *known;
    const std::size_t number = std::size_t(m_numbers.size());
    if (number >= MostRoutes)
        return OtherRoute;
    m_patterns[number] = std::make_unique<const std::string>(pattern.toStdString());
    m_numbers.insert(pattern, RouteNumber(number));
    return RouteNumber(number);
}

quint64 RequestMeter::keyOf(HttpMethod method, RouteNumber route, int status)
{
    return quint64(route) << 32 | quint64(method) << 16 | quint64(quint16(status));
}

void RequestMeter::record(HttpMethod method, RouteNumber route, int status, std::chrono::nanoseconds time)
{
    const std::vector<int> &ignored = m_settings.ignoredStatuses;
    if (std::find(ignored.begin(), ignored.end(), status) == ignored.end())
        cellOf(keyOf(method, route, status))->times.record(time);
}

RequestMeter::Cell *RequestMeter::cellOf(quint64 key)
{
    if (m_last && m_last->key == key)
        return m_last;
    constexpr quint64 spread = 0x9e3779b97f4a7c15; // 2^64 / golden ratio: neighbouring keys lie apart
    std::size_t place = std::size_t((key * spread) >> 53);
    while (Cell *cell = m_places[place].load(std::memory_order_relaxed)) {
        if (cell->key == key)
            return m_last = cell;
        place = (place + 1) % Places;
    }
    const quint64 overflow = keyOf(HttpMethod::Other, OtherRoute, 0);
    if (m_cells.size() >= MostSeries && key != overflow)
        return cellOf(overflow);
    Cell *cell = m_cells.emplace_back(std::make_unique<Cell>(key, m_settings.bounds)).get();
    m_places[place].store(cell, std::memory_order_release);
    return m_last = cell;
}

std::vector<RequestMeter::Series> RequestMeter::read() const
{
    std::vector<Series> series;
    for (const std::atomic<Cell *> &place : m_places) {
        const Cell *cell = place.load(std::memory_order_acquire);
        if (!cell)
            continue;
        const auto method = HttpMethod(cell->key >> 16 & 0xff);
        series.push_back({method, *m_patterns[cell->key >> 32], int(cell->key & 0xffff), cell->times.read()});
    }
    return series;
}

std::vector<RequestMeter::Series> sumOf(const std::vector<std::vector<RequestMeter::Series>> &readings)
{
    std::map<std::tuple<std::string, HttpMethod, int>, RequestMeter::Series> sums;
    for (const std::vector<RequestMeter::Series> &reading : readings) {
        for (const RequestMeter::Series &series : reading) {
            const auto [place, isNew] = sums.try_emplace({series.route, series.method, series.status}, series);
            if (!isNew)
                place->second.times.add(series.times);
        }
    }
    std::vector<RequestMeter::Series> result;
    for (auto &[key, series] : sums)
        result.push_back(std::move(series));
    return result;
}

} // namespace Quern::metrics
