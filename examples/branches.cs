#:project ../src/Export/OnnxFunctional.Export.csproj
#:package Microsoft.ML.OnnxRuntime
using OnnxFunctional;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;

var image = Model.Input([28, 28, 1]);
SymbolicTensor Branch(int kernel) => image.Apply(new Conv2D(32, kernel, activation: Activation.Relu), new MaxPooling2D(2), new Flatten());
var merged = new Concatenate().Call(Branch(3), Branch(5));
var branches = new Model(image, new Dense(10, Activation.Softmax).Call(merged));
branches.Summary();
Console.WriteLine(branches.ExportOnnx("branches.onnx"));

var photo = Model.Input([16, 16, 3]);
var x = new Conv2D(64, 3, padding: Padding.Same, activation: Activation.Relu).Call(photo);
var y = x.Apply(new Conv2D(64, 3, padding: Padding.Same), new BatchNormalization(), new Relu(), new Conv2D(64, 3, padding: Padding.Same)) + x;
var residual = new Model(photo, y.Apply(new GlobalAveragePooling2D(), new Dense(10)));
Console.WriteLine(residual.ExportOnnx("residual.onnx"));
