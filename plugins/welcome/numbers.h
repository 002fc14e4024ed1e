#pragma once

#include <Quern/request.h>
#include <Quern/response.h>

#include <QByteArrayView>

#include <optional>

/// What a number in the query string may be.
struct NumberRule
{
    QByteArrayView name;
    int usual; ///< if it is not there
    int most;  ///< the least is 0
};

/// The number that "?name=" asks for. Answers 400 and returns nothing if it breaks \a rule.
std::optional<int> numberOf(const Quern::Request &request, Quern::Response &response, const NumberRule &rule);
