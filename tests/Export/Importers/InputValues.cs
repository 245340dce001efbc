using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Export.Importers;

/// <summary>Random values for the inputs of opened files, whose element types and sizes are the file's.</summary>
internal static class InputValues
{
    private const int Samples = 2;
    private const int OpenSize = 64;

    /// <summary>Two samples: integers are 0 or 1, which are tokens and masks of any vocabulary; open sizes are 64.</summary>
    public static NDArray Draw(SymbolicTensor input, Random random)
    {
        var shape = Shape.Of([.. input.Shape.Symbols.ToArray().Select(dim => dim >= 0 ? dim : dim == Shape.Batch ? Samples : OpenSize)]);
        if (input.DType == DType.Int64) return NDArray.Create([.. Enumerable.Range(0, (int)shape.ElementCount).Select(_ => random.NextInt64(2))], shape);
        var values = new float[shape.ElementCount];
        for (var i = 0; i < values.Length; i++) values[i] = (float)(random.NextDouble() - 0.5);
        return NDArray.Create(values, shape);
    }
}
