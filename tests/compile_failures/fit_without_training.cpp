// wanted: a call of fit needs .*models/fit_vade\.hpp
#include <vade/predict.hpp>

int main(int, char** words) {
  const vade::Matrix<float> rows = vade::Matrix<float>::Zero(3, 8);
  vade::Vade<float> model = vade::Vade<float>::load(words[1]);
#ifdef MISUSE
  model.fit(rows);
#endif
  return static_cast<int>(model.predict(rows).size());
}
