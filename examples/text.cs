#:project ../src/Export/OnnxFunctional.Export.csproj
#:package Microsoft.ML.OnnxRuntime
using OnnxFunctional;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

string[] good = ["great", "lovely", "fine", "superb"], bad = ["awful", "boring", "poor", "dreadful"];
string[] frames = ["The film was {0}.", "What a {0} film!", "{0}, I thought", "Acting: {0}; music: {0}"];
string[] texts = [.. good.Concat(bad).SelectMany(word => frames.Select(frame => frame.Replace("{0}", word, StringComparison.Ordinal)))];
float[] labels = [.. texts.Select(text => good.Any(text.Contains) ? 1f : 0)];

var vectorize = new TextVectorization(maxTokens: 1000, outputSequenceLength: 8);
vectorize.Adapt(texts);

var text = Model.Input([1], DType.String, "text");
var x = new Embedding(vectorize.VocabularySize, 16).Call(vectorize.Call(text));
x = new GlobalAveragePooling1D().Call(x);
var positive = new Dense(1, Activation.Sigmoid, name: "positive").Call(x);
var model = new Model(text, positive);
model.Summary();

var trainer = model.Compile(new Adam(0.05), Loss.BinaryCrossentropy, metrics: [Metric.Accuracy]);
trainer.Fit(texts, labels, epochs: 20, verbose: 0);
Console.WriteLine($"accuracy {trainer.Evaluate(texts, labels, verbose: 0)["accuracy"]:F3}");

var report = model.ExportOnnx("text.onnx");
using var file = OnnxModel.Load("text.onnx");

// Texts in, answer out: the vocabulary is part of the model and of its ONNX file, so a host passes plain text.
string[] others = ["A SUPERB film, superb!", "Boring and poor..."];
Console.WriteLine($"verified: {report.IsVerified}; in ONNX Runtime: {string.Join(", ", file.Predict(others).ToArray().Select(p => p.ToString("F2")))}");
