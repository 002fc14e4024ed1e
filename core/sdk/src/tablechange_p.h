#pragma once

#include "tablecore_p.h"

#include <QVarLengthArray>

namespace Quern {

/// One change of one row: look() and then put(), remove() or nothing, again and again until it has succeeded. Lives on
/// the stack of who changes; what is prepared and not needed it gives back.
class QUERN_EXPORT TableChange
{
public:
    enum class End {
        Done,
        Again,     ///< somebody else was quicker: look() again
        Full,      ///< the table holds as many rows as it can, and not this one
        Crowded,   ///< the last places are held by who is in the middle of an insert
        Exhausted, ///< no record is left to prepare it in
    };

    TableChange(TableCore &core, const KeyWords &key);
    ~TableChange();
    Q_DISABLE_COPY_MOVE(TableChange)

    /// Reads the row as it is now into what follows. False if that did not succeed: again.
    bool look();
    bool exists() const { return m_exists; }
    bool hasExpired() const { return m_found && !m_exists; } ///< it is there, but its time is over
    quint64 *values() { return m_values.data(); } ///< of the columns, as in shared memory; 0 and "" if it is not there
    const QVarLengthArray<quint64, 32> &words() const { return m_values; }
    quint64 expires = 0; ///< as in shared memory
    /// Whether what look() has read is true still.
    bool isUnchanged() const;

    /// Makes the row what values() and \a expires say.
    End put();
    /// Removes it. Only if it exists, or has expired.
    End remove();

private:
    struct Passed
    {
        quint32 record;
        quint32 version; ///< of its header
        quint32 permit;
    };

    bool claimRecords(qsizetype count);
    /// Writes a copy of each record before the row into the claimed ones. Returns what the bucket is to refer to, if
    /// behind them comes \a rest; each a record + 1.
    quint32 copyPath(quint32 rest);
    void writeRow(quint32 record, quint32 next, quint32 permit);
    /// Writes the values, each word of which \a wordAt gives, as far as they are used: the memory of others is not
    /// touched.
    template <typename WordAt>
    void writeValues(SharedWord *record, WordAt wordAt);
    /// The moment when it becomes true.
    bool exchange(quint32 head);
    void publishRecords(qsizetype count);
    void releasePassed();

    TableCore &m_core;
    const KeyWords &m_key;
    const quint32 m_bucket;
    const quint64 m_meta;
    quint64 m_word = 0;
    bool m_found = false; ///< the row is in the chain, be it expired
    bool m_exists = false;
    quint32 m_tail = 0;                ///< what comes behind the row
    PoolClaim m_rowPermit;             ///< of the row that was found
    QVarLengthArray<Passed, 8> m_path; ///< from the head of the chain to the row; all of it if it is not there
    QVarLengthArray<quint64, 32> m_values;
    QVarLengthArray<PoolClaim, 8> m_claims;
    std::optional<PoolClaim> m_permit;
};

/// What is to become of a row.
enum class RowStep { Leave, Put, Remove };

/// Changes the row of \a key: \a decide(TableChange &) says what is to become of it, after it has set values() and
/// \a expires, and may be called more than once. What it has found out holds at the moment of the change, or of
/// RowStep::Leave. Error::Busy if the table is full.
template <typename Decide>
Result<void> changeRow(TableCore &core, const KeyWords &key, Decide decide);

/// For changeRow(): what to do about ends that are not Done. Lives as long as one change.
class QUERN_EXPORT TablePatience
{
public:
    explicit TablePatience(TableCore &core) : m_core(core) {}

    /// An error, or nothing: again.
    Result<void> consider(TableChange::End end);

private:
    TableCore &m_core;
    bool m_hasPurged = false;
    int m_attempts = 0;
};

template <typename Decide>
Result<void> changeRow(TableCore &core, const KeyWords &key, Decide decide)
{
    TableChange change(core, key);
    TablePatience patience(core);
    for (;;) {
        if (!change.look())
            continue;
        TableChange::End end = TableChange::End::Again;
        switch (decide(change)) {
        case RowStep::Leave:
            end = change.isUnchanged() ? TableChange::End::Done : TableChange::End::Again;
            break;
        case RowStep::Put:
            end = change.put();
            break;
        case RowStep::Remove:
            end = change.remove();
            break;
        }
        if (end == TableChange::End::Done)
            return {};
        if (const Result<void> considered = patience.consider(end); !considered)
            return considered;
    }
}

} // namespace Quern
