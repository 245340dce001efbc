using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using OnnxFunctional.Benchmarks.Cases;
using OnnxFunctional.Export;
using OnnxFunctional.Export.Emit;
using OnnxFunctional.Export.Runtime;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Engine;

namespace OnnxFunctional.Benchmarks;

/// <summary>Predictions of a case at a batch size: by the engine, by ONNX Runtime from the exported file, or by both in one process.</summary>
internal static class PredictionWork
{
    /// <summary>The engine.</summary>
    public static Action Engine(BenchmarkCase benchmark, int batch, int threads)
    {
        var model = benchmark.Build();
        ModelEngine.Of(model).UseThreads(threads);
        var inputs = FirstRows(benchmark, batch);
        var values = model.Inputs.Select(tensor => tensor.Value).ToArray();
        var map = Specialization.Of(values, [.. model.Outputs.Select(output => output.Value)], training: false);
        var plan = Planner.Plan(
            new PlanRequest(PlanOptions.Of(model, model.Seed), values, [.. model.Outputs.Select(output => map[output.Value])], []),
            [.. inputs.Select(input => new TensorSpec(input.Shape, input.DType))]);
        var pool = ModelEngine.Of(model).Pool;
        return () =>
        {
            for (var i = 0; i < inputs.Length; i++) inputs[i].Bytes.CopyTo(plan.Inputs[i].Bytes);
            plan.Run(pool);
        };
    }

    /// <summary>ONNX Runtime, opened as <see cref="OnnxModel"/> opens it.</summary>
    public static Action OnnxRuntime(BenchmarkCase benchmark, int batch, int threads, bool spins)
    {
        var model = benchmark.Build();
        var bytes = OnnxEmitter.Emit(model, new ExportOptions().ForEmission()).Proto.ToByteArray();
        var options = new OnnxModelOptions { IntraOpThreads = threads, SpinBetweenRuns = spins };
        var session = OrtSetup.Open(bytes, benchmark.Name, ExecutionProvider.Cpu, options);
        OnnxValue[] values = [.. FirstRows(benchmark, batch).Select(ArrayConversion.ToOnnx)];
        OrtValue[] inputs = [.. values.Zip(session.InputNames, OrtConversion.ToOrt)];
        var runOptions = new RunOptions();
        return () => session.Run(runOptions, session.InputNames, inputs, session.OutputNames).Dispose();
    }

    private static NDArray[] FirstRows(BenchmarkCase benchmark, int batch) => [.. benchmark.Inputs(new Random(1)).Select(input => input.Slice(0, batch))];
}
