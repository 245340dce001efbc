#:project ../../src/Export/OnnxFunctional.Export.csproj
#:package Microsoft.ML.OnnxRuntime
using OnnxFunctional;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

// Births in the US on every day from 2000 to 2014: tomorrow's number from the four weeks before it.
// https://github.com/fivethirtyeight/data/tree/master/births
const int Window = 28, Year = 364, Features = 10;            // 52 weeks back is the same weekday
var folder = args.Length > 0 ? args[0] : "../shared/data";
var table = CsvTable.Read(Path.Combine(folder, "us-births-2000-2014.csv"));
var births = new float[table.Rows];
table.GetFloats("births").FlattenTo(births);
var (years, weekdays) = (Column("year"), Column("day_of_week"));
const float Mean = 11_350, Scale = 2_300;

// A step of the sequence: that day's births, and what is known of the day after it: its weekday, and the births a year and a week before it.
int[] days = [.. Enumerable.Range(Year + Window, births.Length - Year - Window)];
var sequences = new float[days.Length, Window, Features];
var next = new float[days.Length, 1];
for (var i = 0; i < days.Length; i++)
{
    for (var t = 0; t < Window; t++)
    {
        var after = days[i] - Window + t + 1;
        sequences[i, t, 0] = Scaled(births[after - 1]);
        sequences[i, t, 1] = Scaled(births[after - Year]);
        sequences[i, t, 2] = Scaled(births[after - 7]);
        sequences[i, t, 2 + (int)weekdays[after]] = 1;
    }

    next[i, 0] = Scaled(births[days[i]]);
}

NDArray inputs = sequences, targets = next;
int[] train = [.. Enumerable.Range(0, days.Length).Where(i => years[days[i]] < 2014)];
int[] test = [.. Enumerable.Range(0, days.Length).Where(i => years[days[i]] == 2014)];

var input = Model.Input([Window, Features], name: "days");
var model = new Model(input, input.Apply(new Lstm(48), new Dense(32, Activation.Relu), new Dense(1, name: "births")), name: "births", seed: 1);
const int Epochs = 15;
var trainer = model.Compile(new Adam(Schedule.CosineDecay(3e-3, Epochs * ((train.Length + 31) / 32))), Loss.MeanAbsoluteError);
trainer.Fit(inputs.Take(train), targets.Take(train), epochs: Epochs, batchSize: 32);

var error = Scale * trainer.Evaluate(inputs.Take(test), targets.Take(test))["loss"];
var repeated = test.Average(i => Math.Abs(births[days[i]] - births[days[i] - 7]));
Console.WriteLine(
    $"held out: mean absolute error {error:F0} births a day in 2014, {repeated:F0} when repeating last week's value: improvement {1 - (error / repeated):F4}");
Console.WriteLine(model.ExportOnnx("births.onnx"));

static float Scaled(float value) => (value - Mean) / Scale;

float[] Column(string name)
{
    var values = new float[table.Rows];
    table.GetFloats(name).FlattenTo(values);
    return values;
}
