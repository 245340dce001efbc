using OnnxFunctional.Export.Proto;
using OnnxFunctional.Training;
using static OnnxFunctional.Tests.Export.HandmadeModels;
using DataType = OnnxFunctional.Export.Proto.TensorProto.Types.DataType;

namespace OnnxFunctional.Tests.Export.Importers;

/// <summary>A small file whose channels to remove are known: their filters are small, and nothing reads them.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Nodes">Its nodes, from <c>x</c> to <c>y</c>.</param>
/// <param name="Stored">Its tensors.</param>
/// <param name="Input">The shape of a sample.</param>
/// <param name="Output">The shape of what it gives for one.</param>
/// <param name="Weak">Elements of tensors, by tensor, axis and index there, whose values are small.</param>
/// <param name="Unread">Elements that are zero.</param>
/// <param name="Removed">The channels of each node before and after.</param>
internal sealed record PruningFile(
    string Name,
    NodeProto[] Nodes,
    TensorProto[] Stored,
    int[] Input,
    int[] Output,
    (string Tensor, int Axis, Func<int, bool> Index)[] Weak,
    (string Tensor, int Axis, Func<int, bool> Index)[] Unread,
    (string Node, int Before, int After)[] Removed)
{
    public override string ToString() => Name;

    /// <summary>Half of three channels or more, rounded down, are those of odd index.</summary>
    public static bool IsOdd(int channel) => channel % 2 == 1;

    public static TensorProto Waves(string name, params long[] dims)
    {
        var count = (int)dims.Aggregate(1L, (all, dim) => all * dim);
        var positive = name.StartsWith("var", StringComparison.Ordinal);
        return Floats(name, dims, [.. Enumerable.Range(0, count).Select(i =>
            positive ? 0.5f + (0.01f * i) : 0.2f + MathF.Sin(1 + (i * 1.7f) + name.Sum(letter => letter)))]);
    }

    /// <summary>Writes the file.</summary>
    public string Put(TemporaryFolder folder)
    {
        var graph = new GraphProto
        {
            Input = { Value("x", DataType.Float, ["batch", .. Input]) },
            Output = { Value("y", DataType.Float, ["batch", .. Output]) },
            Node = { Nodes },
            Initializer = { Stored.Select(Changed) },
        };
        return HandmadeModels.Put(folder, Model(graph));
    }

    /// <summary>Samples.</summary>
    public NDArray Data(int count)
    {
        var shape = Shape.Of([count, .. Input]);
        return NDArray.Create([.. Enumerable.Range(0, (int)shape.ElementCount).Select(i => MathF.Sin(1 + (i * 1.3f)))], shape);
    }

    private TensorProto Changed(TensorProto tensor)
    {
        if (tensor.DataType != (int)DataType.Float) return tensor;
        var values = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(tensor.RawData.Span).ToArray();
        foreach (var (entries, factor) in new[] { (Weak, 1e-3f), (Unread, 0f) })
        {
            foreach (var (_, axis, index) in entries.Where(entry => entry.Tensor == tensor.Name))
            {
                var inner = (int)tensor.Dims.Skip(axis + 1).Aggregate(1L, (all, dim) => all * dim);
                for (var i = 0; i < values.Length; i++)
                {
                    if (index(i / inner % (int)tensor.Dims[axis])) values[i] *= factor;
                }
            }
        }

        return Floats(tensor.Name, [.. tensor.Dims], values);
    }

    private static ValueInfoProto Value(string name, DataType type, object[] dims) => HandmadeModels.Value(name, type, dims);
}
