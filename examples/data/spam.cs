#:project ../../src/Export/OnnxFunctional.Export.csproj
#:package Microsoft.ML.OnnxRuntime
using System.Text.RegularExpressions;
using OnnxFunctional;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

// 6,000 messages of SpamAssassin's public corpus, the first words of each: https://spamassassin.apache.org/old/publiccorpus/
const int Vocabulary = 5000, Length = 64;
var folder = args.Length > 0 ? args[0] : "../shared/data";
var table = CsvTable.Read(Path.Combine(folder, "spamassassin.tsv.gz"), hasHeader: false, separator: '\t', quote: null);
NDArray spam = table.GetClasses("0", out _);                    // ham is 0, spam 1
string[][] messages = [.. table.GetTexts("1").Select(Words)];
int[] train = [.. Enumerable.Range(0, table.Rows).Where(row => row % 5 != 4)];
int[] test = [.. Enumerable.Range(0, table.Rows).Where(row => row % 5 == 4)];

// The most frequent words have indices; 0 is padding, 1 any other word.
var numbers = train.SelectMany(row => messages[row]).GroupBy(word => word, StringComparer.Ordinal)
    .OrderByDescending(group => group.Count()).ThenBy(group => group.Key, StringComparer.Ordinal).Take(Vocabulary - 2)
    .Select((group, i) => (group.Key, Number: i + 2)).ToDictionary(entry => entry.Key, entry => entry.Number, StringComparer.Ordinal);
var padded = new int[messages.Length, Length];
for (var row = 0; row < messages.Length; row++)
{
    for (var i = 0; i < Math.Min(Length, messages[row].Length); i++) padded[row, i] = numbers.GetValueOrDefault(messages[row][i], 1);
}

NDArray words = padded;
var input = Model.Input([Length], DType.Int32, name: "words");
var output = input.Apply(
    new Embedding(Vocabulary, 32, maskZero: true), new Dropout(0.3), new Bidirectional(new Gru(32)), new Dropout(0.3),
    new Dense(1, Activation.Sigmoid, name: "spam"));
var model = new Model(input, output, name: "spam", seed: 1);

const int Epochs = 4;
var trainer = model.Compile(
    new Adam(Schedule.CosineDecay(3e-3, Epochs * ((train.Length + 31) / 32))),
    Loss.BinaryCrossentropy,
    metrics: [Metric.BinaryAccuracy]);
trainer.Fit(words.Take(train), spam.Take(train), epochs: Epochs, batchSize: 32);
Console.WriteLine($"held out: accuracy {trainer.Evaluate(words.Take(test), spam.Take(test))["binary_accuracy"]:F4}");
Console.WriteLine(model.ExportOnnx("spam.onnx"));

static string[] Words(string text) => [.. Regex.Matches(text.ToLowerInvariant(), "[a-z]+|[0-9]+|[!$?%]").Select(match => match.Value)];
