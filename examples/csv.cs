#:project ../src/Export/OnnxFunctional.Export.csproj
#:package Microsoft.ML.OnnxRuntime
using System.Diagnostics;
using System.Globalization;
using OnnxFunctional;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

// A table larger than memory, of as many megabytes as the argument says: dotnet run -c Release examples/csv.cs -- 3000
var megabytes = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 2;
string[] files = ["first.csv", "second.csv"];
foreach (var (i, file) in files.Index()) Write(file, megabytes * 500_000L, seed: i);

// A first pass over the files finds the towns and the mean size.
var rows = CsvRows.Open(files, new CsvOptions
{
    Targets = ["price"],
    Columns =
    {
        ["size"] = TableColumn.Number with { Missing = MissingValues.Mean },
        ["town"] = TableColumn.OneHot(),
        ["sold"] = TableColumn.Date(DateParts.Month | DateParts.DayOfWeek),
    },
    BatchSize = 512,
});
Console.WriteLine(string.Join(", ", rows.FeatureNames));

var features = Model.Input([rows.FeatureNames.Count], name: "features");
var scaled = features.Apply(new BatchNormalization(), new Dense(128, Activation.Relu), new Dense(128, Activation.Relu), new Dense(1, name: "price"));
var model = new Model(features, scaled, name: "prices", seed: 1);
var trainer = model.Compile(new Adam(1e-3f), Loss.MeanSquaredError);

// Another thread reads in advance, and draws each row from 10,000.
var data = rows.Samples.Shuffle(10_000).Batch(512);
var start = Stopwatch.GetTimestamp();
trainer.Fit(data, verbose: 2);
var trained = Stopwatch.GetElapsedTime(start);
Console.WriteLine($"{trained.TotalSeconds:F1} s, {data.Profile.Waited / trained:P1} of it waiting for rows; {Peak()} MB at most");
Console.WriteLine(model.ExportOnnx("prices.onnx"));

static long Peak()
{
    using var process = Process.GetCurrentProcess();
    return process.PeakWorkingSet64 / 1_000_000;
}

// Homes: eight measures, a town, a day, and a price that follows from them; a size is missing now and then.
static void Write(string path, long bytes, int seed)
{
    var random = new Random(seed);
    string[] towns = ["Bern", "Oslo", "Rome", "Lyon"];
    using var file = new StreamWriter(path) { NewLine = "\n" };
    file.WriteLine("size,town,sold,m1,m2,m3,m4,m5,m6,m7,m8,price");
    for (var day = 0; file.BaseStream.Length < bytes; day++)
    {
        var (size, town) = (random.NextDouble() * 200, random.Next(towns.Length));
        var measures = string.Join(',', Enumerable.Range(0, 8).Select(_ => random.NextDouble().ToString("F6", CultureInfo.InvariantCulture)));
        var sold = new DateTime(2020, 1, 1).AddDays(day % 2000);
        var price = (size / 100) + town + (sold.Month / 12.0);
        var shown = random.Next(50) == 0 ? "" : size.ToString("F2", CultureInfo.InvariantCulture);
        file.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{shown},{towns[town]},{sold:yyyy-MM-dd},{measures},{price:F4}"));
    }
}
