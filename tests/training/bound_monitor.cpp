#include <vade/training/bound_monitor.hpp>

#include <doctest/doctest.h>

#include <vade/models/fit_vade.hpp>
#include <vade/models/fit_vae.hpp>

#include "../support/toy_data.hpp"

namespace bound_monitor_tests {

using vade::BoundMonitor;
using vade::EpochRecord;

TEST_CASE("The share of clamped log-variances is over all batches since the last epoch") {
  BoundMonitor monitor;
  monitor.observe(0, 100);
  monitor.observe(1, 60);
  EpochRecord first, second, third;
  monitor.finish(first);
  CHECK(first.term("log_variances_at_bound") == 1.0 / 160);
  CHECK(first.alarms.empty());
  monitor.observe(3, 160);
  monitor.finish(second);
  CHECK(second.term("log_variances_at_bound") == 3.0 / 160);
  REQUIRE(second.alarms.size() == 1);
  CHECK(second.alarms[0] == "of the log-variances of q(z|x) a share of 0.01875 is at its bound, where it is not trained: scale the columns, "
                            "give the likelihood a larger variance, or lower the learning rate");
  monitor.finish(third);
  CHECK(third.terms.empty());
}

TEST_CASE("A VAE and a VaDE whose encoders are beyond the bound say so in each record, and others do not") {
  const vade::Dataset data = toy::bars(60).images;
  const vade::NetworkOptions network{.inputs = data.columns(), .hidden = {8}, .latent = 2, .seed = 1};
  const auto share_of = [&](const vade::FitReport& report) { return report.history.back().term("log_variances_at_bound"); };
  vade::Tape<float> tape;
  const vade::FitOptions one{.epochs = 1, .batch = 20};
  for (const bool beyond : {false, true}) {
    vade::Network<float> net(network);
    if (beyond) net.encoder.head().bias().value().col(2).setConstant(-40);  // one of two codes
    vade::VaeObjective<float> vae(net, vade::Schedule::constant(1));
    CHECK(share_of(vade::train(vae, tape, data, one, {"vae", 1}, 1)) == (beyond ? 0.5 : 0));

    vade::MixtureParameters<float> mixture(3, 2);
    vade::VadeObjective<float> vade_objective(net, mixture, {}, data);
    CHECK(share_of(vade::train(vade_objective, tape, data, one, {"vade", 2}, 1)) == (beyond ? 0.5 : 0));
  }
}

}  // namespace bound_monitor_tests
