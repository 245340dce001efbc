#:project ../../../src/Export/OnnxFunctional.Export.csproj
#:package Microsoft.ML.OnnxRuntime
using OnnxFunctional;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Metrics;

var imageInput = Model.Input([32, 32, 3], name: "img_input");
var timeseriesInput = Model.Input([null, 10], name: "ts_input");

var x1 = new Conv2D(3, 3).Call(imageInput);
x1 = new GlobalMaxPooling2D().Call(x1);

var x2 = new Conv1D(3, 3).Call(timeseriesInput);
x2 = new GlobalMaxPooling1D().Call(x2);

var x = new Concatenate().Call(x1, x2);

var scoreOutput = new Dense(1, name: "score_output").Call(x);
var classOutput = new Dense(5, name: "class_output").Call(x);

var model = new Model(inputs: [imageInput, timeseriesInput], outputs: [scoreOutput, classOutput]);

// Dummy data.
var random = new Random(1);
NDArray Data(params int[] shape) => NDArray.Create([.. Enumerable.Range(0, shape.Aggregate(1, (a, b) => a * b)).Select(_ => random.NextSingle())], [.. shape]);
var (imgData, tsData, scoreTargets, classTargets) = (Data(100, 32, 32, 3), Data(100, 20, 10), Data(100, 1), Data(100, 5));

var trainer = model.Compile(
    optimizer: new RmsProp(1e-3),
    loss: [new MeanSquaredError(), new CategoricalCrossentropy(fromLogits: true)]);
trainer.Fit([imgData, tsData], [scoreTargets, classTargets], batchSize: 32, epochs: 1);

trainer = model.Compile(
    optimizer: new RmsProp(1e-3),
    loss: new() { ["score_output"] = new MeanSquaredError(), ["class_output"] = new CategoricalCrossentropy(fromLogits: true) },
    metrics: new()
    {
        ["score_output"] = [Metric.MeanAbsolutePercentageError, Metric.MeanAbsoluteError],
        ["class_output"] = [new CategoricalAccuracy()],
    },
    lossWeights: new() { ["score_output"] = 2.0, ["class_output"] = 1.0 });
var history = trainer.Fit(
    new() { ["img_input"] = imgData, ["ts_input"] = tsData },
    new() { ["score_output"] = scoreTargets, ["class_output"] = classTargets },
    batchSize: 32,
    epochs: 1);
Console.WriteLine(string.Join(", ", history.Names));

// An output that is predicted but not trained needs no targets.
trainer = model.Compile(optimizer: new RmsProp(1e-3), loss: [null, new CategoricalCrossentropy(fromLogits: true)]);
trainer.Fit([imgData, tsData], classTargets, batchSize: 32, epochs: 1);
