using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Metrics;
using OnnxFunctional.Training.Optimizers;

namespace OnnxFunctional.Tests.Training.Steps;

/// <summary>A warm step allocates no managed memory, whatever its optimizer, loss and metrics.</summary>
[TestClass]
public sealed class AllocationTests
{
    public static IEnumerable<object[]> Optimizers =>
    [
        [new Adam(globalClipnorm: 1, useEma: true, emaOverwriteFrequency: 3)],
        [new AdamW(Schedule.CosineDecay(1e-3, decaySteps: 100), amsgrad: true, gradientAccumulationSteps: 2)],
        [new Adafactor()],
        [new Lamb(clipnorm: 1)],
        [new Muon()],
        [new Nadam(weightDecay: 0.01, excludeFromWeightDecay: ["bias"])],
    ];

    [TestMethod]
    [DoNotParallelize]
    [DynamicData(nameof(Optimizers))]
    public void A_warm_step_allocates_nothing(Optimizer optimizer)
    {
        var input = Model.Input([6]);
        var model = new Model(input, input.Apply(new Dense(8, Activation.Relu), new BatchNormalization(), new Dropout(0.2), new Dense(3, Activation.Softmax)));
        var trainer = model.Compile(
            optimizer,
            new SparseCategoricalCrossentropy(ignoreClass: 2),
            metrics: [Metric.Accuracy, new MeanIoU(3, sparseYPred: false)],
            threads: 1);
        var random = new Random(1);
        var x = new float[64, 6];
        foreach (ref var value in System.Runtime.InteropServices.MemoryMarshal.CreateSpan(ref x[0, 0], x.Length)) value = random.NextSingle();
        var most = 0L;
        var before = 0L;
        var steps = 0;
        var labels = Enumerable.Range(0, 64).Select(i => i % 3).ToArray();
        var weights = Enumerable.Repeat(1f, 64).ToArray();
        var watch = new LambdaCallback(
            onTrainBatchBegin: _ => before = GC.GetAllocatedBytesForCurrentThread(),
            onTrainBatchEnd: (_, _) =>
                {
                    var taken = GC.GetAllocatedBytesForCurrentThread() - before;
                    if (steps++ > 8) most = Math.Max(most, taken);
                });
        trainer.Fit(x, labels, batchSize: 8, epochs: 3, verbose: Verbosity.Silent, sampleWeight: weights, callbacks: [watch]);

        // Run once more one by one, so that a failure names the kernel.
        var plan = trainer.TrainingSteps.Plan;
        using var pool = new WorkerPool(1);
        var context = new RunContext(pool, 1);
        var guilty = new List<string>();
        foreach (var buffer in plan.Inputs) buffer.Bytes.Clear();
        for (var i = 0; i < plan.Kernels.Count; i++)
        {
            var start = GC.GetAllocatedBytesForCurrentThread();
            plan.Kernels[i].Run(context);
            var taken = GC.GetAllocatedBytesForCurrentThread() - start;
            if (taken != 0) guilty.Add($"{plan.Names[i]} {plan.Kernels[i].GetType().Name}: {taken}");
        }

        Assert.AreEqual(0, most, "kernels: " + string.Join("; ", guilty));
    }
}
