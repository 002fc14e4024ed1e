#include "tablepool_p.h"

#include <bit>

namespace Quern {

namespace {

quint64 bitOf(quint32 index)
{
    return quint64(1) << (index % 64);
}

} // namespace

TablePool::TablePool(const Place &place)
    : m_place(place)
    , m_words(wordsFor(place.count))
    // Processes that begin at different places seldom meet.
    , m_cursor(quint32(quint64(processMark()) * 2654435761U % m_words))
{
}

quint64 TablePool::validBits(quint32 word) const
{
    const quint32 rest = m_place.count % 64;
    return word + 1 == m_words && rest != 0 ? (quint64(1) << rest) - 1 : ~quint64(0);
}

std::optional<PoolClaim> TablePool::claimIn(quint32 word)
{
    quint64 free = ~m_place.taken[word].load(std::memory_order_seq_cst) & validBits(word);
    if (free != 0)
        setUsed(word);
    for (; free != 0; free &= free - 1) {
        const quint32 index = word * 64 + quint32(std::countr_zero(free));
        SharedWord &owner = header(index);
        quint64 found = owner.load(std::memory_order_acquire);
        const quint32 version = PoolHeader::version(found);
        if (PoolHeader::state(found) == PoolHeader::Free &&
            owner.compare_exchange_strong(found, PoolHeader::made(version, processMark(), PoolHeader::Held),
                                          std::memory_order_acq_rel)) {
            setTaken(index);
            // Pairs with the fence of readers: who reads what is written from here on finds the bucket changed.
            std::atomic_thread_fence(std::memory_order_release);
            m_cursor.store(word, std::memory_order_relaxed);
            return PoolClaim{index, version};
        }
        settle(index); // its owner is about to say so, or has died before it could
    }
    return std::nullopt;
}

std::optional<PoolClaim> TablePool::claim()
{
    const quint32 start = m_cursor.load(std::memory_order_relaxed);
    if (const auto claimed = claimIn(start))
        return claimed;
    const quint32 summaryWords = wordsFor(m_words);
    for (quint32 i = 0; i <= summaryWords; ++i) {
        const quint32 summaryWord = (start / 64 + i) % summaryWords;
        quint64 open = ~m_place.summary[summaryWord].load(std::memory_order_seq_cst);
        for (; open != 0; open &= open - 1) {
            const quint32 word = summaryWord * 64 + quint32(std::countr_zero(open));
            if (word >= m_words)
                break;
            if (const auto claimed = claimIn(word))
                return claimed;
        }
    }
    // Somebody may have stopped before it could say that not all of 64 are taken any more.
    for (quint32 word = 0; word < m_words; ++word) {
        if (const auto claimed = claimIn(word))
            return claimed;
    }
    return std::nullopt;
}

void TablePool::publish(PoolClaim claim)
{
    quint64 held = PoolHeader::made(claim.version, processMark(), PoolHeader::Held);
    header(claim.index)
        .compare_exchange_strong(held, PoolHeader::made(claim.version, 0, PoolHeader::Published),
                                 std::memory_order_acq_rel);
}

void TablePool::release(PoolClaim claim)
{
    SharedWord &owner = header(claim.index);
    quint64 found = owner.load(std::memory_order_acquire);
    while (PoolHeader::version(found) == claim.version && PoolHeader::state(found) != PoolHeader::Free) {
        if (owner.compare_exchange_weak(found, PoolHeader::made(claim.version + 1, 0, PoolHeader::Free),
                                        std::memory_order_acq_rel)) {
            settle(claim.index);
            // What is in the cache already is the best to take next.
            m_cursor.store(claim.index / 64, std::memory_order_relaxed);
            return;
        }
    }
}

void TablePool::reclaim(quint32 index, quint64 expected)
{
    const quint64 free = PoolHeader::made(PoolHeader::version(expected) + 1, 0, PoolHeader::Free);
    if (header(index).compare_exchange_strong(expected, free, std::memory_order_acq_rel))
        settle(index);
}

void TablePool::confirm(quint32 index, quint64 expected)
{
    header(index).compare_exchange_strong(
        expected, PoolHeader::made(PoolHeader::version(expected), 0, PoolHeader::Published), std::memory_order_acq_rel);
}

void TablePool::settle(quint32 index)
{
    // Whoever changes a bit looks at the header behind that: so the last one to do so leaves both of one mind.
    const auto isFree = [this, index] {
        return PoolHeader::state(header(index).load(std::memory_order_seq_cst)) == PoolHeader::Free;
    };
    for (bool wasFree = isFree();;) {
        if (wasFree)
            clearTaken(index);
        else
            setTaken(index);
        const bool isFreeNow = isFree();
        if (isFreeNow == wasFree)
            return;
        wasFree = isFreeNow;
    }
}

void TablePool::settleSummary(quint32 word)
{
    if ((m_place.taken[word].load(std::memory_order_seq_cst) & validBits(word)) != validBits(word))
        m_place.summary[word / 64].fetch_and(~bitOf(word), std::memory_order_seq_cst);
}

bool TablePool::isUsed(quint32 word) const
{
    return (m_place.used[word / 64].load(std::memory_order_acquire) & bitOf(word)) != 0;
}

void TablePool::setUsed(quint32 word)
{
    if (!isUsed(word))
        m_place.used[word / 64].fetch_or(bitOf(word), std::memory_order_seq_cst);
}

void TablePool::setTaken(quint32 index)
{
    const quint32 word = index / 64;
    const quint64 before = m_place.taken[word].fetch_or(bitOf(index), std::memory_order_seq_cst);
    if ((before | bitOf(index)) != validBits(word))
        return;
    m_place.summary[word / 64].fetch_or(bitOf(word), std::memory_order_seq_cst);
    settleSummary(word); // somebody may have given one back in between
}

void TablePool::clearTaken(quint32 index)
{
    const quint32 word = index / 64;
    m_place.taken[word].fetch_and(~bitOf(index), std::memory_order_seq_cst);
    SharedWord &summary = m_place.summary[word / 64];
    if ((summary.load(std::memory_order_seq_cst) & bitOf(word)) != 0)
        summary.fetch_and(~bitOf(word), std::memory_order_seq_cst);
}

quint64 TablePool::takenCount() const
{
    quint64 sum = 0;
    for (quint32 word = 0; word < m_words; ++word)
        sum += quint64(std::popcount(m_place.taken[word].load(std::memory_order_relaxed) & validBits(word)));
    return sum;
}

} // namespace Quern
