#:project ../src/Export/OnnxFunctional.Export.csproj
#:package Microsoft.ML.OnnxRuntime
using OnnxFunctional;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

var inputs = Model.Input([10]);
var model = new Model(inputs, inputs.Apply(new Dense(16, Activation.Tanh), new Dense(4, Activation.Softmax)));

// How much each input moves the largest score: runs in the engine, and in any ONNX Runtime from the file.
var saliency = new Model(model.Inputs, [model.Output, Gradient.Of(Ops.Max(model.Output, axis: -1), model.Input)]);
Console.WriteLine(saliency.ExportOnnx("saliency.onnx"));
