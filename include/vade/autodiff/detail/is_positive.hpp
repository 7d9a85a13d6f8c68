// vade: a comparison in packets.
// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>

namespace vade::detail {

/// 1 where y > 0, else 0, as an Eigen functor: a comparison of Eigen arrays gives booleans one by one.
template <class T>
struct IsPositive {
  T operator()(const T& y) const { return y > T{0} ? T{1} : T{0}; }

  template <class Packet>
  Packet packetOp(const Packet& y) const {
    using namespace Eigen::internal;
    return pand(pcmp_lt(pzero(y), y), pset1<Packet>(T{1}));
  }
};

}  // namespace vade::detail

template <class T>
struct Eigen::internal::functor_traits<vade::detail::IsPositive<T>> {
  enum { Cost = NumTraits<T>::AddCost, PacketAccess = packet_traits<T>::HasCmp };
};
