#:project ../src/Export/OnnxFunctional.Export.csproj
#:package Microsoft.ML.OnnxRuntime
using OnnxFunctional;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

// Rows are made while they are used: dotnet run -c Release examples/stream.cs 2000000
var rows = args.Length > 0 ? int.Parse(args[0]) : 20_000;
var inputs = Model.Input([16]);
var model = new Model(inputs, inputs.Apply(new Dense(32, Activation.Relu), new Dense(1, Activation.Sigmoid)));
var trainer = model.Compile(new Adam(), Loss.BinaryCrossentropy, metrics: [Metric.Accuracy]);

// Whether the first half of a row adds up to more than the second.
IEnumerable<Batch> Rows(int size)
{
    var random = new Random(1);
    for (var start = 0; start < rows; start += size)
    {
        var (x, y) = (new float[size, 16], new float[size]);
        for (var i = 0; i < size; i++)
        {
            var sum = 0f;
            for (var j = 0; j < 16; j++) sum += (x[i, j] = random.NextSingle()) * (j < 8 ? 1 : -1);
            y[i] = sum > 0 ? 1 : 0;
        }

        yield return new Batch(x, y);
    }
}

var memory = new LambdaCallback(
    onTrainBatchEnd: (batch, loss) =>
        {
            if (batch % 500 == 0)
            {
                var (live, process) = (GC.GetTotalMemory(forceFullCollection: true) / 1e6, Environment.WorkingSet / 1e6);
                Console.WriteLine($"{batch * 512:N0} rows, loss {loss:F4}, live {live:F1} MB, process {process:F0} MB");
            }
        });
trainer.Fit(Dataset.From(_ => Rows(512)).Prefetch(2), callbacks: [memory], verbose: 2);
Console.WriteLine(model.ExportOnnx("stream.onnx"));
