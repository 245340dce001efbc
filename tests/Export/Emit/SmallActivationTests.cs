using Google.Protobuf;
using OnnxFunctional.Export;
using OnnxFunctional.Export.Runtime;
using OnnxFunctional.Tests.Cases;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Tests.Export.Emit;

/// <summary>Elu, Selu and Celu near 0 against float64: relative accuracy in the engine, absolute accuracy in ONNX Runtime.</summary>
[TestClass]
public sealed class SmallActivationTests
{
    private const double MostUlps = 4;

    [TestMethod]
    [DataRow("Elu")]
    [DataRow("Selu")]
    [DataRow("Celu")]
    public void Exponentials_keep_all_digits_near_zero_in_the_engine(string name)
    {
        var (op, of) = Function(name);
        var x = OpRun.Input([4000], name: "x");
        var y = Ops.Make(op, x);
        double[] values = [.. Enumerable.Range(0, 4000).Select(i => (double)(float)-Math.Pow(10, -i / 100.0))];
        var engine = OpRun.Of([x], [y]).Run(new WorkerPool(1), [values])[0];
        var worst = 0.0;
        for (var i = 0; i < values.Length; i++)
        {
            // Denormals have fewer digits.
            if (values[i] < -2e-38)
                worst = Math.Max(worst, Math.Abs(engine[i] - of(values[i])) / Ulp(of(values[i])));
        }

        Assert.IsLessThanOrEqualTo(MostUlps, worst, "units in the last place");

        // docs/numbers.md says so; remove it there when ONNX Runtime does better.
        var emitted = new Model(x, y).Emit();
        using var session = OnnxSession.Open(emitted.Proto.ToByteArray(), "the model", ExecutionProvider.Cpu, new OnnxModelOptions { IntraOpThreads = 1 });
        var runtime = EmittedRun.Floats(session.Run(["x"], [OnnxValue.Of([.. values.Select(value => (float)value)], [4000])], null, default)[0]);
        for (var i = 0; i < values.Length; i++) Assert.AreEqual(of(values[i]), runtime[i], 2e-7, $"{name}({values[i]})");
        var small = Array.FindIndex(values, value => value > -1e-8);
        Assert.AreEqual(0f, runtime[small]);
    }

    private static (OnnxFunctional.Op Op, Func<double, double> Of) Function(string name) => name switch
    {
        "Elu" => (new Operators.Elu(1), Expm1),
        "Celu" => (new Operators.Celu(0.5f), x => 0.5 * Expm1(x / 0.5)),
        _ => (new Operators.Selu(), x => 1.0507009873554805 * 1.6732632423543772 * Expm1(x)),
    };

    // exp(x) - 1 = 2 tanh(x/2) / (1 - tanh(x/2)), which float64 computes without losing digits.
    private static double Expm1(double x) => 2 * Math.Tanh(x / 2) / (1 - Math.Tanh(x / 2));

    private static double Ulp(double value) => Math.Max(MathF.BitIncrement((float)Math.Abs(value)) - (float)Math.Abs(value), float.Epsilon);
}
