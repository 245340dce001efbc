#:project ../../src/Export/OnnxFunctional.Export.csproj
#:package Microsoft.ML.OnnxRuntime
using OnnxFunctional;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

const int NumTags = 12, NumWords = 10000, NumDepartments = 4;

var titleInput = Model.Input([null], name: "title");        // a variable-length sequence of ints
var bodyInput = Model.Input([null], name: "body");          // a variable-length sequence of ints
var tagsInput = Model.Input([NumTags], name: "tags");       // binary vectors of size NumTags

var titleFeatures = new Embedding(NumWords, 64).Call(titleInput);
var bodyFeatures = new Embedding(NumWords, 64).Call(bodyInput);
titleFeatures = new Lstm(128).Call(titleFeatures);
bodyFeatures = new Lstm(32).Call(bodyFeatures);
var x = new Concatenate().Call(titleFeatures, bodyFeatures, tagsInput);

var priorityPred = new Dense(1, name: "priority").Call(x);
var departmentPred = new Dense(NumDepartments, name: "department").Call(x);
var model = new Model(
    inputs: [titleInput, bodyInput, tagsInput],
    outputs: [priorityPred, departmentPred]);

var trainer = model.Compile(
    optimizer: new RmsProp(1e-3),
    loss: [new BinaryCrossentropy(fromLogits: true), new CategoricalCrossentropy(fromLogits: true)],
    lossWeights: [1.0, 0.2]);

const int Samples = 128;
var titleData = Random(NumWords, 10, seed: 1);
var bodyData = Random(NumWords, 100, seed: 2);
var tagsData = Random(2, NumTags, seed: 3);
var priorityTargets = Random(2, 1, seed: 4);
var deptTargets = Random(2, NumDepartments, seed: 5);

var history = trainer.Fit([titleData, bodyData, tagsData], [priorityTargets, deptTargets], epochs: 2, batchSize: 32);
Console.WriteLine(history);

NDArray Random(int below, int length, int seed)
{
    var random = new Random(seed);
    var numbers = new int[Samples, length];
    for (var i = 0; i < Samples * length; i++) numbers[i / length, i % length] = random.Next(below);
    return numbers;
}
