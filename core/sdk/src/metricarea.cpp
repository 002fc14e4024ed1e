#include "metricarea_p.h"

#include "log_p.h"

#include <QHashSeed>
#include <QString>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <new>

namespace Quern {

namespace {

std::size_t wholeWords(std::size_t bytes)
{
    return (bytes + 7) / 8 * 8;
}

std::size_t textBytes(QByteArrayView text)
{
    return sizeof(quint16) + std::size_t(text.size());
}

std::size_t familyBytes(const MetricDefinition &definition)
{
    std::size_t bytes = sizeof(MetricFamilyRecord) + definition.bounds.size() * sizeof(double) +
                        textBytes(definition.name) + textBytes(definition.help);
    for (const QByteArray &label : definition.labels)
        bytes += textBytes(label);
    return wholeWords(bytes);
}

std::size_t seriesBytes(const MetricDefinition &definition, std::size_t keyBytes)
{
    // The length of a value takes one byte in a key, and two here.
    return wholeWords(sizeof(MetricSeriesRecord) + definition.cells() * sizeof(MetricCell) + keyBytes +
                      std::size_t(definition.labels.size()));
}

std::size_t otherBytes(const MetricDefinition &definition)
{
    return seriesBytes(definition, std::size_t(definition.labels.size()) * (1 + std::size_t(OtherMetrics.size())));
}

/// How many bytes of \a text are kept: MetricLimits::LabelValueBytes, or the few less that end with a whole character.
qsizetype keptOf(QByteArrayView text)
{
    qsizetype most = MetricLimits::LabelValueBytes;
    if (text.size() <= most)
        return text.size();
    for (int steps = 0; steps < 3 && (static_cast<quint8>(text[most]) & 0xc0) == 0x80; ++steps)
        --most;
    return most;
}

} // namespace

/// Writes one record, field by field, behind the end of what is there.
class MetricArea::Record
{
public:
    explicit Record(std::byte *place) : m_place(place) {}

    template <typename Field>
    void put(const Field &field)
    {
        std::memcpy(m_place, &field, sizeof field);
        m_place += sizeof field;
    }
    void putText(QByteArrayView text)
    {
        put(quint16(text.size()));
        std::copy_n(reinterpret_cast<const std::byte *>(text.data()), text.size(), m_place);
        m_place += text.size();
    }
    MetricCell *putCell(quint64 bits)
    {
        auto *cell = new (m_place) MetricCell{bits};
        m_place += sizeof(MetricCell);
        return cell;
    }

private:
    std::byte *m_place;
};

MetricArea::MetricArea(std::shared_ptr<void> memory, std::size_t bytes) : m_memory(std::move(memory)), m_bytes(bytes) {}

std::shared_ptr<MetricArea> MetricArea::makePrivate(std::size_t bytes)
{
    void *memory = std::calloc(wholeWords(bytes), 1);
    if (memory == nullptr)
        throw std::bad_alloc();
    return std::make_shared<MetricArea>(std::shared_ptr<void>(memory, [](void *data) { std::free(data); }), bytes);
}

void MetricArea::publish(std::size_t bytes)
{
    m_used += bytes;
    auto *header = reinterpret_cast<MetricAreaHeader *>(m_memory.get());
    header->magic.store(MetricAreaHeader::Magic, std::memory_order_relaxed);
    header->used.store(m_used, std::memory_order_release);
}

std::shared_ptr<MetricFamilyCore> MetricArea::addFamily(const MetricDefinition &definition, const QString &plugin)
{
    const std::size_t bytes = familyBytes(definition);
    std::shared_ptr<MetricFamilyCore> family;
    {
        const std::lock_guard lock(m_mutex);
        if (bytes + otherBytes(definition) > room() || m_families == MetricLimits::Families)
            return nullptr;
        m_reserved += otherBytes(definition);
        Record record(placeOf(m_used));
        record.put(MetricFamilyRecord{quint32(bytes), MetricRecord::Family, quint8(definition.kind),
                                      quint8(definition.merge), m_families, quint16(definition.labels.size()),
                                      quint16(definition.bounds.size())});
        for (const double bound : definition.bounds)
            record.put(bound);
        record.putText(definition.name);
        record.putText(definition.help);
        for (const QByteArray &label : definition.labels)
            record.putText(label);
        publish(bytes);
        family = std::make_shared<MetricFamilyCore>(shared_from_this(), definition, plugin, m_families++);
    }
    if (definition.labels.isEmpty())
        family->seriesOf({});
    return family;
}

MetricCell *MetricArea::addSeries(quint32 family, const MetricDefinition &definition, std::string_view key,
                                  bool isReserved)
{
    const std::size_t bytes = seriesBytes(definition, key.size());
    const std::lock_guard lock(m_mutex);
    if (isReserved)
        m_reserved -= bytes;
    else if (bytes > room())
        return nullptr;
    Record record(placeOf(m_used));
    record.put(MetricSeriesRecord{quint32(bytes), MetricRecord::Series, 0, family, quint32(definition.cells())});
    // What was never set has no say about the highest and the lowest.
    const bool isUnset = definition.kind == MetricKind::Gauge && definition.merge != GaugeMerge::Sum;
    MetricCell *first = nullptr;
    for (std::size_t i = 0; i < definition.cells(); ++i) {
        MetricCell *cell =
            record.putCell(isUnset ? std::bit_cast<quint64>(std::numeric_limits<double>::quiet_NaN()) : 0);
        first = first == nullptr ? cell : first;
    }
    for (std::size_t at = 0; at < key.size();) {
        const auto size = static_cast<quint8>(key[at]);
        record.putText(QByteArrayView(key.data() + at + 1, size));
        at += 1 + size;
    }
    publish(bytes);
    return first;
}

MetricFamilyCore::MetricFamilyCore(std::shared_ptr<MetricArea> area, MetricDefinition definition, QString pluginName,
                                   quint32 number)
    : m_area(std::move(area))
    , m_definition(std::move(definition))
    , m_plugin(std::move(pluginName))
    , m_number(number)
{
}

MetricFamilyCore::~MetricFamilyCore() = default;

std::size_t MetricFamilyCore::Hash::operator()(std::string_view key) const
{
    // Values come from clients at times: who does not know the seed cannot make them collide.
    return qHashBits(key.data(), key.size(), QHashSeed::globalSeed());
}

MetricFamilyCore::Key MetricFamilyCore::keyOf(std::span<const QByteArrayView> values) const
{
    Key key;
    const auto append = [&key](QByteArrayView value) {
        key.append(char(value.size()));
        key.append(value.data(), value.size());
    };
    for (std::size_t i = 0; i < std::size_t(m_definition.labels.size()); ++i) {
        const QByteArrayView value = i < values.size() ? values[i].first(keptOf(values[i])) : QByteArrayView();
        if (value.isValidUtf8()) {
            append(value);
        } else {
            const QByteArray repaired = QString::fromUtf8(value).toUtf8();
            append(QByteArrayView(repaired).first(keptOf(repaired)));
        }
    }
    return key;
}

MetricFamilyCore::Key MetricFamilyCore::otherKey() const
{
    const std::vector<QByteArrayView> values(std::size_t(m_definition.labels.size()), OtherMetrics);
    return keyOf(values);
}

MetricCell *MetricFamilyCore::findSeries(std::span<const QByteArrayView> values)
{
    const Key key = keyOf(values);
    const std::shared_lock lock(m_mutex);
    const auto found = m_series.find(std::string_view(key.data(), std::size_t(key.size())));
    return found == m_series.end() ? nullptr : found->second;
}

MetricCell *MetricFamilyCore::seriesOf(std::span<const QByteArrayView> values)
{
    if (values.size() != std::size_t(m_definition.labels.size()) && !m_toldValues.exchange(true)) {
        qCWarning(logSdk).noquote() << title() << "was given" << values.size() << "values for"
                                    << m_definition.labels.size()
                                    << "labels: call with() with one for each, or what is missing is empty";
    }
    const Key key = keyOf(values);
    const std::string_view text(key.data(), std::size_t(key.size()));
    {
        const std::shared_lock lock(m_mutex);
        if (const auto found = m_series.find(text); found != m_series.end())
            return found->second;
        if (m_isFull)
            return m_other;
    }
    const std::lock_guard lock(m_mutex);
    const auto found = m_series.find(text);
    return found == m_series.end() ? makeSeries(text) : found->second;
}

MetricCell *MetricFamilyCore::makeSeries(std::string_view key)
{
    const Key otherText = otherKey();
    const std::string_view other(otherText.data(), std::size_t(otherText.size()));
    if (!m_isFull && key != other) {
        const std::size_t own = m_series.size() - (m_other == nullptr ? 0 : 1);
        MetricCell *made = own < MetricLimits::Series ? m_area->addSeries(m_number, m_definition, key, false) : nullptr;
        if (made != nullptr) {
            m_series.emplace(key, made);
            return made;
        }
        m_isFull = true;
        qCWarning(logSdk).noquote() << title() << "has" << own
                                    << "series in this process, and no room for more: others are counted as \"other\"; "
                                       "use labels of which there are few values";
    }
    if (m_other == nullptr) {
        m_other = m_area->addSeries(m_number, m_definition, other, true);
        m_series.emplace(other, m_other);
    }
    return m_other;
}

QString MetricFamilyCore::title() const
{
    const QString title = QString::fromStdString(metricTitle(m_definition));
    return m_plugin.isEmpty() ? title : QStringLiteral("%1 of plugin %2").arg(title, m_plugin);
}

void MetricFamilyCore::tellDropped(const char *what)
{
    if (logSdk().isDebugEnabled() && !m_toldDropped.exchange(true))
        qCDebug(logSdk).noquote() << title() << "was given" << what << "which is not counted";
}

} // namespace Quern
