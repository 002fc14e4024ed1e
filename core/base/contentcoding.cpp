#include "base/contentcoding.h"

namespace Quern::base {

namespace {

/// Weights are counted in thousandths, as fine as they are written.
constexpr int fullWeight = 1000;
constexpr int malformed = -1;
constexpr int absent = -1;

bool equals(QByteArrayView left, QByteArrayView right)
{
    return left.compare(right, Qt::CaseInsensitive) == 0;
}

/// Takes the text before the next \a separator off the front of \a rest.
QByteArrayView takeUntil(char separator, QByteArrayView &rest)
{
    const qsizetype end = rest.indexOf(separator);
    const QByteArrayView taken = end < 0 ? rest : rest.first(end);
    rest = end < 0 ? QByteArrayView() : rest.sliced(end + 1);
    return taken.trimmed();
}

/// RFC 9110 §12.4.2: 0 or 1 with at most three decimals, 1 being the most.
int weightOf(QByteArrayView text)
{
    if (text.isEmpty() || text.size() > 5 || (text[0] != '0' && text[0] != '1') || (text.size() > 1 && text[1] != '.'))
        return malformed;
    int weight = text[0] == '1' ? fullWeight : 0;
    int place = fullWeight / 10;
    for (const char digit : text.sliced(qMin(text.size(), qsizetype(2)))) {
        if (digit < '0' || digit > '9')
            return malformed;
        weight += (digit - '0') * place;
        place /= 10;
    }
    return weight <= fullWeight ? weight : malformed;
}

/// The weight among \a parameters, what follows the coding's name.
int weightIn(QByteArrayView parameters)
{
    if (parameters.isEmpty())
        return fullWeight;
    const QByteArrayView name = takeUntil('=', parameters);
    return equals(name, "q") ? weightOf(parameters.trimmed()) : malformed;
}

/// What a client says of each coding.
struct Weights
{
    int gzip = absent;
    int brotli = absent;
    int identity = absent;
};

Weights weightsOf(QByteArrayView acceptEncoding)
{
    Weights weights;
    int ofOthers = absent;
    while (!acceptEncoding.isEmpty()) {
        QByteArrayView member = takeUntil(',', acceptEncoding);
        const QByteArrayView name = takeUntil(';', member);
        const int weight = weightIn(member);
        if (weight == malformed)
            continue;
        if (equals(name, "gzip") || equals(name, "x-gzip")) // the same, RFC 9110 §8.4.1.3
            weights.gzip = weight;
        else if (equals(name, "br"))
            weights.brotli = weight;
        else if (equals(name, "identity"))
            weights.identity = weight;
        else if (name == "*")
            ofOthers = weight;
    }
    // The wildcard speaks for what is not named.
    if (weights.gzip == absent)
        weights.gzip = ofOthers;
    if (weights.brotli == absent)
        weights.brotli = ofOthers;
    return weights;
}

} // namespace

QByteArrayView nameOf(ContentCoding coding)
{
    switch (coding) {
    case ContentCoding::Gzip:
        return "gzip";
    case ContentCoding::Brotli:
        return "br";
    case ContentCoding::Identity:
        break;
    }
    return {};
}

bool isAccepted(QByteArrayView acceptEncoding, ContentCoding coding)
{
    const Weights weights = weightsOf(acceptEncoding);
    switch (coding) {
    case ContentCoding::Gzip:
        return weights.gzip > 0;
    case ContentCoding::Brotli:
        return weights.brotli > 0;
    case ContentCoding::Identity:
        break;
    }
    return weights.identity != 0;
}

ContentCoding bestCoding(QByteArrayView acceptEncoding, bool brotli)
{
    const Weights weights = weightsOf(acceptEncoding);
    const int identityWeight = qMax(weights.identity, 0); // the least of what is welcome
    if (brotli && weights.brotli > 0 && weights.brotli >= weights.gzip && weights.brotli >= identityWeight)
        return ContentCoding::Brotli;
    if (weights.gzip > 0 && weights.gzip >= identityWeight)
        return ContentCoding::Gzip;
    return ContentCoding::Identity;
}

} // namespace Quern::base
