#include "metrics/areareader.h"

#include <QByteArrayView>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <optional>

namespace Quern::metrics {

namespace {

constexpr std::size_t headerWords = sizeof(MetricAreaHeader) / sizeof(quint64);

/// Takes one field after the other off the front of some bytes.
class Fields
{
public:
    explicit Fields(std::span<const std::byte> bytes) : m_rest(bytes) {}

    /// Nothing if there is less than that.
    template <typename Field>
    std::optional<Field> take()
    {
        if (m_rest.size() < sizeof(Field))
            return std::nullopt;
        Field field;
        std::memcpy(&field, m_rest.data(), sizeof field);
        m_rest = m_rest.subspan(sizeof field);
        return field;
    }
    std::optional<QByteArrayView> takeText()
    {
        const std::optional<quint16> size = take<quint16>();
        if (!size || *size > m_rest.size())
            return std::nullopt;
        const QByteArrayView text(reinterpret_cast<const char *>(m_rest.data()), qsizetype(*size));
        m_rest = m_rest.subspan(*size);
        return text;
    }

private:
    std::span<const std::byte> m_rest;
};

std::optional<PluginFamily> readFamily(std::span<const std::byte> bytes, std::size_t number)
{
    Fields fields(bytes);
    const auto record = fields.take<MetricFamilyRecord>();
    if (!record || record->family != number || record->kind > quint8(MetricKind::Histogram) ||
        record->merge > quint8(GaugeMerge::Min) || record->labels > MetricLimits::Labels ||
        record->bounds > MetricLimits::Bounds)
        return std::nullopt;
    PluginFamily family;
    MetricDefinition &definition = family.definition;
    definition.kind = MetricKind(record->kind);
    definition.merge = GaugeMerge(record->merge);
    for (int i = 0; i < record->bounds; ++i) {
        const std::optional<double> bound = fields.take<double>();
        if (!bound)
            return std::nullopt;
        definition.bounds.push_back(*bound);
    }
    const std::optional<QByteArrayView> name = fields.takeText();
    const std::optional<QByteArrayView> help = name ? fields.takeText() : std::nullopt;
    if (!help)
        return std::nullopt;
    definition.name = name->toByteArray();
    definition.help = help->toByteArray();
    for (int i = 0; i < record->labels; ++i) {
        const std::optional<QByteArrayView> label = fields.takeText();
        if (!label)
            return std::nullopt;
        definition.labels.append(label->toByteArray());
    }
    return flawOfMetric(definition, MetricOwner::Server).empty() ? std::optional(std::move(family)) : std::nullopt;
}

/// Whether the cells hold what the SDK writes there.
bool isPossible(const PluginSeries &series, MetricKind kind)
{
    return kind == MetricKind::Gauge ||
           (!std::isnan(series.number) && (kind == MetricKind::Histogram || series.number >= 0));
}

std::optional<PluginSeries> readSeries(std::span<const std::byte> bytes, const MetricDefinition &definition)
{
    Fields fields(bytes);
    const auto record = fields.take<MetricSeriesRecord>();
    if (!record || record->cells != definition.cells())
        return std::nullopt;
    PluginSeries series;
    for (std::size_t i = 0; i < definition.cells(); ++i) {
        const std::optional<quint64> cell = fields.take<quint64>();
        if (!cell)
            return std::nullopt;
        if (i + 1 < definition.cells())
            series.counts.push_back(*cell);
        else
            series.number = std::bit_cast<double>(*cell);
    }
    for (qsizetype i = 0; i < definition.labels.size(); ++i) {
        const std::optional<QByteArrayView> value = fields.takeText();
        if (!value || value->size() > MetricLimits::LabelValueBytes || !value->isValidUtf8())
            return std::nullopt;
        series.values.emplace_back(value->data(), std::size_t(value->size()));
    }
    return isPossible(series, definition.kind) ? std::optional(std::move(series)) : std::nullopt;
}

/// Adds what the record says to \a families; false if it is none.
bool readRecord(std::span<const std::byte> bytes, quint16 type, std::vector<PluginFamily> &families)
{
    if (type == MetricRecord::Family) {
        std::optional<PluginFamily> family =
            families.size() < MetricLimits::Families ? readFamily(bytes, families.size()) : std::nullopt;
        const bool isTaken =
            family && std::any_of(families.begin(), families.end(), [&family](const PluginFamily &other) {
                return other.definition.name == family->definition.name;
            });
        if (!family || isTaken)
            return false;
        families.push_back(std::move(*family));
        return true;
    }
    const auto record = Fields(bytes).take<MetricSeriesRecord>();
    if (type != MetricRecord::Series || !record || record->family >= families.size())
        return false;
    PluginFamily &family = families[record->family];
    std::optional<PluginSeries> series =
        family.series.size() <= MetricLimits::Series ? readSeries(bytes, family.definition) : std::nullopt;
    if (!series)
        return false;
    family.series.push_back(std::move(*series));
    return true;
}

} // namespace

std::vector<quint64> copyOfArea(std::span<const std::byte> area)
{
    if (area.size() < sizeof(MetricAreaHeader))
        return {};
    const auto *header = reinterpret_cast<const MetricAreaHeader *>(area.data());
    // One that says more than there can be is found out by what it lacks.
    const quint64 used = std::min<quint64>(header->used.load(std::memory_order_acquire), area.size());
    std::vector<quint64> copy(used / sizeof(quint64));
    const auto *words = reinterpret_cast<const MetricCell *>(area.data());
    for (std::size_t i = 0; i < copy.size(); ++i)
        copy[i] = words[i].bits.load(std::memory_order_relaxed);
    return copy;
}

AreaReading readArea(std::span<const quint64> copy)
{
    AreaReading reading;
    if (copy.empty())
        return reading;
    reading.isDamaged = copy.size() < headerWords || copy[0] != MetricAreaHeader::Magic;
    std::span<const quint64> rest = reading.isDamaged ? std::span<const quint64>() : copy.subspan(headerWords);
    while (!rest.empty()) {
        const std::span<const std::byte> bytes = std::as_bytes(rest);
        MetricRecord record;
        std::memcpy(&record, bytes.data(), sizeof record);
        const std::size_t words = record.bytes / sizeof(quint64);
        if (words == 0 || words > rest.size() || record.bytes % sizeof(quint64) != 0 ||
            !readRecord(bytes.first(record.bytes), record.type, reading.families)) {
            reading.isDamaged = true;
            return reading;
        }
        rest = rest.subspan(words);
    }
    return reading;
}

} // namespace Quern::metrics
