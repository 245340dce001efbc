#:project ../../src/Export/OnnxFunctional.Export.csproj
#:package Microsoft.ML.OnnxRuntime
using OnnxFunctional;
using OnnxFunctional.Layers;

var encoderInput = Model.Input([28, 28, 1], name: "img");
var x = new Conv2D(16, 3, activation: Activation.Relu).Call(encoderInput);
x = new Conv2D(32, 3, activation: Activation.Relu).Call(x);
x = new MaxPooling2D(3).Call(x);
x = new Conv2D(32, 3, activation: Activation.Relu).Call(x);
x = new Conv2D(16, 3, activation: Activation.Relu).Call(x);
var encoderOutput = new GlobalMaxPooling2D().Call(x);

var encoder = new Model(encoderInput, encoderOutput, name: "encoder");
encoder.Summary();

x = new Reshape([4, 4, 1]).Call(encoderOutput);
x = new Conv2DTranspose(16, 3, activation: Activation.Relu).Call(x);
x = new Conv2DTranspose(32, 3, activation: Activation.Relu).Call(x);
x = new UpSampling2D(3).Call(x);
x = new Conv2DTranspose(16, 3, activation: Activation.Relu).Call(x);
var decoderOutput = new Conv2DTranspose(1, 3, activation: Activation.Relu).Call(x);

var autoencoder = new Model(encoderInput, decoderOutput, name: "autoencoder");
autoencoder.Summary();
