#:project ../../src/Export/OnnxFunctional.Export.csproj
#:package Microsoft.ML.OnnxRuntime
using OnnxFunctional;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

// Generated data: a picture of a product and six numbers about it. The picture shows its kind; its price depends on both.
const int Samples = 2000, Side = 12;
var random = new Random(1);
var pictures = new float[Samples, Side, Side, 1];
var facts = new float[Samples, 6];
var kinds = new int[Samples];
var prices = new float[Samples, 1];
for (var i = 0; i < Samples; i++)
{
    var (kind, size) = (random.Next(4), random.Next(3, 8));
    var (top, left) = (random.Next(Side - size), random.Next(Side - size));
    for (var row = 0; row < Side; row++)
    {
        for (var column = 0; column < Side; column++)
        {
            var (y, x) = (row - top, column - left);
            var inside = y >= 0 && x >= 0 && y < size && x < size;
            var drawn = kind switch
            {
                0 => true,                                       // a square
                1 => y == 0 || x == 0 || y == size - 1 || x == size - 1,   // its frame
                2 => y == x || y == size - 1 - x,                // a cross
                _ => y % 2 == 0,                                 // stripes
            };
            pictures[i, row, column, 0] = (inside && drawn ? 1 : 0) + (0.2f * random.NextSingle());
        }
    }

    for (var j = 0; j < 6; j++) facts[i, j] = random.NextSingle();
    kinds[i] = kind;
    prices[i, 0] = (0.5f * kind) + (0.2f * size) + facts[i, 0] - (2 * facts[i, 1] * facts[i, 2]);
}

var picture = Model.Input([Side, Side, 1], name: "picture");
var fact = Model.Input([6], name: "facts");
var seen = picture.Apply(
    new Conv2D(16, 3, activation: Activation.Relu),
    new MaxPooling2D(2),
    new Conv2D(32, 3, activation: Activation.Relu),
    new Flatten(),
    new Dense(32, Activation.Relu));
var merged = new Concatenate().Call(seen, new Dense(32, Activation.Relu).Call(fact));
var model = new Model(
    [picture, fact],
    [new Dense(4, Activation.Softmax, name: "kind").Call(seen), merged.Apply(new Dense(32, Activation.Relu), new Dense(1, name: "price"))],
    name: "multimodal",
    seed: 1);

var trainer = model.Compile(
    new Adam(2e-3),
    loss: new() { ["kind"] = Loss.SparseCategoricalCrossentropy, ["price"] = Loss.MeanSquaredError },
    lossWeights: new() { ["price"] = 0.5 },
    metrics: new() { ["kind"] = Metric.Accuracy, ["price"] = Metric.MeanAbsoluteError });
int[] train = [.. Enumerable.Range(0, Samples * 4 / 5)];
int[] test = [.. Enumerable.Range(Samples * 4 / 5, Samples / 5)];
NDArrays inputs = new() { ["picture"] = pictures, ["facts"] = facts }, targets = new() { ["kind"] = kinds, ["price"] = prices };
trainer.Fit(inputs.Take(train), targets.Take(train), epochs: 20, batchSize: 32);
var result = trainer.Evaluate(inputs.Take(test), targets.Take(test));
Console.WriteLine($"held out: accuracy {result["kind_accuracy"]:F4}, mean absolute error of the price {result["price_mean_absolute_error"]:F3}");
Console.WriteLine(model.ExportOnnx("multimodal.onnx"));
