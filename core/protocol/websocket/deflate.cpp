#include "protocol/websocket/deflate.h"

#include <limits>
#include <new>

#include <zlib.h>

namespace Quern::protocol::websocket {

namespace {

/// What a sync flush ends with, which is not sent (RFC 7692 §7.2.1).
constexpr char tail[] = {0, 0, '\xff', '\xff'};

/// Bytes that are inflated at once, on the stack: small messages then get an allocation of just their size.
constexpr qsizetype chunkBytes = 8 * 1024;

/// Final blocks in one message. A sender makes one for each flush at most; each costs the copy of a window, so that a
/// message of nothing else would cost seconds.
constexpr quint8 maxFinalBlocks = 64;

/// 2^(memLevel + 8) bytes of hashes are cleared with each reset, which is most of the cost of a small message with
/// zlib's usual 8.
constexpr int memLevel = 6;

/// zlib counts in 32 bits.
uInt countOf(qsizetype size)
{
    return static_cast<uInt>(qMin<qsizetype>(size, std::numeric_limits<uInt>::max() / 2));
}

Bytef *zlibBytes(const char *bytes)
{
    return reinterpret_cast<Bytef *>(const_cast<char *>(bytes));
}

} // namespace

Inflater::Inflater(ContextTakeover takeover, int windowBits)
    : m_stream(std::make_unique<z_stream>())
    , m_takeover(takeover)
{
    if (::inflateInit2(m_stream.get(), -windowBits) != Z_OK)
        throw std::bad_alloc();
}

Inflater::~Inflater()
{
    ::inflateEnd(m_stream.get());
}

Inflater::Outcome Inflater::inflate(QByteArrayView compressed, qsizetype maxBytes, QByteArray &message)
{
    if (compressed.isEmpty())
        return Outcome::Done; // RFC 7692 §7.2.3.6 has a byte for an empty message, which some leave out
    if (m_takeover == ContextTakeover::No)
        ::inflateReset(m_stream.get());
    m_finalBlocks = 0;
    m_atEnd = false;
    const qsizetype before = message.size();
    Outcome outcome = run(compressed, before + maxBytes, message);
    if (outcome != Outcome::Done)
        return outcome;
    // RFC 7692 §7.2.3.4 wants an empty block after a final one; who leaves it out has said everything all the same.
    if (m_atEnd && m_takeover == ContextTakeover::Yes)
        return continueAfterFinalBlock() ? Outcome::Done : Outcome::Malformed;
    if (m_atEnd)
        return Outcome::Done;
    outcome = run({tail, sizeof tail}, before + maxBytes, message);
    // zlib tells in data_type that it stands behind a block, and how many bits of the last byte are unused.
    const bool endsWithBlock = (m_stream->data_type & 128) != 0 && (m_stream->data_type & 63) == 0;
    return outcome == Outcome::Done && !endsWithBlock ? Outcome::Malformed : outcome;
}

Inflater::Outcome Inflater::run(QByteArrayView bytes, qsizetype maxBytes, QByteArray &message)
{
    std::array<char, chunkBytes> chunk;
    for (bool hasMore = false; hasMore || !bytes.isEmpty();) {
        if (m_atEnd && !continueAfterFinalBlock())
            return Outcome::Malformed;
        // One byte over the bound shows that it is one.
        const qsizetype room = qMin(chunkBytes, maxBytes - message.size() + 1);
        const uInt given = countOf(bytes.size());
        m_stream->next_in = zlibBytes(bytes.data());
        m_stream->avail_in = given;
        m_stream->next_out = zlibBytes(chunk.data());
        m_stream->avail_out = static_cast<uInt>(room);
        const int result = ::inflate(m_stream.get(), Z_SYNC_FLUSH);
        if (result == Z_MEM_ERROR)
            throw std::bad_alloc();
        if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
            return Outcome::Malformed;
        const qsizetype made = room - qsizetype(m_stream->avail_out);
        if (made > maxBytes - message.size())
            return Outcome::TooLarge;
        message.append(chunk.data(), made);
        bytes = bytes.sliced(qsizetype(given - m_stream->avail_in));
        m_atEnd = result == Z_STREAM_END;
        hasMore = !m_atEnd && m_stream->avail_out == 0;
    }
    return Outcome::Done;
}

/// Makes the stream ready for the blocks after one with BFINAL set (RFC 7692 §7.2.3.4), which may look back over it.
bool Inflater::continueAfterFinalBlock()
{
    if (++m_finalBlocks > maxFinalBlocks)
        return false;
    std::array<Bytef, 32 * 1024> window;
    uInt size = 0;
    ::inflateGetDictionary(m_stream.get(), window.data(), &size);
    ::inflateReset(m_stream.get());
    ::inflateSetDictionary(m_stream.get(), window.data(), size);
    m_atEnd = false;
    return true;
}

Deflater::Deflater(ContextTakeover takeover, int windowBits, int level)
    : m_stream(std::make_unique<z_stream>())
    , m_takeover(takeover)
{
    Q_ASSERT(windowBits >= minWindowBits && windowBits <= 15);
    if (::deflateInit2(m_stream.get(), level, Z_DEFLATED, -windowBits, memLevel, Z_DEFAULT_STRATEGY) != Z_OK)
        throw std::bad_alloc();
}

Deflater::~Deflater()
{
    ::deflateEnd(m_stream.get());
}

QByteArray Deflater::compress(QByteArrayView message)
{
    if (message.isEmpty())
        return QByteArray(1, '\0'); // RFC 7692 §7.2.3.6; to zlib a second flush in a row is an error
    if (m_takeover == ContextTakeover::No)
        ::deflateReset(m_stream.get());
    QByteArray out;
    out.reserve(qsizetype(::deflateBound(m_stream.get(), static_cast<uLong>(message.size()))) + qsizetype(sizeof tail));
    do {
        const uInt given = countOf(message.size());
        m_stream->next_in = zlibBytes(message.data());
        m_stream->avail_in = given;
        const qsizetype filled = out.size();
        out.resize(qMax(out.capacity(), filled + chunkBytes));
        const uInt room = countOf(out.size() - filled);
        m_stream->next_out = zlibBytes(out.data() + filled);
        m_stream->avail_out = room;
        ::deflate(m_stream.get(), given == message.size() ? Z_SYNC_FLUSH : Z_NO_FLUSH); // cannot fail
        out.resize(filled + qsizetype(room - m_stream->avail_out));
        message = message.sliced(qsizetype(given - m_stream->avail_in));
    } while (!message.isEmpty() || m_stream->avail_out == 0);
    out.chop(sizeof tail);
    if (out.capacity() > chunkBytes && out.size() < out.capacity() / 2)
        out.squeeze(); // it may wait long for a slow client
    return out;
}

Inflater &SharedDeflate::inflater()
{
    if (!m_inflater)
        m_inflater = std::make_unique<Inflater>();
    return *m_inflater;
}

Deflater &SharedDeflate::deflater(int windowBits)
{
    std::unique_ptr<Deflater> &deflater = m_deflaters.at(static_cast<size_t>(windowBits));
    if (!deflater)
        deflater = std::make_unique<Deflater>(ContextTakeover::No, windowBits);
    return *deflater;
}

} // namespace Quern::protocol::websocket
