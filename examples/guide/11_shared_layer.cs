#:project ../../src/Export/OnnxFunctional.Export.csproj
#:package Microsoft.ML.OnnxRuntime
using OnnxFunctional;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

// An embedding of 1,000 words in vectors of 128, shared by two texts.
var sharedEmbedding = new Embedding(1000, 128);
var textInputA = Model.Input([null], dtype: DType.Int32);
var textInputB = Model.Input([null], dtype: DType.Int32);
var encodedInputA = sharedEmbedding.Call(textInputA);
var encodedInputB = sharedEmbedding.Call(textInputB);

var model = new Model([textInputA, textInputB], [encodedInputA, encodedInputB]);
var encoded = model.PredictAll([new int[,] { { 1, 2, 3 } }, new int[,] { { 3, 2 } }]);
Console.WriteLine($"{model.CountParams()} weights, {encoded[0].Shape} and {encoded[1].Shape}");
Console.WriteLine($"word 3 is the same in both: {encoded[0][0, 2, 0] == encoded[1][0, 0, 0]}");
