#include <Quern/metrics.h>

#include "application_p.h"
#include "httpsyntax_p.h"

#include <Quern/application.h>

#include <bit>
#include <cmath>
#include <stdexcept>

namespace Quern {

namespace {

/// Those that Prometheus' own libraries begin with, in seconds.
constexpr double defaultBounds[] = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
/// Greater ones are added as fractions are: so the whole ones never come round.
constexpr double greatestWhole = 4294967296.0;

void addTo(MetricCell &cell, double by)
{
    quint64 before = cell.bits.load(std::memory_order_relaxed);
    quint64 after = 0;
    do {
        const auto number = std::bit_cast<double>(before);
        after = std::bit_cast<quint64>(std::isnan(number) ? by : number + by);
    } while (!cell.bits.compare_exchange_weak(before, after, std::memory_order_relaxed));
}

std::shared_ptr<MetricFamilyCore> added(ApplicationPrivate &d, MetricDefinition metric)
{
    const std::string title = metricTitle(metric);
    d.checkOpen("the registration of " + title);
    if (const std::string flaw = flawOfMetric(metric); !flaw.empty())
        throw std::invalid_argument(title + ' ' + flaw);
    for (const std::shared_ptr<MetricFamilyCore> &taken : d.metrics) {
        if (taken->definition().name == metric.name)
            throw std::invalid_argument(title + " of plugin " + quoted(d.plugin.toUtf8()) +
                                        " has the name of one of plugin " + quoted(taken->plugin().toUtf8()) +
                                        ": rename or remove one of them");
    }
    if (!d.metricArea)
        d.metricArea = MetricArea::makePrivate();
    std::shared_ptr<MetricFamilyCore> family = d.metricArea->addFamily(metric, d.plugin);
    if (!family)
        throw std::invalid_argument(title + " has no room: the metrics of a process take " +
                                    std::to_string(d.metricArea->bytes().size() / 1024) + " KiB, and are " +
                                    std::to_string(MetricLimits::Families) +
                                    " at most; register fewer, or one with a label");
    d.metrics.push_back(family);
    return family;
}

/// Of a family without labels.
MetricCell *soleCells(MetricFamilyCore &family)
{
    return family.definition().labels.isEmpty() ? family.seriesOf({}) : nullptr;
}

std::span<const QByteArrayView> spanOf(std::initializer_list<QByteArrayView> values)
{
    return {values.begin(), values.size()};
}

} // namespace

Counter Application::counter(QByteArrayView name, QByteArrayView help, const QByteArrayList &labels)
{
    auto family = added(*d, {MetricKind::Counter, GaugeMerge::Sum, name.toByteArray(), help.toByteArray(), labels, {}});
    MetricCell *cells = soleCells(*family);
    return Counter(std::move(family), cells);
}

Gauge Application::gauge(QByteArrayView name, QByteArrayView help, const QByteArrayList &labels, GaugeMerge merge)
{
    auto family = added(*d, {MetricKind::Gauge, merge, name.toByteArray(), help.toByteArray(), labels, {}});
    MetricCell *cells = soleCells(*family);
    return Gauge(std::move(family), cells);
}

Histogram Application::histogram(QByteArrayView name, QByteArrayView help, const QList<double> &buckets,
                                 const QByteArrayList &labels)
{
    std::vector<double> bounds(buckets.begin(), buckets.end());
    if (bounds.empty())
        bounds.assign(std::begin(defaultBounds), std::end(defaultBounds));
    auto family = added(*d, {MetricKind::Histogram, GaugeMerge::Sum, name.toByteArray(), help.toByteArray(), labels,
                             std::move(bounds)});
    MetricCell *cells = soleCells(*family);
    return Histogram(std::move(family), cells);
}

Counter::Counter(std::shared_ptr<MetricFamilyCore> family, MetricCell *cells)
    : m_family(std::move(family))
    , m_cells(cells)
{
}

Counter Counter::with(std::initializer_list<QByteArrayView> values) const
{
    return m_family ? Counter(m_family, m_family->seriesOf(spanOf(values))) : Counter();
}

void Counter::increment(double by) const
{
    if (!m_family)
        return;
    MetricCell *cells = m_cells != nullptr ? m_cells : m_family->seriesOf({});
    if (by >= 0 && by <= greatestWhole) {
        const auto whole = quint64(by);
        if (double(whole) == by)
            cells[0].bits.fetch_add(whole, std::memory_order_relaxed);
        else
            addTo(cells[1], by);
    } else if (by > greatestWhole && std::isfinite(by)) {
        addTo(cells[1], by);
    } else {
        m_family->tellDropped("a negative or infinite increment, or one that is no number,");
    }
}

Gauge::Gauge(std::shared_ptr<MetricFamilyCore> family, MetricCell *cells) : m_family(std::move(family)), m_cells(cells)
{
}

Gauge Gauge::with(std::initializer_list<QByteArrayView> values) const
{
    return m_family ? Gauge(m_family, m_family->seriesOf(spanOf(values))) : Gauge();
}

void Gauge::set(double value) const
{
    if (!m_family)
        return;
    MetricCell *cells = m_cells != nullptr ? m_cells : m_family->seriesOf({});
    cells[0].bits.store(std::bit_cast<quint64>(value), std::memory_order_relaxed);
}

void Gauge::increment(double by) const
{
    if (!m_family)
        return;
    if (std::isnan(by)) {
        m_family->tellDropped("an increment that is no number,");
        return;
    }
    addTo(m_cells != nullptr ? *m_cells : *m_family->seriesOf({}), by);
}

void Gauge::decrement(double by) const
{
    increment(-by);
}

Histogram::Histogram(std::shared_ptr<MetricFamilyCore> family, MetricCell *cells)
    : m_family(std::move(family))
    , m_cells(cells)
{
}

Histogram Histogram::with(std::initializer_list<QByteArrayView> values) const
{
    return m_family ? Histogram(m_family, m_family->seriesOf(spanOf(values))) : Histogram();
}

void Histogram::observe(double value) const
{
    if (!m_family)
        return;
    if (!std::isfinite(value)) {
        m_family->tellDropped("a value that is infinite or no number,");
        return;
    }
    MetricCell *cells = m_cells != nullptr ? m_cells : m_family->seriesOf({});
    const std::vector<double> &bounds = m_family->definition().bounds;
    const auto bucket = std::lower_bound(bounds.begin(), bounds.end(), value) - bounds.begin();
    cells[bucket].bits.fetch_add(1, std::memory_order_relaxed);
    addTo(cells[bounds.size() + 1], value);
}

HistogramTimer Histogram::time() const
{
    return HistogramTimer(*this);
}

HistogramTimer::HistogramTimer(Histogram histogram)
    : m_histogram(std::move(histogram))
    , m_begin(std::chrono::steady_clock::now())
{
}

HistogramTimer::~HistogramTimer()
{
    m_histogram.observe(std::chrono::steady_clock::now() - m_begin);
}

} // namespace Quern
