#pragma once

#include <QtGlobal>

#include <atomic>
#include <memory>
#include <utility>

namespace Quern::dispatch {

/// Memory for answers that wait in the master for their clients, of the whole server. Any thread.
class OutputBudget
{
public:
    explicit OutputBudget(qint64 bytes) : m_left(bytes) {}

    /// False if not all of \a bytes are left; then nothing is taken.
    bool take(qint64 bytes)
    {
        if (m_left.fetch_sub(bytes, std::memory_order_relaxed) >= bytes)
            return true;
        give(bytes);
        return false;
    }
    void give(qint64 bytes) { m_left.fetch_add(bytes, std::memory_order_relaxed); }
    qint64 left() const { return m_left.load(std::memory_order_relaxed); }

private:
    std::atomic<qint64> m_left;
};

/// A part of a budget, given back with the end of this object. Moves; has no thread of its own.
class OutputReservation
{
public:
    OutputReservation() = default;
    OutputReservation(OutputReservation &&other) noexcept { swap(other); }
    OutputReservation &operator=(OutputReservation &&other) noexcept
    {
        OutputReservation old(std::move(*this));
        swap(other);
        return *this;
    }
    ~OutputReservation()
    {
        if (m_budget)
            m_budget->give(m_bytes);
    }

    /// Adds \a bytes of \a budget, the same in all calls; false if they are not left.
    bool extend(OutputBudget *budget, qint64 bytes)
    {
        if (!budget->take(bytes))
            return false;
        m_budget = budget;
        m_bytes += bytes;
        return true;
    }
    qint64 bytes() const { return m_bytes; }

private:
    void swap(OutputReservation &other) noexcept
    {
        std::swap(m_budget, other.m_budget);
        std::swap(m_bytes, other.m_bytes);
    }

    OutputBudget *m_budget = nullptr;
    qint64 m_bytes = 0;
};

} // namespace Quern::dispatch
