#:project ../../../src/Export/OnnxFunctional.Export.csproj
#:package Microsoft.ML.OnnxRuntime
using OnnxFunctional;
using OnnxFunctional.Layers;

var model = new Sequential();
model.Add(Model.Input([250, 250, 3]));
model.Add(new Conv2D(32, 5, strides: 2, activation: Activation.Relu));
model.Add(new Conv2D(32, 3, activation: Activation.Relu));
model.Add(new MaxPooling2D(3));
model.Summary();

model.Add(new Conv2D(32, 3, activation: Activation.Relu));
model.Add(new Conv2D(32, 3, activation: Activation.Relu));
model.Add(new MaxPooling2D(3));
model.Add(new Conv2D(32, 3, activation: Activation.Relu));
model.Add(new Conv2D(32, 3, activation: Activation.Relu));
model.Add(new MaxPooling2D(2));
model.Summary();

model.Add(new GlobalMaxPooling2D());
model.Add(new Dense(10));
model.Summary();
