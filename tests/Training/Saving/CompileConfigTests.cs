using System.Text.Json;
using OnnxFunctional.Layers;
using OnnxFunctional.Serialization;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Losses;
using OnnxFunctional.Training.Metrics;
using OnnxFunctional.Training.Optimizers;

namespace OnnxFunctional.Tests.Training.Saving;

[TestClass]
public sealed class CompileConfigTests
{
    private const string Rest = """ "loss_weights":{},"metrics":[],"weighted_metrics":[]""";

    private static readonly KerasType[] s_all =
    [
        .. CompileTypes.Optimizers.Values,
        .. CompileTypes.Schedules.Values,
        .. CompileTypes.Losses.Values,
        .. CompileTypes.Metrics.Values,
    ];

    [TestMethod]
    public void Every_class_shows_all_its_parameters()
    {
        foreach (var type in s_all) Assert.IsEmpty(type.HiddenParameters(), type.Name);
    }

    [TestMethod]
    public void Every_built_in_class_has_a_row()
    {
        var kinds = new[] { typeof(Optimizer), typeof(Schedule), typeof(Loss), typeof(Metric) };
        var rows = s_all.Select(type => type.Type).ToHashSet();
        var classes = typeof(Trainer).Assembly.GetTypes()
            .Where(type => !type.IsAbstract && type.IsPublic && kinds.Any(kind => kind.IsAssignableFrom(type)));
        foreach (var type in classes)
            Assert.Contains(type, rows, type.Name);
    }

    [TestMethod]
    public void Optimizers_come_back_as_they_were()
    {
        Optimizer[] optimizers =
        [
            new Adam(
                Schedule.WarmUp(Schedule.CosineDecay(1e-3, decaySteps: 100, alpha: 0.1), warmupSteps: 7),
                beta1: 0.8,
                amsgrad: true,
                clipnorm: 1,
                useEma: true,
                emaMomentum: 0.5,
                emaOverwriteFrequency: 3),
            new AdamW(2e-4, weightDecay: 0.1, excludeFromWeightDecay: ["bias", "gamma"]),
            new Sgd(Schedule.PiecewiseConstantDecay([3, 5], [0.1, 0.2, 0.3]), 0.9, true, globalClipnorm: 2.5, gradientAccumulationSteps: 4),
            new Adadelta(), new Adafactor(), new Adagrad(), new Adamax(), new Ftrl(), new Lamb(), new LazyAdam(), new Lion(),
            new Muon(), new Nadam(), new RmsProp(Schedule.ExponentialDecay(0.1, 5, 0.9, true), centered: true),
        ];
        foreach (var optimizer in optimizers)
        {
            var x = Model.Input([3]);
            var trainer = new Model(x, x.Apply(new Dense(2, name: "out"))).Compile(
                optimizer, new Dictionary<string, Loss> { ["out"] = new Huber(0.7, reduction: LossReduction.Sum) }, new() { ["out"] = 0.3f },
                metrics: [Metric.MeanAbsoluteError, new Auc(numThresholds: 50, name: "area"), new TopKCategoricalAccuracy(2), Metric.CosineSimilarity],
                weightedMetrics: new Dictionary<string, Metric[]> { ["out"] = [Metric.RootMeanSquaredError] }, precision: MixedPrecision.BFloat16);
            var written = CompileConfig.Write(trainer.Compiled).ToJsonString();
            using var document = JsonDocument.Parse(written);
            var read = CompileConfig.Compile(document.RootElement, trainer.Model, 5, null);
            Assert.AreEqual(5ul, read.Seed);
            Assert.AreEqual(optimizer.GetType(), read.Optimizer.GetType());
            Assert.AreEqual(MixedPrecision.BFloat16, read.Compiled.Precision);
            Assert.AreEqual(written, CompileConfig.Write(read.Compiled).ToJsonString());
        }
    }

    [TestMethod]
    public void Custom_functions_are_refused_with_their_place()
    {
        var x = Model.Input([3]);
        var trainer = new Model(x, x.Apply(new Dense(2))).Compile(new Adam(Schedule.From(step => 1 / (step + 1))), Loss.MeanSquaredError);
        Assert.Contains("learning_rate of the optimizer", Assert.Throws<ModelException>(() => CompileConfig.Write(trainer.Compiled)).Message);
    }

    [TestMethod]
    [DataRow("{}")]
    [DataRow("[]")]
    [DataRow("""{"optimizer":{"class_name":"Adem","config":{}},"loss":{},""" + Rest + "}")]
    [DataRow("""{"optimizer":{"class_name":"Adam","config":{"speed":1}},"loss":{},""" + Rest + "}")]
    [DataRow("""{"optimizer":{"class_name":"Adam","config":{"epsilon":"x"}},"loss":{},""" + Rest + "}")]
    [DataRow("""{"optimizer":{"class_name":"Adam","config":{}},"loss":{"nowhere":{"class_name":"Huber","config":{}}},""" + Rest + "}")]
    [DataRow("""{"optimizer":{"class_name":"Adam","config":{"learning_rate":{"class_name":"WarmUp","config":{}}}},"loss":{},""" + Rest + "}")]
    [DataRow("""{"optimizer":{"class_name":"Adam","config":{}},"loss":{},""" + Rest + ""","dtype_policy":"mixed_float17"}""")]
    public void Wrong_JSON_gives_a_sentence(string json)
    {
        var x = Model.Input([3]);
        var model = new Model(x, x.Apply(new Dense(2)));
        using var document = JsonDocument.Parse(json);
        Assert.Throws<ModelException>(() => CompileConfig.Compile(document.RootElement, model, 0, null));
    }
}
