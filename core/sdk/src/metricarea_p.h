#pragma once

#include "metriclayout_p.h"

#include <QVarLengthArray>

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

namespace Quern {

class MetricArea;

/// One metric of this process and its series. Any thread; kept by the handles of plugins.
class QUERN_EXPORT MetricFamilyCore
{
public:
    MetricFamilyCore(std::shared_ptr<MetricArea> area, MetricDefinition definition, QString pluginName, quint32 number);
    ~MetricFamilyCore();
    Q_DISABLE_COPY_MOVE(MetricFamilyCore)

    const MetricDefinition &definition() const { return m_definition; }
    const QString &plugin() const { return m_plugin; }

    /// The cells of the series with these values, which is made if there is none; see Counter::with(). Never null.
    MetricCell *seriesOf(std::span<const QByteArrayView> values);
    /// The same of one that is there; null if there is none.
    MetricCell *findSeries(std::span<const QByteArrayView> values);
    /// Something was not counted: \a what goes to the log for debugging, once.
    void tellDropped(const char *what);

private:
    friend class MetricArea;

    /// The values as they are kept, each behind its length, one byte.
    using Key = QVarLengthArray<char, 512>;
    struct Hash
    {
        using is_transparent = void;
        std::size_t operator()(std::string_view key) const;
    };

    Key keyOf(std::span<const QByteArrayView> values) const;
    Key otherKey() const;
    /// With the lock.
    MetricCell *makeSeries(std::string_view key);
    QString title() const;

    const std::shared_ptr<MetricArea> m_area;
    const MetricDefinition m_definition;
    const QString m_plugin;
    const quint32 m_number;
    std::shared_mutex m_mutex;
    std::unordered_map<std::string, MetricCell *, Hash, std::equal_to<>> m_series;
    MetricCell *m_other = nullptr;
    bool m_isFull = false; ///< there is m_other, and nothing more is made
    std::atomic<bool> m_toldDropped = false;
    std::atomic<bool> m_toldValues = false;
};

/// Writes the metrics of this process to memory that its master reads, see metriclayout_p.h, or to memory of its own.
/// Any thread. Nothing is ever taken back.
class QUERN_EXPORT MetricArea final : public std::enable_shared_from_this<MetricArea>
{
public:
    static constexpr std::size_t DefaultBytes = 256 * 1024;

    /// \a memory is zero-filled, aligned to 8 bytes, and has \a bytes; what is not needed is not touched.
    MetricArea(std::shared_ptr<void> memory, std::size_t bytes);
    /// One that nobody else reads.
    static std::shared_ptr<MetricArea> makePrivate(std::size_t bytes = DefaultBytes);
    Q_DISABLE_COPY_MOVE(MetricArea)

    /// Null if there is no room for it and one series more; \a definition has no flaw.
    std::shared_ptr<MetricFamilyCore> addFamily(const MetricDefinition &definition, const QString &plugin);

    std::span<const std::byte> bytes() const { return {static_cast<const std::byte *>(m_memory.get()), m_bytes}; }

private:
    friend class MetricFamilyCore;

    class Record;

    /// \a key as in MetricFamilyCore; \a isReserved: that whose room was set aside with its family. Null if there is no
    /// room.
    MetricCell *addSeries(quint32 family, const MetricDefinition &definition, std::string_view key, bool isReserved);
    std::byte *placeOf(std::size_t offset) const { return static_cast<std::byte *>(m_memory.get()) + offset; }
    std::size_t room() const { return m_bytes - m_used - m_reserved; }
    /// What was written behind the end becomes part of it.
    void publish(std::size_t bytes);

    const std::shared_ptr<void> m_memory;
    const std::size_t m_bytes;
    std::mutex m_mutex;
    std::size_t m_used = sizeof(MetricAreaHeader); ///< not read from the memory again, which authors may overwrite
    std::size_t m_reserved = 0;
    quint32 m_families = 0;
};

} // namespace Quern
