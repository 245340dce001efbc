#:project ../../src/Export/OnnxFunctional.Export.csproj
#:package Microsoft.ML.OnnxRuntime
#:package Microsoft.ML.Tokenizers
using System.Diagnostics;
using System.Numerics.Tensors;
using Microsoft.ML.Tokenizers;
using OnnxFunctional;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

// all-MiniLM-L6-v2, which has learned from a billion pairs of sentences, tells spam: the messages and the held-out rows of examples/data/spam.cs.
const int Length = 64, Epochs = 3, BatchSize = 32;
var models = args.Length > 0 ? args[0] : "models";
var data = args.Length > 1 ? args[1] : "../shared/data";
var rank = args.Length > 2 ? int.Parse(args[2]) : 0;             // above 0: adapters of that rank instead of the layer's own weights
var clock = Stopwatch.StartNew();
string Time() => $"{clock.Elapsed.TotalSeconds:F0} s";

// Messages as tokens: the first of each, the last of them ends the message; 0 is padding.
var table = CsvTable.Read(Path.Combine(data, "spamassassin.tsv.gz"), hasHeader: false, separator: '\t', quote: null);
NDArray spam = table.GetClasses("0", out _);                    // ham is 0, spam 1
var tokenizer = BertTokenizer.Create(Path.Combine(models, "MiniLM.vocab.txt"));
var tokens = new long[table.Rows, Length];
foreach (var (row, text) in table.GetTexts("1").Index())
{
    var found = tokenizer.EncodeToIds(text);
    for (var i = 0; i < Math.Min(found.Count, Length); i++) tokens[row, i] = i == Length - 1 ? found[^1] : found[i];
}

int[] train = [.. Enumerable.Range(0, table.Rows).Where(row => row % 5 != 4)];
int[] test = [.. Enumerable.Range(0, table.Rows).Where(row => row % 5 == 4)];

var bert = OnnxFile.LoadModel(Path.Combine(models, "MiniLM.onnx"));
Console.WriteLine($"opened and compared with ONNX Runtime at every node: {bert.CountParams():N0} weights, {Time()}");

// The network in two: what stays as it is, and the last layer, whose output is averaged over the words of a message.
var hidden = bert.GetLayer("Add_543").Output;
var isWord = Ops.ExpandDims(Ops.Cast(bert.Inputs[1], DType.Float32), -1);
var encoder = new Model(bert.Inputs, hidden, name: "encoder");
var last = new Model([hidden, bert.Inputs[1]], Ops.Sum(bert.Outputs[0] * isWord, axis: 1) / Ops.Sum(isWord, axis: 1), name: "last");

// The file's three inputs follow from the tokens. What all but the last layer compute is computed once.
var ids = Model.Input([Length], DType.Int64, name: "tokens");
var mask = Ops.Cast(Ops.NotEqual(ids, 0), DType.Int64);
var encoded = encoder.Call([ids, mask, Ops.Cast(Ops.ZerosLike(ids), DType.Int64)])[0];
var computed = new Model(ids, [encoded, mask]).PredictAll(tokens);
var (words, masks) = (computed[0], computed[1]);
NDArray sentences = last.Predict([words, masks]);
Console.WriteLine($"embeddings of {table.Rows:N0} messages after {Time()}");

Trainer Compile(Model model, double rate, int epochs)
{
    var steps = epochs * ((train.Length + BatchSize - 1) / BatchSize);
    var schedule = Schedule.CosineDecay(0, steps - (steps / 10), warmupTarget: rate, warmupSteps: steps / 10);
    return model.Compile(new AdamW(schedule, weightDecay: 0.01), Loss.BinaryCrossentropy, metrics: [Metric.BinaryAccuracy]);
}

var sentence = Model.Input([384]);
var head = new Model(sentence, new Dense(1, Activation.Sigmoid, name: "probability").Call(sentence), name: "head", seed: 1);
var trainer = Compile(head, 1e-2, epochs: 20);
trainer.Fit(sentences.Take(train), spam.Take(train), BatchSize, epochs: 20, verbose: Verbosity.Silent);
var before = trainer.Evaluate(sentences.Take(test), spam.Take(test), verbose: Verbosity.Silent)["binary_accuracy"];
Console.WriteLine($"head trained: accuracy {before:F4} after {Time()}");

// The last layer learns too, with the head.
if (rank > 0) last.EnableLora(rank);
var tail = new Model(last.Inputs, head.Call(last.Output), name: "tail");
Console.WriteLine($"{tail.TrainableWeights.Sum(weight => weight.Value.FlattenedLength):N0} numbers to train");
trainer = Compile(tail, rank > 0 ? 1e-3 : 2e-4, Epochs);
trainer.Fit([words.Take(train), masks.Take(train)], spam.Take(train), BatchSize, Epochs, verbose: Verbosity.Silent);
var after = trainer.Evaluate([words.Take(test), masks.Take(test)], spam.Take(test), verbose: Verbosity.Silent)["binary_accuracy"];
Console.WriteLine($"held out: frozen {before:F4}, last layer trained accuracy {after:F4} after {Time()}");

// The messages as arrays, for onnxf quantize and onnxf evaluate.
Tensor<long> Rows(int[] rows) => Tensor.Create([.. rows.SelectMany(row => Enumerable.Range(0, Length).Select(i => tokens[row, i]))], [rows.Length, Length]);
Tensor<long> Labels(int[] rows) => Tensor.Create([.. spam.Take(rows).ToArray().Select(label => (long)label)], [rows.Length, 1]);
Npz.Write<long>("spam.npz", new Dictionary<string, Tensor<long>>
{
    ["x_train"] = Rows(train), ["y_train"] = Labels(train), ["x_test"] = Rows(test), ["y_test"] = Labels(test),
});

var model = new Model(ids, tail.Call([encoded, mask]), name: "spam");
Console.WriteLine(model.ExportOnnx("minilm_spam.onnx"));
Console.WriteLine($"written and compared after {Time()}");
