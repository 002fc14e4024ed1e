#pragma once

#include "processmark_p.h"

#include <QtGlobal>

#include <atomic>
#include <optional>

namespace Quern {

using SharedWord = std::atomic<quint64>;
static_assert(SharedWord::is_always_lock_free);

/// Who has a record or a permit: version, 32 bits | processMark(), 30 bits | state, 2 bits. The version changes when it
/// is given back, so that nobody who comes late can give it back twice. A zero is a free one.
struct PoolHeader
{
    enum State : quint8 {
        Free = 0,
        Held = 1,      ///< somebody prepares it; the table may refer to it already
        Published = 2, ///< the table refers to it, or has
    };
    static constexpr int StateBits = 32 - ProcessMarkBits;

    static quint64 made(quint32 version, quint32 holder, State state)
    {
        return quint64(version) << 32 | quint64(holder) << StateBits | state;
    }
    static quint32 version(quint64 header) { return quint32(header >> 32); }
    static quint32 holder(quint64 header) { return quint32(header) >> StateBits; }
    static State state(quint64 header) { return State(header & ((1 << StateBits) - 1)); }
};

/// What a claim has got.
struct PoolClaim
{
    quint32 index = 0;
    quint32 version = 0;
};

/// Hands out the records, or the permits, of a table in shared memory. Any thread of any process; nobody waits for
/// anybody, and whoever dies or stops keeps what it has claimed, until the sweep takes it back from the dead.
///
/// The header alone decides who has something. Two levels of bits are hints where to look: a bit is set if something is
/// probably taken, or 64 of them. Bits err only while somebody is between two instructions, or has died there; then
/// the sweep mends them. A third bit tells which 64 have ever been used: the memory of others is not touched.
class QUERN_EXPORT TablePool
{
public:
    /// Where it lies in the shared memory: \a count headers, \a stride words apart, and the bits.
    struct Place
    {
        SharedWord *headers = nullptr;
        quint32 stride = 1;
        quint32 count = 0;
        SharedWord *taken = nullptr;   ///< wordsFor(count) words
        SharedWord *summary = nullptr; ///< wordsFor(wordsFor(count)) words
        SharedWord *used = nullptr;    ///< as many
    };

    static quint32 wordsFor(quint32 bits) { return (bits + 63) / 64; }

    explicit TablePool(const Place &place);
    Q_DISABLE_COPY_MOVE(TablePool)

    quint32 count() const { return m_place.count; }
    SharedWord &header(quint32 index) const { return m_place.headers[std::size_t(index) * m_place.stride]; }

    /// Something free, held by this process from now on; nullopt if there is nothing. What the caller writes into it
    /// comes after everything that was done with it before.
    std::optional<PoolClaim> claim();
    /// The table refers to it now. Does nothing if somebody has given it back already.
    void publish(PoolClaim claim);
    /// Gives it back, unless that has happened: \a claim tells which time.
    void release(PoolClaim claim);

    /// How many are taken, as the hints have it.
    quint64 takenCount() const;

    // For the sweep.

    quint32 wordCount() const { return m_words; }
    /// Whether any of the 64 from \a word * 64 on has ever been handed out.
    bool isUsed(quint32 word) const;
    /// Gives it back, if its header is \a expected still.
    void reclaim(quint32 index, quint64 expected);
    /// The table refers to it, whose header is \a expected.
    void confirm(quint32 index, quint64 expected);
    /// Has the hint for it say what the header says.
    void settle(quint32 index);
    /// The same for the hint of 64.
    void settleSummary(quint32 word);

private:
    std::optional<PoolClaim> claimIn(quint32 word);
    void setUsed(quint32 word);
    void setTaken(quint32 index);
    void clearTaken(quint32 index);
    /// The bits of \a word that stand for something.
    quint64 validBits(quint32 word) const;

    const Place m_place;
    const quint32 m_words;
    std::atomic<quint32> m_cursor; ///< of this process: the word where it looks first
};

} // namespace Quern
