#include "worker/contentencoder.h"

#include <algorithm>
#include <limits>
#include <new>

#include <zlib.h>

#ifdef QUERN_HAVE_BROTLI
#include <brotli/encode.h>
#endif

namespace Quern::worker {

namespace {

/// The output grows by at least this much at a time, in bytes.
constexpr qsizetype outputStep = 4 * 1024;

/// The usual window, but no more than a body of \a size can use: a short one should not pay for clearing a large
/// window.
int windowBitsFor(qsizetype size, int least, int usual)
{
    int bits = least;
    while (bits < usual && (qsizetype(1) << bits) < size)
        ++bits;
    return bits;
}

class GzipEncoder final : public ContentEncoder
{
public:
    GzipEncoder(int level, int windowBits, int memoryLevel)
    {
        constexpr int withGzipFrame = 16; // zlib.h, deflateInit2
        if (::deflateInit2(&m_stream, level, Z_DEFLATED, windowBits + withGzipFrame, memoryLevel, Z_DEFAULT_STRATEGY) !=
            Z_OK)
            throw std::bad_alloc();
    }
    ~GzipEncoder() override { ::deflateEnd(&m_stream); }
    Q_DISABLE_COPY_MOVE(GzipEncoder)

    QByteArray encode(QByteArrayView bytes, Then then) override
    {
        const int operation = then == Then::Gather ? Z_NO_FLUSH : then == Then::Flush ? Z_SYNC_FLUSH : Z_FINISH;
        QByteArray out;
        // zlib counts input in 32 bits.
        constexpr qsizetype maxInput = std::numeric_limits<uInt>::max() / 2;
        do {
            const QByteArrayView part = bytes.first(qMin(bytes.size(), maxInput));
            bytes = bytes.sliced(part.size());
            run(part, bytes.isEmpty() ? operation : Z_NO_FLUSH, out);
        } while (!bytes.isEmpty());
        return out;
    }

private:
    void run(QByteArrayView bytes, int flush, QByteArray &out)
    {
        m_stream.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(bytes.data()));
        m_stream.avail_in = uInt(bytes.size());
        do {
            const qsizetype filled = out.size();
            const qsizetype room = qMax(outputStep, bytes.size() / 4);
            out.resize(filled + room);
            m_stream.next_out = reinterpret_cast<Bytef *>(out.data() + filled);
            m_stream.avail_out = uInt(room);
            ::deflate(&m_stream, flush); // cannot fail: the state is sound, and "no progress" is no harm
            out.resize(filled + room - qsizetype(m_stream.avail_out));
        } while (m_stream.avail_out == 0);
    }

    z_stream m_stream = {};
};

#ifdef QUERN_HAVE_BROTLI

class BrotliEncoder final : public ContentEncoder
{
public:
    BrotliEncoder(int quality, int windowBits, qsizetype size)
        : m_state(::BrotliEncoderCreateInstance(nullptr, nullptr, nullptr))
    {
        if (!m_state)
            throw std::bad_alloc();
        ::BrotliEncoderSetParameter(m_state, BROTLI_PARAM_QUALITY, quint32(quality));
        ::BrotliEncoderSetParameter(m_state, BROTLI_PARAM_LGWIN, quint32(windowBits));
        const qsizetype known = qMin(size, qsizetype(std::numeric_limits<quint32>::max()));
        ::BrotliEncoderSetParameter(m_state, BROTLI_PARAM_SIZE_HINT, quint32(known));
    }
    ~BrotliEncoder() override { ::BrotliEncoderDestroyInstance(m_state); }
    Q_DISABLE_COPY_MOVE(BrotliEncoder)

    QByteArray encode(QByteArrayView bytes, Then then) override
    {
        const BrotliEncoderOperation operation = then == Then::Gather  ? BROTLI_OPERATION_PROCESS
                                                 : then == Then::Flush ? BROTLI_OPERATION_FLUSH
                                                                       : BROTLI_OPERATION_FINISH;
        QByteArray out;
        std::size_t left = std::size_t(bytes.size());
        const auto *next = reinterpret_cast<const uint8_t *>(bytes.data());
        std::size_t noRoom = 0; // the encoder keeps its output, which is taken below without a copy in between
        std::size_t size = 0;
        do {
            if (!::BrotliEncoderCompressStream(m_state, operation, &left, &next, &noRoom, nullptr, nullptr))
                throw std::bad_alloc();
            const uint8_t *output = ::BrotliEncoderTakeOutput(m_state, &size);
            out.append(reinterpret_cast<const char *>(output), qsizetype(size));
        } while (left > 0 || size > 0); // what is left to flush may have waited for room
        return out;
    }

private:
    BrotliEncoderState *m_state;
};

#endif

} // namespace

#ifdef QUERN_HAVE_BROTLI
const bool hasBrotli = true;
#else
const bool hasBrotli = false;
#endif

std::unique_ptr<ContentEncoder> ContentEncoder::forWhole(base::ContentCoding coding, int level, qsizetype size)
{
#ifdef QUERN_HAVE_BROTLI
    if (coding == base::ContentCoding::Brotli)
        return std::make_unique<BrotliEncoder>(level, windowBitsFor(size, 10, 22), size);
#endif
    Q_ASSERT(coding == base::ContentCoding::Gzip);
    return std::make_unique<GzipEncoder>(level, windowBitsFor(size, 9, 15), 8);
}

std::unique_ptr<ContentEncoder> ContentEncoder::forStream(base::ContentCoding coding, int level)
{
    constexpr int windowBits = 14;
#ifdef QUERN_HAVE_BROTLI
    // Lower ones compress each piece for itself, higher ones keep hash tables of megabytes.
    if (coding == base::ContentCoding::Brotli)
        return std::make_unique<BrotliEncoder>(std::clamp(level, 2, 3), windowBits, 0);
#endif
    Q_ASSERT(coding == base::ContentCoding::Gzip);
    return std::make_unique<GzipEncoder>(level, windowBits, 6);
}

} // namespace Quern::worker
