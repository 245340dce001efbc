using System.Numerics.Tensors;
using Google.Protobuf;
using OnnxFunctional.Export;
using OnnxFunctional.Export.Emit;
using OnnxFunctional.Export.Runtime;

namespace OnnxFunctional.Tests.Export.Emit;

/// <summary>Writes models as ONNX and runs them in ONNX Runtime.</summary>
internal static class EmittedRun
{
    public static EmittedModel Emit(this Model model, ExportOptions? options = null) => OnnxEmitter.Emit(model, (options ?? new()).ForEmission());

    public static string[] Operators(this EmittedModel emitted) => [.. emitted.Proto.Graph.Node.Select(node => node.OpType)];

    public static int Count(this EmittedModel emitted, string op) => emitted.Operators().Count(name => name == op);

    public static float[][] Run(this EmittedModel emitted, params OnnxValue[] inputs)
    {
        var plain = Run(emitted, GraphOptimization.None, inputs);
        var optimized = Run(emitted, GraphOptimization.All, inputs);
        for (var i = 0; i < plain.Length; i++) Near.Equal(plain[i], optimized[i], 1e-4f, $"output {i}, optimized");
        return plain;
    }

    public static Tensor<float> Random(params int[] shape)
    {
        var numbers = new RandomNumbers(7, string.Join('x', shape));
        var data = new float[shape.Aggregate(1, (product, dim) => product * dim)];
        for (var i = 0; i < data.Length; i++) data[i] = (numbers.Uniform() * 2) - 1;
        return Tensor.Create(data, [.. shape.Select(dim => (nint)dim)]);
    }

    public static float[] Data(Tensor<float> tensor)
    {
        var data = new float[tensor.FlattenedLength];
        tensor.FlattenTo(data);
        return data;
    }

    private static float[][] Run(EmittedModel emitted, GraphOptimization optimization, OnnxValue[] inputs)
    {
        using var session = OnnxSession.Open(
            emitted.Proto.ToByteArray(), "the model", ExecutionProvider.Cpu, new OnnxModelOptions { Optimization = optimization, IntraOpThreads = 1 });
        var outputs = session.Run([.. emitted.Inputs.Select(input => input.Name)], inputs, null, CancellationToken.None);
        return [.. outputs.Select(Floats)];
    }

    public static float[] Floats(OnnxValue value)
    {
        if (value.ElementType == typeof(float)) return Data(value.As<float>());
        if (value.ElementType == typeof(bool)) return [.. All(value.As<bool>()).Select(truth => truth ? 1f : 0)];
        if (value.ElementType == typeof(int)) return [.. All(value.As<int>()).Select(number => (float)number)];
        if (value.ElementType == typeof(sbyte)) return [.. All(value.As<sbyte>()).Select(number => (float)number)];
        if (value.ElementType == typeof(byte)) return [.. All(value.As<byte>()).Select(number => (float)number)];
        return [.. All(value.As<long>()).Select(number => (float)number)];

        static T[] All<T>(Tensor<T> tensor)
        {
            var data = new T[tensor.FlattenedLength];
            tensor.FlattenTo(data);
            return data;
        }
    }
}

/// <summary>Compares arrays.</summary>
internal static class Near
{
    public static void Equal(float[] expected, float[] actual, float tolerance, string what)
    {
        Assert.HasCount(expected.Length, actual, what);
        for (var i = 0; i < expected.Length; i++)
        {
            if (expected[i].Equals(actual[i])) continue;
            if (!(MathF.Abs(expected[i] - actual[i]) <= tolerance * (1 + MathF.Abs(expected[i]))))
                Assert.Fail($"{what}: element {i} is {actual[i]}, expected {expected[i]}.");
        }
    }
}
