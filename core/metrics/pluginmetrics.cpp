#include "metrics/pluginmetrics.h"

#include "metrics/families.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace Quern::metrics {

namespace {

/// What a child has scribbled must not make a sum begin anew.
quint64 saturated(quint64 left, quint64 right)
{
    return right > std::numeric_limits<quint64>::max() - left ? std::numeric_limits<quint64>::max() : left + right;
}

template <typename Sum, typename Other>
void addUp(Sum &sum, const Other &other)
{
    sum.counts.resize(other.counts.size());
    std::transform(sum.counts.begin(), sum.counts.end(), other.counts.begin(), sum.counts.begin(), saturated);
    sum.number += other.number;
}

double mergedGauge(double left, double right, GaugeMerge merge)
{
    return merge == GaugeMerge::Max   ? std::max(left, right)
           : merge == GaugeMerge::Min ? std::min(left, right)
                                      : left + right;
}

/// Sums that are added in another order differ in their last digits: what is less by that alone is as it was told.
double steady(double sum, double &told)
{
    constexpr double rounding = 1e-9;
    if (sum > told || told - sum > rounding * std::abs(told))
        told = sum;
    return told;
}

prometheus::MetricType typeOf(MetricKind kind)
{
    return kind == MetricKind::Counter ? prometheus::MetricType::Counter
           : kind == MetricKind::Gauge ? prometheus::MetricType::Gauge
                                       : prometheus::MetricType::Histogram;
}

} // namespace

void PluginMetrics::add(quint64 childId, int generation, PluginArea area)
{
    m_children[childId] = {.generation = generation, .area = std::move(area)};
}

AreaReading PluginMetrics::read(quint64 childId, Child &child)
{
    const auto *bytes = static_cast<const std::byte *>(child.area.memory.get());
    if (!child.isDamaged) {
        std::vector<quint64> copy = copyOfArea({bytes, child.area.bytes});
        AreaReading reading = readArea(copy);
        // It only grows.
        if (!reading.isDamaged && copy.size() >= child.sound.size()) {
            child.sound = std::move(copy);
            return reading;
        }
        child.isDamaged = true;
        m_damaged.push_back(childId);
    }
    return readArea(child.sound);
}

void PluginMetrics::remove(quint64 childId)
{
    const auto found = m_children.find(childId);
    if (found == m_children.end())
        return;
    // One of a generation that never came to serve has counted nothing that somebody has seen.
    if (found->second.generation <= m_serving) {
        const AreaReading reading = read(childId, found->second);
        for (const PluginFamily &read : reading.families) {
            Family *family = familyOf(read, found->second.generation);
            if (!family || read.definition.kind == MetricKind::Gauge)
                continue;
            for (const PluginSeries &series : read.series)
                addUp(seriesOf(*family, series.values).ended, series);
        }
    }
    m_children.erase(found);
}

void PluginMetrics::activate(int generation)
{
    m_serving = generation;
    look();
}

PluginMetrics::Family *PluginMetrics::familyOf(const PluginFamily &read, int generation)
{
    const MetricDefinition &definition = read.definition;
    const auto found = m_families.find(definition.name);
    if (found == m_families.end()) {
        if (m_families.size() == MostFamilies)
            return nullptr;
        return &(m_families[definition.name] = {.definition = definition, .generation = generation});
    }
    Family &family = found->second;
    if (!family.definition.isLike(definition)) {
        if (generation <= family.generation)
            return nullptr;
        forgetSeries(family);
    }
    if (generation >= family.generation) {
        family.definition = definition;
        family.generation = generation;
    }
    return &family;
}

std::size_t &PluginMetrics::countFor(const Family &family)
{
    return family.definition.kind == MetricKind::Gauge ? m_gaugeCount : m_sumCount;
}

void PluginMetrics::forgetSeries(Family &family)
{
    countFor(family) -= family.series.size();
    family.series.clear();
    family.isFull = false;
}

PluginMetrics::Series &PluginMetrics::seriesOf(Family &family, const Values &values)
{
    if (const auto found = family.series.find(values); found != family.series.end())
        return found->second;
    // Whoever is "other" stays it, and whoever is not stays that: so no series falls.
    family.isFull = family.isFull || family.series.size() >= MetricLimits::Series || countFor(family) >= MostSeries;
    const auto [place, isNew] = family.series.try_emplace(
        family.isFull ? Values(values.size(), OtherMetrics.toByteArray().toStdString()) : values);
    countFor(family) += isNew ? 1 : 0;
    return place->second;
}

void PluginMetrics::look()
{
    for (auto &[name, family] : m_families) {
        family.isPresent = false;
        // They begin anew with each look.
        if (family.definition.kind == MetricKind::Gauge)
            forgetSeries(family);
        for (auto &[values, series] : family.series)
            series.alive.reset();
    }
    // The newest first: what it defines is not made for an older one before.
    std::vector<std::pair<const quint64, Child> *> children;
    for (auto &child : m_children) {
        if (child.second.generation <= m_serving)
            children.push_back(&child);
    }
    std::stable_sort(children.begin(), children.end(), [](const auto *left, const auto *right) {
        return left->second.generation > right->second.generation;
    });
    for (auto *child : children) {
        const AreaReading reading = read(child->first, child->second);
        for (const PluginFamily &read : reading.families) {
            Family *family = familyOf(read, child->second.generation);
            if (!family)
                continue;
            family->isPresent = true;
            const bool isGauge = family->definition.kind == MetricKind::Gauge;
            for (const PluginSeries &series : read.series) {
                if (isGauge && std::isnan(series.number))
                    continue;
                std::optional<Sum> &alive = seriesOf(*family, series.values).alive;
                if (alive && isGauge)
                    alive->number = mergedGauge(alive->number, series.number, family->definition.merge);
                else if (alive)
                    addUp(*alive, series);
                else
                    alive = {series.counts, series.number};
            }
        }
    }
    prune();
}

void PluginMetrics::prune()
{
    std::erase_if(m_families, [this](const auto &entry) {
        const Family &family = entry.second;
        const bool isOver = !family.isPresent && family.generation < m_serving;
        countFor(family) -= isOver ? family.series.size() : 0;
        return isOver;
    });
}

std::vector<prometheus::MetricFamily> PluginMetrics::collect()
{
    look();
    std::vector<prometheus::MetricFamily> collected;
    for (auto &[name, family] : m_families) {
        if (family.series.empty())
            continue;
        const MetricDefinition &definition = family.definition;
        prometheus::MetricFamily shown =
            metrics::family(name.toStdString(), definition.help.toStdString(), typeOf(definition.kind));
        for (auto &[values, series] : family.series) {
            Labels labels;
            for (std::size_t i = 0; i < values.size(); ++i)
                labels.emplace_back(definition.labels[qsizetype(i)].toStdString(), values[i]);
            Sum sum = series.ended;
            if (series.alive)
                addUp(sum, *series.alive);
            if (definition.kind == MetricKind::Histogram) {
                sum.counts.resize(definition.bounds.size() + 1); // none, if a child has overwritten it
                HistogramReading reading(definition.bounds);
                reading.counts = sum.counts;
                reading.sum = steady(sum.number, series.told);
                addHistogram(shown, labels, reading);
            } else {
                const double whole = sum.counts.empty() ? 0 : double(sum.counts.front());
                const bool isGauge = definition.kind == MetricKind::Gauge;
                addValue(shown, labels, isGauge ? sum.number : steady(whole + sum.number, series.told));
            }
        }
        collected.push_back(std::move(shown));
    }
    return collected;
}

} // namespace Quern::metrics
