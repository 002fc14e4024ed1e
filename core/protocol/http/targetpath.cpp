#include "protocol/http/targetpath.h"

#include "protocol/http/bytes.h"

namespace Quern::protocol::http {

const char *flawOfPath(QByteArrayView path)
{
    // Most paths have neither a dot nor an escape, and are done with here.
    if (firstNotIn(PlainPathByte, path) == path.size())
        return nullptr;
    int dots = 0; // of the segment in progress
    bool hasOnlyDots = true;
    const auto isDotSegment = [&] { return hasOnlyDots && (dots == 1 || dots == 2); };
    for (qsizetype at = 0; at < path.size(); ++at) {
        char byte = path[at];
        if (byte == '%') {
            const int decoded = decodedEscape(path.sliced(at));
            if (decoded < 0)
                return "malformed percent-escape in path";
            if (decoded == 0)
                return "encoded NUL in path";
            byte = static_cast<char>(decoded);
            at += 2;
        }
        // An encoded slash separates no segments here, but it may for whoever decodes the path again, or makes the name
        // of a file of it.
        if (byte == '/') {
            if (isDotSegment())
                return "dot segment in path";
            dots = 0;
            hasOnlyDots = true;
            continue;
        }
        dots += byte == '.' ? 1 : 0;
        hasOnlyDots &= byte == '.';
    }
    return isDotSegment() ? "dot segment in path" : nullptr;
}

} // namespace Quern::protocol::http
