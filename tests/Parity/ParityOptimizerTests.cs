using OnnxFunctional.Training;
using OnnxFunctional.Training.Engine;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Tests.Parity;

/// <summary>Optimizers and schedules against Keras: the same gradients give the same weights after every step.</summary>
[TestClass]
[TestCategory("KerasParity")]
public sealed class ParityOptimizerTests
{
    public static IEnumerable<object[]> Optimizers => ParityFolder.Cases("optimizers.json");

    public static IEnumerable<object[]> Schedules => ParityFolder.Cases("schedules.json");

    [TestMethod]
    [DynamicData(nameof(Optimizers))]
    public void Weights_after_every_step_are_those_of_Keras(string file, int number, string _)
    {
        var item = ParityFolder.Case(file, number);
        var optimizer = KerasObjects.Make<Optimizer>((string)item["optimizer"]!, item["config"]!.AsObject());
        var initial = ParityArray.Read(item["initial"]!);
        var weight = new Weight("kernel", initial.Shape, Initializer.Zeros, trainable: true, null) { Value = initial.ToTensor() };
        var gradient = new InputLayer(initial.Shape, DType.Float32, "gradient").Tensor;
        var state = new OptimizerState();
        state.LearningRate.Storage[0] = (float)optimizer.LearningRate.InitialLearningRate;
        var updates = new List<(Weight Weight, Value Value)>();
        optimizer.Build([("dense/kernel", weight, gradient)], state, updates);
        var plan = Planner.Plan(new PlanRequest(PlanOptions.WithoutModel(), [gradient.Value], [], updates), [gradient.Value.Spec]);
        using var pool = new WorkerPool(1);
        foreach (var (given, after) in item["grads"]!.AsArray().Zip(item["after_each_step"]!.AsArray()))
        {
            ParityArray.Floats(given!).CopyTo(plan.Inputs[0].Floats);
            plan.Run(pool);
            ParityArray.AreClose(ParityArray.Floats(after!), weight.Storage, 1e-5, $"after step {state.Iterations.Storage[0]}");
        }
    }

    [TestMethod]
    [DynamicData(nameof(Schedules))]
    public void Rates_are_those_of_Keras(string file, int number, string _)
    {
        var item = ParityFolder.Case(file, number);
        var schedule = KerasObjects.Make<Schedule>((string)item["schedule"]!, item["config"]!.AsObject());
        var step = new InputLayer(Shape.Of(), DType.Float32, "step").Tensor;
        var plan = Planner.Plan(new PlanRequest(PlanOptions.WithoutModel(), [step.Value], [schedule.At(step).Value], []), [step.Value.Spec]);
        using var pool = new WorkerPool(1);
        foreach (var (at, rate) in item["steps"]!.AsArray().Zip(item["values"]!.AsArray()))
        {
            plan.Inputs[0].Floats[0] = (float)(int)at!;
            plan.Run(pool);
            Assert.AreEqual((float)rate!, plan.Outputs[0].Floats[0], 1e-6f, $"at step {at}");
        }
    }
}
